"""What becomes of alerts at real Alertmanagers of both generations, by configs as people have them."""

from __future__ import annotations

import json

import pytest
from support.page_records import make_alert
from support.receiver_sections import OLDEST, SECTIONS
from support.rehearsed import rehearse, rehearse_all

from alertdrill.runtime.binaries import Engines

QUICK = "group_wait: 1s, group_interval: 10s"


def test_a_receivers_name_may_have_any_character(each_engines: Engines) -> None:
    """A webhook's payload has it quoted as in a regular expression, whatever that would quote."""
    names = ["web.hook", r"a+b*c?(d)|[e]{2}^$\f", "plain-name_/ é"]
    routes = [f"{{matchers: [n=\"{number}\"], receiver: '{name}'}}" for number, name in enumerate(names)]
    receivers = [f"{{name: '{name}', webhook_configs: [{{url: 'http://a.example/'}}]}}" for name in names]
    config = f"""
route: {{receiver: 'web.hook', group_by: [n], {QUICK}, routes: [{", ".join(routes)}]}}
receivers: [{", ".join(receivers)}]
"""
    alerts = [make_alert(f"A{number}", n=str(number)) for number in range(len(names))]
    rows = rehearse(config, alerts, each_engines)
    assert {row.outcome: row.evidence for row in rows.values()} == {"paged": ""}
    assert [page.receiver for row in rows.values() for page in row.pages] == names


@pytest.mark.parametrize("at_once", [True, False])
def test_alerts_of_one_group_have_pages_of_their_own(each_engines: Engines, *, at_once: bool) -> None:
    """Their receiver is not notified of their end, so that the incident stays open; one is sent twice."""
    config = f"""
route: {{receiver: chat, {QUICK}}}
receivers: [{{name: chat, slack_configs: [{{api_url: "http://a.example/", channel: "#a"}}]}}]
"""
    first, second = make_alert("First"), make_alert("Second")
    said = rehearse_all(config, [first, second, first], each_engines, at_once=at_once)
    assert [(row.outcome, row.evidence) for row in said] == [("paged", "")] * 3
    pages = [page for row in said for page in row.pages]
    assert [page.title.split("(")[1].split()[0] for page in pages] == ["First", "Second", "First"]
    assert all(0 < page.opened_after_s < 60 for page in pages)


def test_what_kube_prometheus_has_is_as_it_should_be(each_engines: Engines) -> None:
    """A watchdog that is repeated without an end, and what inhibits and notifies nobody on purpose."""
    config = """
route:
  receiver: desk
  group_by: [namespace]
  group_wait: 1s
  group_interval: 10s
  routes:
  - {matchers: [alertname = Watchdog], receiver: dead-man, group_wait: 0s, repeat_interval: 5s}
  - {matchers: [alertname = InfoInhibitor], receiver: "null"}
inhibit_rules:
- {source_matchers: [alertname = InfoInhibitor], target_matchers: [severity = info], equal: [namespace]}
receivers:
- {name: desk, webhook_configs: [{url: "http://a.example/"}]}
- {name: dead-man, webhook_configs: [{url: "https://b.example/", send_resolved: false}]}
- {name: "null"}
"""
    alerts = [make_alert("Watchdog", severity="none"), make_alert("InfoInhibitor", severity="none")]
    alerts.append(make_alert("Throttled", severity="info"))
    rows = rehearse(config, alerts, each_engines, nobody=["null"])
    assert {name: row.outcome for name, row in rows.items()} == {
        "Watchdog": "paged",
        "InfoInhibitor": "meant for nobody",
        "Throttled": "paged",
    }
    assert not any(row.is_unmet for row in rows.values())
    assert rows["Watchdog"].pages[0].closed_after_s is None


def test_an_alert_that_is_there_to_inhibit_is_for_nobody_by_itself(each_engines: Engines) -> None:
    """No option says so: an inhibit rule names it, and it has no severity. One that has one goes nowhere."""
    config = f"""
route:
  {{receiver: desk, {QUICK}, routes: [{{matchers: [alertname =~ "Info.+|NodeDown"], receiver: "null"}}]}}
inhibit_rules:
- {{source_matchers: [alertname = InfoInhibitor], target_matchers: [severity = info]}}
- {{source_matchers: [alertname = NodeDown], target_matchers: [severity = info]}}
receivers: [{{name: desk, webhook_configs: [{{url: "http://a.example/"}}]}}, {{name: "null"}}]
"""
    alerts = [make_alert("InfoInhibitor", severity="none"), make_alert("NodeDown", severity="critical")]
    alerts.append(make_alert("Throttled", severity="info"))
    rows = rehearse(config, alerts, each_engines)
    assert {name: row.outcome for name, row in rows.items()} == {
        "InfoInhibitor": "meant for nobody",
        "NodeDown": "nowhere",
        "Throttled": "paged",
    }
    assert rows["InfoInhibitor"].evidence == "it is there to inhibit others, by alertmanager.yml:5"


