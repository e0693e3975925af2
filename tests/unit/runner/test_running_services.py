"""What somebody's own Prometheus says of its rules and scrapes becomes what a run is held with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import Expectation
from alertdrill.core.timeline import Event, Timeline
from alertdrill.errors import BadInput, ComponentFailed
from alertdrill.judging.judge import judge
from alertdrill.project.project import Project, RunningAlertmanager, Scrape, Secret, Service, Target
from alertdrill.rules.files import RuleFile, parse_rules
from alertdrill.runner.running_services import Running, ask_running

EXPR = 'sum by (model) (rate(x_total{status=~"5.."}[2m])) > 0.2'
ALERT = {
    "type": "alerting",
    "name": "Failing",
    "query": EXPR,
    "duration": 90,
    "keepFiringFor": 0,
    "labels": {"severity": "critical"},
    "annotations": {},
}
GROUPS = [
    {
        "name": "g",
        "file": "/etc/rules.yml",
        "interval": 30,
        "rules": [
            {"type": "recording", "name": "x:rate", "query": "rate(x_total[2m])"},
            {"type": "recording", "name": "newer", "query": "a syntax of tomorrow"},
            ALERT,
            {**ALERT, "name": "Watchdog", "query": "vector(1)", "duration": 0},
        ],
    }
]
STATED = f"""\
groups:
- name: own
  rules:
  - {{alert: Failing, expr: '{EXPR}', for: 1m30s, labels: {{severity: critical}}}}
"""


def make_target(url: str, job: str, instance: str) -> dict[str, Any]:
    """Return a target as Prometheus shows it."""
    labels = {"job": job, "instance": instance}
    return {"scrapeUrl": url, "scrapeInterval": "30s", "labels": labels, "health": "up"}


ANSWERS = {
    "/api/v1/rules": {"data": {"groups": GROUPS}},
    "/api/v1/targets": {
        "data": {
            "activeTargets": [
                make_target("http://localhost:4000/metrics/", "llm", "gateway-1"),
                make_target("http://10.0.0.1:9100/metrics", "node", "10.0.0.1:9100"),
            ]
        }
    },
    "/api/v1/status/buildinfo": {"data": {"version": "3.5.0"}},
    "/api/v2/receivers": [{"name": "oncall"}],
    "/api/v2/status": {"versionInfo": {"version": "0.28.1"}},
}


@contextmanager
def serve(answers: dict[str, Any], token: str = "") -> Iterator[str]:
    """Answer as Prometheus and Alertmanager do, to who has the token."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_let_in = not token or self.headers.get("Authorization") == f"Bearer {token}"
            found = answers.get(self.path.partition("?")[0])
            self.send_response(401 if not is_let_in else 404 if found is None else 200)
            body = json.dumps(found).encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def ask(
    url: str, stated: tuple[RuleFile, ...] = (), environ: dict[str, str] | None = None, **changes: Any
) -> Running:
    """Ask a server for a project with changes."""
    project = Project(
        path=Path("/p/alertdrill.toml"),
        out=Path("/p/out"),
        target=Target(url="http://127.0.0.1:4000"),
        prometheus=Service(url=url, source="alertdrill.toml:3"),
    )
    running = ask_running(replace(project, **changes), stated, environ or {})
    assert running is not None
    return running


def test_rules_intervals_and_scrapes_are_theirs() -> None:
    """A record that cannot be read is taken for a metric; the gateway is found by its address."""
    with serve(ANSWERS) as url:
        running = ask(url)
    (file,) = running.files
    assert [rule.name for group in file.groups for rule in group.rules] == ["x:rate", "Failing", "Watchdog"]
    failing = file.alerts[0]
    assert (failing.for_s, failing.interval_s, failing.labels) == (90, 30, {"severity": "critical"})
    assert failing.source == f"/etc/rules.yml of {url}"
    assert [(job.name, job.instance, job.interval_s) for job in running.jobs] == [("llm", "gateway-1", 30)]
    assert running.versions == {"prometheus": "3.5.0"}


