"""Tests of verdicts that hang on where scrapes and evaluations stood to each other, on promtool."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.both_generations import GENERATIONS, find_promtool
from support.recorded import make_recording, scrape

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import Grouped, NearMiss
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.recording.recording import Recording
from alertdrill.rules.files import parse_rules
from alertdrill.runner.phase_doubt import doubt_by_phase
from alertdrill.runner.replay_check import Confirmation

FILES = (
    parse_rules(
        "groups:\n  - name: few\n    rules:\n"
        '      - {alert: Few, expr: "count_over_time(heat[1m]) < 3.5", for: 5m}\n'
        '      - {alert: Other, expr: "heat > 1"}\n',
        "rules.yml",
    ),
)
TOGETHER = Grouped(
    alert="Few",
    labels={},
    alerts=2,
    fires_within_s=60,
    resolves_within_s=120,
    receiver="r",
    integration="slack",
)
NEAR = NearMiss(alert="Few", labels={}, reaches=0.5, pending=False)
DRILL = Drill(name="d", system="s", traffic=(), expects=(NEAR,), why="", lasts_s=300)
PLACED = (Placement(drill=DRILL, start_s=120),)
REGULAR = scrape("heat", [0] * 40, begin_ms=14_950)
"""Scraped 50 ms before each evaluation, so that a window lacks one that is 60 ms late."""
PENDING = Finding(
    outcome="unexpected",
    alert="Few",
    labels={},
    expectation=NEAR,
    observed={"pending": 240},
    evidence="it was",
)


def make_late(late_ms: int) -> Recording:
    """Return a recording in which the scrape before an evaluation in the drill is late."""
    times = REGULAR.times_ms[:]
    times[15] += late_ms
    return make_recording(replace(REGULAR, times_ms=times), until_s=600)


@pytest.fixture(params=GENERATIONS, ids=str)
def promtool(request: pytest.FixtureRequest) -> Path:
    """Return promtool of each generation in turn."""
    return find_promtool(request.param)


def weigh(finding: Finding, recording: Recording, promtool: Path) -> Finding:
    """Return what becomes of a finding."""
    (verdict,) = doubt_by_phase([Verdict(drill="d", findings=(finding,))], PLACED, recording, FILES, promtool)
    return verdict.findings[0]


def test_a_scrape_that_came_just_too_late_blames_no_rule(promtool: Path) -> None:
    """In its place it is in the window; nobody can tell, and why is said."""
    finding = weigh(PENDING, make_late(60), promtool)
    assert finding.outcome == "unobserved"
    assert finding.doubt.startswith("it hangs on where scrapes and evaluations stood to each other")


def test_what_is_unmet_wherever_scrapes_stood_stays_so(promtool: Path) -> None:
    """A scrape is missing: on the grid, too."""
    without = replace(
        REGULAR,
        times_ms=REGULAR.times_ms[:15] + REGULAR.times_ms[16:],
        values=REGULAR.values[:15] + REGULAR.values[16:],
    )
    assert weigh(PENDING, make_recording(without, until_s=600), promtool) == PENDING


def test_an_alert_that_nobody_asked_for_and_that_is_not_there_on_the_grid_is_in_doubt(promtool: Path) -> None:
    """One that is there stays."""
    unexpected = replace(PENDING, expectation=None, alert="Other", observed={"firing": 240})
    assert weigh(unexpected, make_late(60), promtool).outcome == "unobserved"
    hot = make_recording(scrape("heat", [0] * 14 + [2] * 6 + [0] * 20, begin_ms=14_950), until_s=600)
    assert weigh(unexpected, hot, promtool) == unexpected


@pytest.mark.parametrize(
    ("finding", "recording"),
    [
        (replace(PENDING, outcome="met"), make_late(60)),
        (replace(PENDING, broke_at="paged", outcome="missing"), make_late(60)),
        (PENDING, make_late(14_000)),  # two scrapes in one place
    ],
    ids=["met", "a page", "no grid"],
)
def test_what_stays_as_it_is(finding: Finding, recording: Recording) -> None:
    """What is met, what pages did, and what cannot be put on a grid."""
    assert weigh(finding, recording, find_promtool(GENERATIONS[-1])) == finding


def test_what_needs_pages_stays_as_it_is(promtool: Path) -> None:
    """A recording has none, so it cannot show that it is met."""
    finding = replace(PENDING, expectation=TOGETHER, outcome="mismatched")
    placed = (replace(PLACED[0], drill=replace(DRILL, expects=(TOGETHER,))),)
    verdicts = [Verdict(drill="d", findings=(finding,))]
    assert doubt_by_phase(verdicts, placed, make_late(60), FILES, promtool) == tuple(verdicts)


def test_a_run_doubts_what_its_recording_does_not_confirm(promtool: Path) -> None:
    """With promtool, and a recording; else verdicts are what they were seen to be."""
    verdicts = [Verdict(drill="d", findings=(PENDING,))]
    confirmed = Confirmation(recorded=make_late(60))
    (verdict,) = confirmed.doubt(verdicts, PLACED, FILES, promtool)
    assert verdict.outcome == "unobserved"
    for unknown, tool in ((confirmed, None), (Confirmation(), promtool)):
        assert unknown.doubt(verdicts, PLACED, FILES, tool) == tuple(verdicts)