def test_what_cannot_be_played_is_unobserved_by_name_and_the_rest_is_proved(each_engines: Engines) -> None:
    """Where no alert goes, it is nothing to anybody; beside what is played, that is proved all the same."""
    config = f"""
route:
  {{receiver: desk, group_by: [alertname], {QUICK}, routes: [
    {{matchers: [to="loft"], receiver: loft}}, {{matchers: [to="both"], receiver: both}}]}}
receivers:
- {{name: desk, webhook_configs: [{{url: "http://a.example/"}}]}}
- {{name: loft, pigeon_configs: [{{ring: 5}}]}}
- name: both
  pigeon_configs: [{{ring: 6}}]
  webhook_configs: [{{url: "http://a.example/"}}, {{url: "http://b.example/"}}]
"""
    alerts = [make_alert("Desk"), make_alert("Loft", to="loft"), make_alert("Both", to="both")]
    rows = rehearse(config, alerts, each_engines)
    assert {name: (row.outcome, row.evidence) for name, row in rows.items()} == {
        "Desk": ("paged", ""),
        "Loft": ("unobserved", "pigeon of loft is not played: the pager cannot stand in for pigeon"),
        "Both": ("unobserved", "pigeon of both is not played: the pager cannot stand in for pigeon"),
    }
    assert [page.integration for page in rows["Both"].pages] == ["webhook", "webhook"]


def test_an_issue_without_a_transition_is_not_waited_for(engines: Engines) -> None:
    """Alertmanager leaves it open unless the config says by which transition it is resolved."""
    config = f"""
route: {{receiver: desk, {QUICK}}}
receivers: [{{name: desk, jira_configs: [{{api_url: "http://a.example/", project: OPS, issue_type: Bug}}]}}]
"""
    rows = rehearse(config, [make_alert("A")], engines)
    assert (rows["A"].outcome, rows["A"].pages[0].closed_after_s) == ("paged", None)


def test_what_templates_leave_wrong_is_found(each_engines: Engines) -> None:
    """A gap, a title that is empty, and one that is longer than its service has room for; all were paged."""
    config = f"""
global: {{slack_api_url: "http://a.example/"}}
route:
  {{receiver: good, group_by: [alertname], {QUICK}, routes: [
    {{matchers: [to="gap"], receiver: gap}}, {{matchers: [to="empty"], receiver: empty}},
    {{matchers: [to="long"], receiver: long}}, {{matchers: [to="untitled"], receiver: untitled}}]}}
receivers:
- {{name: good, slack_configs: [{{channel: "#a", title: "{{{{ .CommonLabels.alertname }}}}"}}]}}
- {{name: gap, slack_configs: [{{channel: "#a", pretext: '{{{{ "<no value>" }}}}'}}]}}
- {{name: empty, slack_configs: [{{channel: "#a", title: "{{{{ .CommonLabels.nothing }}}}"}}]}}
- {{name: untitled, slack_configs: [{{channel: "#a", title: "", text: "it is down"}}]}}
- {{name: long, opsgenie_configs: [{{api_key: x, message: "{"x" * 140}"}}]}}
"""
    alerts = [make_alert("Good"), *(make_alert(to, to=to) for to in ("gap", "empty", "long", "untitled"))]
    rows = rehearse(config, alerts, each_engines)
    assert rows["Good"].outcome == rows["untitled"].outcome == "paged"
    assert rows["empty"].pages[0].title == rows["untitled"].pages[0].title == ""
    for name, said in {
        "gap": "slack of gap: the pretext has <no value> in it",
        "empty": "slack of empty: the title is empty",
        "long": "opsgenie of long: the title is longer than the 130 characters",
    }.items():
        assert (rows[name].outcome, rows[name].is_unmet) == ("misworded", True), rows[name]
        assert rows[name].evidence.startswith(said)


def test_what_does_not_fit_the_time_is_unobserved(engines: Engines) -> None:
    """The second alert is the first once more: its group has an interval of ten seconds."""
    config = """
route: {receiver: chat, group_wait: 1s, group_interval: 10m}
receivers: [{name: chat, slack_configs: [{api_url: "http://a.example/", channel: "#a"}]}]
"""
    said: list[str] = []
    rows = rehearse_all(config, [make_alert("First"), make_alert("First")], engines, within_s=9, said=said)
    assert [(row.outcome, row.evidence) for row in rows] == [
        ("paged", ""),
        ("unobserved", "not sent: the time was over"),
    ]
    assert said[0].startswith("about 0:11, because alerts that would meet in a group")
    assert said[1:] == [
        "batch 1 of 2, about 0:11 left: First:1",
        "the time is over after 1 of 2 batches",
    ]


def test_every_kind_of_receiver_pages_with_the_texts_that_it_has_by_default(each_engines: Engines) -> None:
    """Only what its documentation says must be stated is; a title of Alertmanager's own is never empty."""
    is_oldest = each_engines.versions["alertmanager"].startswith("0.25")
    kinds = [kind for kind in SECTIONS if not is_oldest or kind in OLDEST]
    texts = {"title", "text", "message", "summary", "description", "subject", "attachments", "send_resolved"}
    receiver: dict[str, object] = {"name": "all"}
    for kind in kinds:
        stated = json.loads(json.dumps(SECTIONS[kind]).replace('template \\"said\\" .', ".Status"))
        receiver[f"{kind}_configs"] = [{name: value for name, value in stated.items() if name not in texts}]
    route = {"receiver": "all", "group_wait": "1s", "group_interval": "10s"}
    config = json.dumps({"route": route, "receivers": [receiver]})
    (row,) = rehearse(config, [make_alert("Slow")], each_engines).values()
    assert (row.outcome, row.evidence) == ("paged", "")
    assert sorted(page.integration for page in row.pages) == sorted(kinds)
