"""Tests of sending every alert of a file through an Alertmanager of our own, and of the dead-man's switch."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.report_documents import read_document
from support.whole_runs import METIS_RULES, CommandLine

from alertdrill.runtime.binaries import Generation, find_engines

RULES = """
groups:
  - name: g
    rules:
      - {alert: Paged, expr: x > 1, labels: {severity: critical}, annotations: {summary: "{{ $value }} now"}}
      - {alert: Mailed, expr: x > 1, labels: {severity: warning}}
      - {alert: Everywhere, expr: x > 1, labels: {severity: everywhere}}
      - {alert: Forgotten, expr: x > 1}
      - {alert: Nowhere, expr: x > 1, labels: {severity: none}}
      - {alert: Muted, expr: x > 1, labels: {severity: muted}}
      - {alert: Broken, expr: x > 1, labels: {severity: broken}}
"""
CONFIG = """
global: {smtp_from: a@b.example, smtp_smarthost: "mail.example:25", slack_api_url: "https://hooks.example/s3cret"}
route:
  receiver: default
  group_by: [alertname]
  routes:
    - {receiver: pagers, matchers: [severity="critical"]}
    - {receiver: mail, matchers: [severity="warning"]}
    - {receiver: pagers, matchers: [severity="everywhere"], continue: true}
    - {receiver: mail, matchers: [severity="everywhere"], continue: true}
    - {receiver: genie, matchers: [severity="everywhere"]}
    - {receiver: nobody, matchers: [severity="none"]}
    - {receiver: mail, matchers: [severity="muted"], mute_time_intervals: [always]}
    - {receiver: broken, matchers: [severity="broken"]}
inhibit_rules:
  - {source_matchers: [severity="critical"], target_matchers: [severity="warning"]}
receivers:
  - {name: default, webhook_configs: [{url: "http://receiver.example/s3cret"}]}
  - name: pagers
    pagerduty_configs:
      - {routing_key: s3cret, description: "{{ .CommonLabels.alertname }}: {{ .CommonAnnotations.summary }}"}
    slack_configs: [{channel: "#x", send_resolved: true}]
  - {name: mail, email_configs: [{to: team@example.com, send_resolved: true}]}
  - {name: genie, opsgenie_configs: [{api_key: s3cret}]}
  - {name: nobody}
  - name: broken
    slack_configs: [{channel: "#x", text: "{{ .NoSuchField }}"}]
"""
HURRIED = """
from alertdrill.cli import main as cli
from alertdrill.runner.synthetic import every, watchdog

