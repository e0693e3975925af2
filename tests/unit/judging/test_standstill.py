"""What is said of the parts that stood still in a run whose clock is doubted."""

from __future__ import annotations

from dataclasses import replace

from alertdrill.core.timeline import Stall
from alertdrill.judging.clock_fidelity import Bounds, Fidelity
from alertdrill.judging.standstill import doubt_clock, explain_standstill

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
PROMETHEUS = Stall(part="prometheus", from_s=730, until_s=839)
AGAIN = "hold the drills again, or at a lower --speed than 60"


def test_a_doubted_clock_names_the_part_that_stood_still() -> None:
    """The last doubt says who answered nothing, from when to when, and what to do."""
    late = replace(GOOD, scrape_gap_s=109.0)
    assert doubt_clock(late, Bounds(), [PROMETHEUS], 60) == (
        "scrapes were up to 109 s of rule time apart (bound 40 s)",
        f"Prometheus answered nothing from 12:10 to 13:59 (1.82 s of wall time): {AGAIN}",
    )


def test_a_clock_that_is_kept_is_not_doubted_for_a_stall() -> None:
    """Where everything came in time, a stall is no doubt of the whole run."""
    assert doubt_clock(GOOD, Bounds(), [PROMETHEUS], 60) == ()


def test_the_longest_stalls_of_the_parts_are_named() -> None:
    """Each part is named once, with its longest stall, and missing samples are left to what made them."""
    stalls = [
        Stall(part="scrapes:metis", from_s=700, until_s=900),
        Stall(part="gateway", from_s=100, until_s=112),
        Stall(part="gateway", from_s=300, until_s=330),
        Stall(part="unseen:Down", from_s=0, until_s=500),
        PROMETHEUS,
    ]
    assert explain_standstill(stalls, 60) == (
        "Prometheus answered nothing from 12:10 to 13:59 (1.82 s of wall time); "
        f"the gateway answered nothing from 5:00 to 5:30 (0.50 s of wall time): {AGAIN}"
    )


def test_missing_samples_are_named_where_no_part_is_known() -> None:
    """Samples that were missing stand for the part that nobody saw standing still."""
    stalls = [Stall(part="scrapes:metis", from_s=700, until_s=745)]
    assert explain_standstill(stalls, 60).startswith("Prometheus got no samples of metis from 11:40 to 12:25")


def test_a_machine_that_was_too_slow_is_said_where_no_part_stood_still() -> None:
    """Without a stall the machine is to blame; at speed 1 there is no lower speed to advise."""
    assert explain_standstill([], 1) == (
        "no part of the stack is known to have stood still, so all of this machine was too slow: "
        "hold the drills again"
    )
