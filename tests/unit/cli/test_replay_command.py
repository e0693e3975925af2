"""`alertdrill replay`, as a user has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.recorded import make_recording, scrape

from alertdrill.cli.main import cli
from alertdrill.errors import AlertdrillError, BadInput, CouldNotTell
from alertdrill.recording.files import write_recording
from alertdrill.recording.recording import Recording

RULES = """\
groups:
- name: g
  rules:
  - alert: Slow
    expr: max_over_time(x[5m]) > 1
    for: 15s
    labels: {severity: page}
  - alert: Other
    expr: y > 1
"""

Replaying = Callable[..., Result]


@pytest.fixture
def replaying(tmp_path: Path) -> Replaying:
    """Return what runs the command on a recording; what it raises is raised."""

    def run(recording: Recording, *options: str, rules: str = RULES) -> Result:
        (tmp_path / "rules.yml").write_text(rules)
        write_recording(recording, tmp_path / "made.om")
        arguments = ["replay", str(tmp_path / "made.om"), "--rules", str(tmp_path / "rules.yml"), *options]
        return CliRunner().invoke(cli, arguments, catch_exceptions=False, standalone_mode=False)

    return run


def make_two() -> Recording:
    """Return a recording of both series; one is over its threshold to the end."""
    return make_recording(scrape("x", [0, 2, 2], labels={"a": 'b "c"'}), scrape("y", [0, 0, 0]), until_s=30)


def test_the_timeline_is_shown_as_a_table(replaying: Replaying) -> None:
    """Instants as a stopwatch shows them, and what time it was all in."""
    lines = [line.split() for line in replaying(make_two()).output.splitlines() if line.strip()]
    assert ["0:15", "pending", "Slow", 'a="b', '\\"c\\""', 'severity="page"'] in lines
    assert ["0:30", "firing", "Slow", 'a="b', '\\"c\\""', 'severity="page"'] in lines
    assert lines[-1] == ["2", "events", "in", "0:30", "of", "rule", "time"]


RENDERED = RULES.replace(
    "    labels: {severity: page}\n",
    "    labels: {severity: page}\n    annotations: {summary: 'at {{ $value }} for {{ $labels.a }}'}\n",
)


def test_annotations_are_shown_as_prometheus_renders_them(replaying: Replaying) -> None:
    """They stand under the alert that begins to fire, and with its event in JSON."""
    table = replaying(make_two(), "--annotations", rules=RENDERED).output
    assert [line.split()[-1] for line in table.splitlines() if "summary" in line] == ['"c"']
    assert 'summary: at 2 for b "c"' in table
    events = json.loads(replaying(make_two(), "--json", "--annotations", rules=RENDERED).output)["events"]
    assert [event.get("annotations") for event in events] == [None, {"summary": 'at 2 for b "c"'}]
    assert "summary" not in replaying(make_two(), rules=RENDERED).output


def test_silence_is_said(replaying: Replaying) -> None:
    """An empty table would say nothing; of each alert it is said how near its value came."""
    recording = make_recording(scrape("x", [0, 0.5, 0]), scrape("y", [-1] * 3), until_s=30)
    rules = RULES + "  - {alert: Gone, expr: absent(x)}\n  - {alert: Below, expr: y < -5}\n"
    lines = [line.split() for line in replaying(recording, rules=rules).output.splitlines() if line.strip()]
    assert [" ".join(line) for line in lines if line[0] in {"Slow", "Other", "Gone", "Below", "nothing"}] == [
        "Slow the rule's value reached 50% of its threshold",
        "Other the rule's value reached -100% of its threshold",
        "Gone its rule compares no value with a number",
        "Below its threshold is -5, of which no value is a share",
        "nothing was pending or fired in 0:30 of rule time",
    ]


def test_an_alert_whose_value_was_never_there_is_said_to_be_silent_for_that(replaying: Replaying) -> None:
    """No series is no value of 0."""
    rules = RULES.replace("max_over_time(x[5m]) > 1", "x / on (a) y > 1")
    recording = make_recording(scrape("x", [9] * 3, labels={"a": "b"}), scrape("y", [3] * 3), until_s=30)
    assert json.loads(replaying(recording, "--json", rules=rules).output)["silent"] == [
        {"alert": "Slow", "reached": None, "said": "the rule's value was never seen"}
    ]


def test_the_timeline_is_written_as_json(replaying: Replaying) -> None:
    """In the form of a run's timeline.json."""
    document = json.loads(replaying(make_two(), "--json", "--quiet-tail", "10m").output)
    assert document.pop("engines").keys() == {"prometheus"}
    assert document == {
        "schema": 1,
        "mode": "replay",
        "speed": 1.0,
        "until_s": 630.0,
        "appended_from_s": 30.0,
        "notes": [],
        "silent": [
            {"alert": "Other", "reached": 0.0, "said": "the rule's value reached 0% of its threshold"}
        ],
        "events": [
            {"at_s": at_s, "kind": kind, "alert": "Slow", "labels": labels, "receiver": None}
            for labels in [{"a": 'b "c"', "severity": "page"}]
            for at_s, kind in [(15.0, "pending"), (30.0, "firing")]
        ],
    }


def test_what_was_appended_is_told_from_what_was_recorded(replaying: Replaying) -> None:
    """In the table's last line."""
    output = replaying(make_two(), "--quiet-tail", "10m").output
    assert "in 10:30 of rule time, of which the quiet tail from 0:30 on was appended" in " ".join(
        output.split()
    )


def test_groups_without_an_interval_have_the_servers(replaying: Replaying) -> None:
    """A server that evaluates every minute sees it at the next minute only."""
    recording = make_recording(scrape("x", [0] + [2] * 8), scrape("y", [0]), until_s=120)
    document = json.loads(replaying(recording, "--json", "--evaluation-interval", "1m").output)
    assert [event["at_s"] for event in document["events"]] == [60, 120]


def test_rules_that_read_what_the_recording_lacks_are_all_named(replaying: Replaying) -> None:
    """With the file, the line, the alert and the selector."""
    recording = make_recording(scrape("z", [0]), until_s=30)
    with pytest.raises(CouldNotTell) as raised:
        replaying(recording)
    lines = str(raised.value).splitlines()
    assert [line.partition("rules.yml:")[2] for line in lines] == [
        "4: Slow: reads x, which the recording lacks",
        "8: Other: reads y, which the recording lacks",
    ]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--quiet-tail", "soon"], "--quiet-tail: 'soon' is not a duration"),
        (["--quiet-tail", "1y"], "--quiet-tail: more than 7 days"),
        (["--evaluation-interval", "0"], "--evaluation-interval: rules cannot be evaluated every 0 s"),
    ],
)
def test_bad_durations_are_bad_input(replaying: Replaying, options: list[str], why: str) -> None:
    """The option is named."""
    with pytest.raises(BadInput, match=why):
        replaying(make_two(), *options)


def test_a_recording_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    """As is a rule file."""
    (tmp_path / "rules.yml").write_text(RULES)
    for name, rules in (("made.om", "rules.yml"), ("made.om", "others.yml")):
        with pytest.raises(AlertdrillError) as raised:
            CliRunner().invoke(
                cli,
                ["replay", str(tmp_path / name), "--rules", str(tmp_path / rules)],
                catch_exceptions=False,
                standalone_mode=False,
            )
        assert raised.value.exit_code == BadInput.exit_code