every.MARGIN_WALL_S = watchdog.MARGIN_WALL_S = 5.0
watchdog.REPEAT_WALL_S = 2.0
cli.main()
"""
"""Waits shorter for what does not come, and beats faster: these Alertmanagers have nothing else to do."""
INTEGRATIONS = {
    "Paged": ["pagerduty", "slack"],
    "Mailed": ["email"],
    "Everywhere": ["email", "opsgenie", "pagerduty", "slack"],
    "Forgotten": ["webhook"],
}


@pytest.fixture
def hurried(alertdrill: CommandLine, tmp_path: Path) -> CommandLine:
    """Return the command line with less patience."""
    program = tmp_path / "hurried.py"
    program.write_text(HURRIED)
    return replace(alertdrill, program=(str(program),))


@pytest.fixture(params=list(Generation), ids=str)
def each_alertdrill(request: pytest.FixtureRequest, hurried: CommandLine) -> CommandLine:
    """Return the command line with the engines of each supported generation."""
    engines = find_engines(os.environ, generation=request.param)
    paths = {
        f"ALERTDRILL_{name.upper()}": str(getattr(engines, name))
        for name in ("prometheus", "promtool", "alertmanager", "amtool")
    }
    return replace(hurried, environ={**hurried.environ, **paths})


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    """Return the options that name a rule file and a config."""
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "alertmanager.yml").write_text(CONFIG + ALWAYS)
    return (
        "--rules",
        str(tmp_path / "rules.yml"),
        "--alertmanager-config",
        str(tmp_path / "alertmanager.yml"),
    )


def read_alerts(out: str) -> dict[str, dict[str, Any]]:
    """Return what was written of each alert."""
    return {alert["alert"]: alert for alert in json.loads(out)["alerts"]}


def list_integrations(alert: Mapping[str, Any]) -> list[str]:
    """Return by which integrations an alert opened pages."""
    return sorted(page["integration"] for page in alert["pages"])


def test_every_alert_is_sent_and_seen_to_arrive(
    each_alertdrill: CommandLine, files: tuple[str, ...], tmp_path: Path
) -> None:
    """Each opens one page at each integration and closes it, or it is said why not; in the report, too."""
    finished = each_alertdrill.run("page", "--all", *files, "--json", "--out", str(tmp_path / "out"))
    assert finished.code == 1, finished.err
    alerts, speed = read_alerts(finished.out), json.loads(finished.out)["speed"]
    outcomes = {name: alert["outcome"] for name, alert in alerts.items()}
    assert outcomes == {
        **dict.fromkeys(INTEGRATIONS, "paged"),
        "Nowhere": "nowhere",
        "Muted": "suppressed",
        "Broken": "not paged",
    }, alerts
    for name, integrations in INTEGRATIONS.items():
        assert list_integrations(alerts[name]) == integrations
        for page in alerts[name]["pages"]:
            assert 0 < page["opened_after_s"] < 30 + 10 * speed
            assert 0 < page["closed_after_s"] < 300 + 10 * speed
    titles = {page["integration"]: page["title"] for page in alerts["Paged"]["pages"]}
    assert titles["pagerduty"] == "Paged: 1 now"
    assert [name for name, alert in alerts.items() if alert["by_default_only"]] == ["Forgotten"]
    assert "muted" in alerts["Muted"]["evidence"]
    # Alertmanager 0.25 does not send what it could not render; 0.33 sends the rest of it.
    assert re.search("NoSuchField|did a template fail", alerts["Broken"]["evidence"])
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert {entry["name"]: entry["outcome"] for entry in read_document(report)["entries"]} == outcomes
    assert "s3cret" not in finished.out + finished.err + report
    assert each_alertdrill.list_leftovers() == []


def test_the_table_says_the_same(alertdrill: CommandLine, files: tuple[str, ...]) -> None:
    """For people: a line for each integration of each alert, and what there is to say about some."""
    path = Path(files[1])
    # Two are waited for in vain, and one is inhibited by another, so that it is sent after it.
    slow = ("Muted", "Broken", "Mailed")
    path.write_text("".join(line for line in RULES.splitlines(True) if not any(one in line for one in slow)))
    finished = alertdrill.run("page", "--all", *files)
    assert finished.code == 1, finished.err
    lines = finished.out.splitlines()
    (paged,) = (line for line in lines if line.startswith("Paged "))
    assert paged.split()[:2] == ["Paged", "critical"]
    assert "Paged: 1 now" in finished.out
    nowhere = "Nowhere: nowhere: no receiver has an integration; if that is meant, say so by --nobody nobody"
    assert nowhere in lines
    assert "Forgotten: no route takes it: it ends at the default receiver only" in lines
    assert lines[-1] == "4 alerts: 1 nowhere, 3 paged"


def test_alerts_that_all_arrive_are_a_success(alertdrill: CommandLine) -> None:
    """Our own routing has somewhere to go for every alert of Metis."""
    finished = alertdrill.run("page", "--all", "--rules", str(METIS_RULES), "--json")
    assert finished.code == 0, finished.err
    assert {alert["outcome"] for alert in read_alerts(finished.out).values()} == {"paged"}


def test_a_dry_run_starts_nothing(alertdrill: CommandLine, files: tuple[str, ...]) -> None:
    """Ways and receivers only; what goes nowhere is known all the same."""
    finished = alertdrill.run_here("page", "--all", *files, "--dry-run", "--json")
    alerts = read_alerts(finished.out)
    assert finished.code == 1
    assert {name for name, alert in alerts.items() if alert["outcome"] != "not sent"} == {"Nowhere"}
    assert [leg["receiver"] for leg in alerts["Everywhere"]["route"]] == ["pagers", "mail", "genie"]


def test_one_alert_goes_through_a_config_too(alertdrill: CommandLine, files: tuple[str, ...]) -> None:
    """With the labels that were asked for in what arrives, and a bound on who may be told."""
    arguments = ("page", "--alert", "Paged", "--label", "pod=a", *files, "--json")
    refused = alertdrill.run_here(*arguments, "--receiver", "mail")
    assert refused.code == 2
    assert "the routes lead to pagers, which no --receiver names" in refused.err
    finished = alertdrill.run(*arguments, "--receiver", "pagers")
    assert finished.code == 0, finished.err
    (alert,) = json.loads(finished.out)["alerts"]
    assert alert["labels"] == {
        "alertname": "Paged",
        "severity": "critical",
        "pod": "a",
        "alertdrill": "drill",
    }
    assert list_integrations(alert) == ["pagerduty", "slack"]


ALWAYS = """
time_intervals:
  - {name: always, time_intervals: [{times: [{start_time: "00:00", end_time: "24:00"}]}]}
