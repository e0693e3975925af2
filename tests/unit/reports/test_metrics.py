"""metrics.prom: what a run found out, as metrics of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as parse_text
from support.paging_records import build_paging_record
from support.report_records import build_record

from alertdrill.core.verdict import Finding, Verdict
from alertdrill.judging.coverage import HeldRun, make_held_run
from alertdrill.reports import RunRecord, metrics
from alertdrill.runtime.binaries import find_promtool

Known = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Known:
    """Return the samples of a document, which both formats read alike."""
    strict, lenient = (
        {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in parse(text)
            for sample in family.samples
        }
        for parse in (text_string_to_metric_families, parse_text)
    )
    assert strict == lenient
    return strict


def find(record: RunRecord, metric: str, earlier: tuple[HeldRun, ...] = (), **labels: str) -> float | None:
    """Return the value that a run's document has for a series; None if it has none."""
    text = metrics.render(metrics.measure(record, earlier))
    return read(text).get((metric, tuple(sorted(labels.items()))))


def outcome(record: RunRecord, drill: str, system: str = "metis") -> list[str]:
    """Return the outcomes of a drill whose value is 1."""
    return [
        one
        for one in metrics.OUTCOMES
        if find(record, metrics.OUTCOME, system=system, drill=drill, outcome=one) == 1
    ]


def test_a_drill_has_one_outcome_of_four() -> None:
    """The others are there, too, with 0, so that a change is seen."""
    record = build_record()
    assert outcome(record, "metis-latency-fires") == ["met"]
    assert outcome(record, "metis-latency-two-models") == ["unmet"]
    assert outcome(record, "metis-errors-rate-limited") == ["unobserved"]
    absent = find(
        record, metrics.OUTCOME, system="metis", drill="metis-latency-fires", outcome="could_not_tell"
    )
    assert absent == 0


def test_a_doubted_run_has_no_other_outcome_and_no_times() -> None:
    """Nobody can tell, neither how a drill came out nor how long a page took."""
    record = replace(build_record(), doubts=("scrapes came late",))
    assert outcome(record, "metis-latency-fires") == ["could_not_tell"]
    assert metrics.HOP not in {sample.metric for sample in metrics.measure(record)}


def test_a_hop_has_what_it_took_in_rule_time() -> None:
    """From one hop to the next, the longest of a drill's expectations."""
    record = build_paging_record()
    where = {"system": "metis", "drill": "paging-critical", "alert": "PagingModelDown"}
    assert find(record, metrics.HOP, **where, hop="firing_to_paged") == 36
    assert find(record, metrics.HOP, **where, hop="resolved_to_closed") == 42
    verdict = next(one for one in record.verdicts if one.drill == "paging-critical")
    slow = replace(verdict.findings[0], observed={"firing": 60.0, "paged": 360.0})
    record = replace(record, verdicts=(replace(verdict, findings=(slow, verdict.findings[0])),))
    assert find(record, metrics.HOP, **where, hop="firing_to_paged") == 300


def prove(record: RunRecord, *drills: str) -> RunRecord:
    """Return a run in which these drills alone came out as they did in another."""
    return replace(record, verdicts=tuple(one for one in record.verdicts if one.drill in drills), doubts=())


def test_the_last_success_is_the_newest_run_that_proved_the_alert() -> None:
    """A run in which some drill of the alert is not met leaves it where it was; with none known it is 0."""
    record = build_paging_record()
    at = record.started_at
    assert find(record, metrics.LAST_SUCCESS, system="metis", alert="PagingModelDown") == at.timestamp()
    assert find(record, metrics.LAST_SUCCESS, system="metis", alert="PagingModelSlow") == 0
    good = prove(record, "paging-inhibited").verdicts
    days = [
        make_held_run(good, at - timedelta(days=3), is_doubted=False),
        make_held_run(good, at - timedelta(days=2), is_doubted=False),
        make_held_run(good, at - timedelta(days=1), is_doubted=True),
        make_held_run(good, None, is_doubted=False),
    ]
    proved = find(record, metrics.LAST_SUCCESS, tuple(days), system="metis", alert="PagingModelSlow")
    assert proved == (at - timedelta(days=2)).timestamp()


def test_a_replay_says_nothing_of_when_an_alert_was_proved() -> None:
    """No drill was held."""
    record = build_paging_record()
    record = replace(record, timeline=replace(record.timeline, mode="replay"))
    assert metrics.LAST_SUCCESS not in {sample.metric for sample in metrics.measure(record)}


def test_labels_are_names_of_drills_and_rules_only() -> None:
    """What an alert's labels happened to be makes no series."""
    for sample in metrics.measure(build_paging_record()):
        assert set(sample.labels) <= {"system", "drill", "alert", "hop", "outcome"}


def test_hostile_names_stay_values() -> None:
    """A drill and an alert of any name leave a document that can be read."""
    nasty = 'a"} 1\n# EOF\\\x00\x1b[31m'
    finding = Finding(
        outcome="late", alert=nasty, labels={}, expectation=None, observed={"firing": 1.0}, evidence="late"
    )
    record = replace(build_record(), verdicts=(Verdict(drill=nasty, findings=(finding,)),))
    named = 'a"} 1\n# EOF\\\\x00\\x1b[31m'
    assert outcome(record, named, system="run") == ["unmet"]


@pytest.mark.parametrize("build", [build_record, build_paging_record])
def test_promtool_finds_nothing_wrong(build: Callable[[], RunRecord]) -> None:
    """Neither in the document nor in the names of its metrics."""
    text = metrics.render(metrics.measure(build()))
    checked = subprocess.run(
        [find_promtool(os.environ).promtool, "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
