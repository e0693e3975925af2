"""What Alertmanager records of itself, against what is seen of it from outside: two ways to the same."""

from __future__ import annotations

import time
from dataclasses import replace

from support.notified import make_timeline
from support.page_records import make_alert

from alertdrill.alertmanager.config import parse_config
from alertdrill.alertmanager.recorder import has_recorder
from alertdrill.alertmanager.watching import PathWatch
from alertdrill.core.timeline import PagingPath
from alertdrill.judging.recorded import prefer_recorded
from alertdrill.judging.undelivered import explain_silence
from alertdrill.runner.synthetic.local import LocalPath, open_path
from alertdrill.runtime.binaries import Engines

CONFIG = """
route:
  {receiver: desk, group_by: [alertname], group_wait: 30s, group_interval: 30s, routes: [
    {matchers: [to="loft"], receiver: loft}]}
inhibit_rules: [{source_matchers: [alertname="Down"], target_matchers: [alertname="Slow"]}]
receivers:
- {name: desk, webhook_configs: [{url: "http://a.example/"}]}
- {name: loft, webhook_configs: [{url: "http://a.example/"}]}
"""
ALERTS = [make_alert("Down"), make_alert("Slow"), make_alert("Quiet"), make_alert("Elsewhere", to="loft")]
WITHIN_S = 60.0


def watch(path: LocalPath, *, records: bool) -> PagingPath:
    """Fire all alerts, one of them silenced, and look on until each is dealt with."""
    now_s = time.time()
    silence = {
        "matchers": [{"name": "alertname", "value": "Quiet", "isRegex": False}],
        "startsAt": "2020-01-01T00:00:00Z",
        "endsAt": "2100-01-01T00:00:00Z",
        "createdBy": "test",
        "comment": "quiet",
    }
    path.api.post("/api/v2/silences", silence)
    path.alertmanager.post(*ALERTS, starts_s=now_s, ends_s=now_s + 3600)
    looks = PathWatch(pager=path.pager, alertmanagers={"alertmanager": path.api}, clock=path.clock)
    give_up_at = time.monotonic() + WITHIN_S
    while True:
        looks.look(path.clock.rule_s(time.time()))
        seen = replace(looks.read((), (), ()), recorded=path.read_steps())
        kinds = {step.kind for step in seen.recorded}
        is_told = {"notified", "silenced", "inhibited"} <= kinds or not records
        if is_told and len(seen.notifications) >= 2 and len(seen.suppressed) >= 2:
            return seen
        assert time.monotonic() < give_up_at, seen
        time.sleep(0.05)


def test_what_is_recorded_is_what_is_seen(each_engines: Engines) -> None:
    """Who is suppressed by what, and where each alert is led to; one that cannot record is only watched."""
    records = has_recorder(each_engines.versions["alertmanager"])
    with open_path(parse_config(CONFIG, "a.yml"), engines=each_engines, speed=60.0) as path:
        seen = watch(path, records=records)
    told = prefer_recorded(seen)
    assert bool(seen.recorded) is records
    for one in (seen, told):
        assert {(span.alert, span.why, span.by["alertname"]) for span in one.suppressed} == {
            ("Slow", "inhibited", "Down"),
            ("Quiet", "silenced", "Quiet"),
        }
        assert {(received.alert, received.receivers) for received in one.received} == {
            ("Down", ("desk",)),
            ("Slow", ("desk",)),
            ("Quiet", ("desk",)),
            ("Elsewhere", ("loft",)),
        }
    notified = {(step.alert, step.receiver) for step in seen.recorded if step.kind == "notified"}
    arrived = {(alert.alert, one.receiver) for one in seen.notifications for alert in one.alerts}
    assert notified == (arrived if records else set())
    assert arrived == {("Down", "desk"), ("Elsewhere", "loft")}


def test_the_same_is_said_of_why_a_page_did_not_come(each_engines: Engines) -> None:
    """By what is recorded and by what is seen: the hop at which it stopped, and what stopped it there."""
    records = has_recorder(each_engines.versions["alertmanager"])
    with open_path(parse_config(CONFIG, "a.yml"), engines=each_engines, speed=60.0) as path:
        seen = watch(path, records=records)
    for alert, receiver, said in (
        ("Slow", "desk", "Alertmanager suppressed it: inhibited by alertdrill=drill, alertname=Down"),
        ("Quiet", "desk", "Alertmanager suppressed it: silenced by alertname=Quiet"),
        ("Elsewhere", "desk", "no route of Alertmanager's leads Elsewhere to desk, but to loft"),
    ):
        own = PagingPath(
            received=tuple(one for one in seen.received if one.alert == alert),
            suppressed=tuple(span for span in seen.suppressed if span.alert == alert),
            recorded=tuple(step for step in seen.recorded if step.alert == alert),
        )
        for path_seen in (own, replace(own, recorded=())):
            timeline = replace(make_timeline(()), paging=path_seen)
            assert explain_silence(alert, receiver, timeline).startswith(said)