"""
WATCHED = """
route:
  receiver: default
  routes: [{receiver: switch, matchers: [alertname="Watchdog"], repeat_interval: 5m, group_interval: 1m}]
receivers:
  - {name: default, webhook_configs: [{url: "http://x.example/"}]}
  - {name: switch, webhook_configs: [{url: "http://x.example/"}]}
"""


def test_the_dead_mans_switch_pages_when_alertmanager_stops(
    each_alertdrill: CommandLine, tmp_path: Path
) -> None:
    """Heartbeats, silence, the switch's page, heartbeats again, and the page closes."""
    (tmp_path / "alertmanager.yml").write_text(WATCHED)
    config = str(tmp_path / "alertmanager.yml")
    finished = each_alertdrill.run("page", "--watchdog", "--alertmanager-config", config, "--json")
    assert finished.code == 0, finished.err
    document = json.loads(finished.out)
    assert [leg["receiver"] for leg in document["route"]] == ["switch"]
    assert [hop["name"] for hop in document["hops"]] == [
        "first heartbeat",
        "second heartbeat",
        "Alertmanager stopped, switch pages",
        "heartbeat again",
        "switch closes",
    ]
    assert all(hop["outcome"] == "done" for hop in document["hops"])
    assert each_alertdrill.list_leftovers() == []


@pytest.mark.parametrize(
    ("old", "new", "hop", "says"),
    [
        ('webhook_configs: [{url: "http://x.example/"}]}', "}", "route", "nobody is notified"),
        ("repeat_interval: 5m", "mute_time_intervals: [always]", "first heartbeat", "not within"),
    ],
)
def test_a_switch_that_cannot_work_fails_at_its_hop(
    hurried: CommandLine, tmp_path: Path, old: str, new: str, hop: str, says: str
) -> None:
    """Exit code 1, and the hop where it stopped: nobody there, or heartbeats that a time interval mutes."""
    before, _, after = WATCHED.rpartition(old)
    (tmp_path / "alertmanager.yml").write_text(before + new + after + ALWAYS)
    config = str(tmp_path / "alertmanager.yml")
    finished = hurried.run("page", "--watchdog", "--alertmanager-config", config, "--json")
    assert finished.code == 1, finished.err
    last = json.loads(finished.out)["hops"][-1]
    assert (last["name"], last["outcome"]) == (hop, "not delivered")
    assert says in last["evidence"]
