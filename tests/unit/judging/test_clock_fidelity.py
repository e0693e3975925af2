"""Tests of when a run's clock is doubted, and of the speed that fits a machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alertdrill.judging.clock_fidelity import (
    Bounds,
    Fidelity,
    doubt,
    find_fitting_speed,
    find_overhead,
)

ROOT = Path(__file__).resolve().parents[3]
GOOD = Fidelity(
    scrapes=280,
    scrape_gap_s=15.3,
    scrapes_off=0,
    scrapes_failed=0,
    evaluations=280,
    evaluations_missed=0,
    arrivals=5000,
    arrivals_late=0,
    arrival_lateness_s=1.2,
    overhead_s=0.6,
)
BOUNDS = Bounds()


def test_a_run_within_its_bounds_is_not_doubted() -> None:
    """A run that kept time leaves no doubt."""
    assert doubt(GOOD, BOUNDS) == ()


@pytest.mark.parametrize(
    ("excess", "sentence"),
    [
        ({"scrapes": 1}, "less than twice"),
        ({"scrape_gap_s": None}, "less than twice"),
        ({"scrape_gap_s": BOUNDS.scrape_gap_s + 1}, "scrapes were up to 41 s"),
        ({"scrapes_off": 14}, "14 of 294 scrapes"),
        ({"evaluations_missed": 10}, "10 of 280 rule evaluations"),
        ({"arrivals_late": 51}, "51 of 5000 arrivals"),
        ({"arrival_lateness_s": 41.0}, "an arrival was 41 s"),
        ({"overhead_s": 15.5}, "added 15.5 s"),
    ],
)
def test_each_excess_is_a_doubt(excess: dict[str, float], sentence: str) -> None:
    """Each measurement past its bound is a sentence."""
    doubts = doubt(replace(GOOD, **excess), BOUNDS)
    assert len(doubts) == 1
    assert sentence in doubts[0]


@pytest.mark.parametrize(
    ("excess", "sentence"),
    [
        ({"scrape_gap_s": 40.04}, "scrapes were up to 40.04 s of rule time apart (bound 40 s)"),
        ({"scrape_gap_s": 40.4}, "scrapes were up to 40.4 s of rule time apart (bound 40 s)"),
        ({"arrival_lateness_s": 109.3}, "an arrival was 109 s of rule time late (bound 40 s)"),
        ({"outage_lateness_s": 12.2}, "an outage began or ended 12.2 s of rule time late (bound 12 s)"),
        ({"overhead_s": 15.01}, "gateway and client added 15.01 s of rule time to a call (bound 15 s)"),
    ],
)
def test_what_is_beyond_its_bound_reads_so(excess: dict[str, float], sentence: str) -> None:
    """A measurement is written with the decimals that tell it from its bound, and with no more."""
    assert doubt(replace(GOOD, **excess), BOUNDS) == (sentence,)


def test_scrapes_are_counted_among_those_that_were_due() -> None:
    """No more scrapes are off than there should have been, however few of them there were."""
    ended = replace(GOOD, scrapes=82, scrapes_failed=2, scrapes_off=230)
    assert doubt(ended, BOUNDS) == ("230 of 310 scrapes came late or not at all (bound 2.0%)",)


def test_the_manual_has_each_bound_of_the_clock() -> None:
    """The table in docs/reference/reliability.md is what a run is held to."""
    shares = (BOUNDS.scrapes_off_share, BOUNDS.evaluations_missed_share, BOUNDS.arrivals_late_share)
    spans_s = (BOUNDS.arrival_lateness_s, BOUNDS.outage_lateness_s, BOUNDS.overhead_s)
    held = [
        f"{BOUNDS.scrape_gap_s:g} s",
        *(f"{share:.0%}" for share in shares),
        *(f"{span_s:g} s" for span_s in spans_s),
        f"{BOUNDS.arrivals_late_share:.0%}",
    ]
    text = (ROOT / "docs/reference/reliability.md").read_text()
    table = text.partition("| what is measured | bound |\n")[2].partition("\n\n")[0]
    assert [line.split("|")[2].strip() for line in table.splitlines()[1:]] == held


def test_the_speed_that_fits_is_lower_by_the_worst_excess() -> None:
    """Twice the bearable overhead at 60 asks for 30 or less."""
    worse = replace(
        GOOD, overhead_s=2 * BOUNDS.overhead_s, arrival_lateness_s=BOUNDS.arrival_lateness_s * 1.2
    )
    assert find_fitting_speed(worse, BOUNDS, 60, (60, 40, 30, 20)) == 30


def test_a_machine_too_slow_for_the_lowest_speed_fits_none() -> None:
    """No speed fits when even the lowest is too fast."""
    worse = replace(GOOD, overhead_s=20 * BOUNDS.overhead_s)
    assert find_fitting_speed(worse, BOUNDS, 60, (60, 40, 30, 20)) is None


def test_an_excess_that_does_not_scale_lowers_the_speed_all_the_same() -> None:
    """A doubt that no delay explains (missed evaluations) still means a lower speed."""
    assert find_fitting_speed(replace(GOOD, evaluations_missed=100), BOUNDS, 60, (60, 40, 30)) == 40


def test_a_run_without_evaluations_is_doubted() -> None:
    """Where no evaluation was seen, silence proves nothing."""
    assert doubt(replace(GOOD, evaluations=0), BOUNDS) == ("no evaluation of a rule was seen",)


def test_one_of_few_tells_nothing() -> None:
    """A single late scrape, arrival or evaluation is no doubt, even if few were seen; two of few are."""
    few = replace(GOOD, scrapes=14, evaluations=14, arrivals=20)
    assert doubt(replace(few, scrapes_off=1, evaluations_missed=1, arrivals_late=1), BOUNDS) == ()
    assert len(doubt(replace(few, scrapes_off=2, evaluations_missed=2, arrivals_late=2), BOUNDS)) == 3


def test_a_pause_that_hits_three_calls_is_no_overhead() -> None:
    """Of 190 calls the 99th percentile is the slowest but one; the three slowest are one pause."""
    assert find_overhead(15.1, (16.0, 15.1, 14.0, 1.6), 1.0) == pytest.approx(0.6)


def test_calls_that_are_all_slow_are_overhead() -> None:
    """Where the fourth is as slow as the others it was no single pause; of many calls the p99 counts."""
    assert find_overhead(15.1, (16.0, 15.1, 15.0, 14.9), 1.0) == pytest.approx(13.9)
    assert find_overhead(13.0, (90.0, 80.0, 70.0, 60.0), 1.0) == pytest.approx(12.0)
    assert find_overhead(13.0, (13.0,), 1.0) == pytest.approx(12.0)


def test_without_an_answer_there_is_no_overhead_to_measure() -> None:
    """Not measured is None, not 0."""
    assert find_overhead(None, (), 1.0) is None


def test_what_the_provider_was_silent_for_is_no_overhead() -> None:
    """A stalled provider is no slow gateway: who depends on it is doubted, and nobody else."""
    assert find_overhead(31.0, (41.0, 36.0, 31.0, 26.0), 1.0, 30.0) == 0.0
    assert find_overhead(31.0, (41.0, 36.0, 31.0, 26.0), 1.0, 5.0) == pytest.approx(20.0)


def test_a_probe_that_gets_no_answer_is_a_doubt() -> None:
    """Where nothing was answered nothing was measured, and that is not the same as no overhead."""
    deaf = replace(GOOD, probes=69, probes_lost=69, overhead_s=None)
    assert doubt(deaf, BOUNDS) == ("69 of 69 calls of the probe got no answer (bound 1.0%)",)
    assert doubt(replace(deaf, probes_lost=1), BOUNDS) == ()