def test_rule_files_say_which_alerts_are_of_the_run() -> None:
    """All others of the server are nobody's business, with the records that they alone read."""
    with serve(ANSWERS) as url:
        running = ask(url, (parse_rules(STATED, "rules.yml"),))
    names = [rule.name for file in running.files for group in file.groups for rule in group.rules]
    assert names == ["Failing"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0.2", "0.3", "rules.yml:4: the Prometheus at URL has Failing with another expr: let it"),
        ("1m30s", "2m", "rules.yml:4: the Prometheus at URL has Failing with another for: let it"),
        ("critical", "warning", "rules.yml:4: the Prometheus at URL has Failing with another set of labels"),
        ("Failing", "Falling", "so it has not loaded the file; do you mean 'Failing'?"),
    ],
)
def test_a_file_that_was_not_loaded_is_named(old: str, new: str, said: str) -> None:
    """What would be drilled is not what the file says."""
    with serve(ANSWERS) as url, pytest.raises(BadInput) as raised:
        ask(url, (parse_rules(STATED.replace(old, new), "rules.yml"),))
    assert said.replace("URL", url) in str(raised.value)


def test_a_job_is_found_by_its_name() -> None:
    """As where the gateway is scraped at another address than it is called at."""
    with serve(ANSWERS) as url:
        running = ask(url, scrapes=(Scrape(job="node", targets=("x:1",)),))
        assert [job.name for job in running.jobs] == ["node"]
        with pytest.raises(BadInput, match=r"a \[\[scrape\]\] has the job 'nodes'.*'node'"):
            ask(url, scrapes=(Scrape(job="nodes", targets=("x:1",)),))


def test_a_gateway_that_is_not_scraped_is_said() -> None:
    """No rule would see it."""
    with serve(ANSWERS) as url, pytest.raises(BadInput, match="scrapes nothing at the address of"):
        ask(url, target=Target(url="http://127.0.0.1:4001"))


def test_the_key_is_sent_and_shown_to_nobody() -> None:
    """Without it, the server's refusal is told."""
    with serve(ANSWERS, token="sesame") as url:
        keyed = Service(url=url, key=Secret(env="TOKEN"))
        assert ask(url, environ={"TOKEN": "sesame"}, prometheus=keyed).jobs
        with pytest.raises(ComponentFailed) as refused:
            ask(url, environ={"TOKEN": "another"}, prometheus=keyed)
    assert "401" in str(refused.value)
    assert "another" not in str(refused.value)


def test_a_receiver_that_alertmanager_does_not_have_is_named() -> None:
    """Its pages would be missed."""
    with serve(ANSWERS) as url:
        paged = RunningAlertmanager(url=url, pager="127.0.0.1:1", receivers=("oncall",), source="a.toml:7")
        assert ask(url, running_alertmanager=paged).versions["alertmanager"] == "0.28.1"
        with pytest.raises(BadInput, match=r"a.toml:7: receivers of .* has 'oncal'.*'oncall'"):
            ask(url, running_alertmanager=replace(paged, receivers=("oncal",)))


@pytest.mark.parametrize(("receiver", "outcome"), [("oncall", "missing"), ("team", "unobserved")])
def test_only_who_shows_pages_can_miss_one(receiver: str, outcome: str) -> None:
    """The page of a receiver that sends nothing to alertdrill is neither green nor red."""
    expected = Expectation(
        alert="Failing", labels={}, receiver=receiver, fires_within_s=60, resolves_within_s=120
    )
    drill = Drill(name="d", system="own", traffic=(), expects=(expected,), why="", lasts_s=300)
    timeline = Timeline(
        mode="project",
        speed=1,
        until_s=300,
        observed=frozenset({"pending", "firing", "resolved", "paged", "page_resolved"}),
        events=(
            Event(at_s=30, kind="firing", alert="Failing", labels={}),
            Event(at_s=90, kind="resolved", alert="Failing", labels={}),
        ),
        receivers=frozenset({"oncall"}),
    )
    (finding,) = judge(drill, timeline).findings
    assert finding.outcome == outcome
