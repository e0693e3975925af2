"""When counters of a recording began anew."""

from __future__ import annotations

from array import array

import pytest

from alertdrill.recording.recording import RecordedSeries, Recording
from alertdrill.recording.resets import Reset, find_resets


def make_series(metric: str, *values: float, job: str = "shop") -> RecordedSeries:
    """Return a series with a sample every 15 s."""
    return RecordedSeries(
        labels={"__name__": metric, "job": job},
        times_ms=array("q", range(1000, 1000 + 15_000 * len(values), 15_000)),
        values=array("d", values),
        stale_ms=array("q"),
    )


def make_recording(*series: RecordedSeries) -> Recording:
    """Return a recording that begins with its series."""
    return Recording(name="run", start_ms=1000, end_ms=601_000, selectors=(), series=series)


def test_a_counter_that_falls_began_anew() -> None:
    """At the first sample after that, which is said from the recording's beginning on."""
    found = [*find_resets(make_recording(make_series("calls_total", 3, 5, 0, 1)))]
    assert found == [Reset(job="shop", metric="calls_total", at_s=30)]


def test_of_each_job_the_first_reset_is_said() -> None:
    """However many of its counters began anew."""
    recording = make_recording(
        make_series("late_total", 5, 5, 0),
        make_series("early_total", 5, 0, 1),
        make_series("other_total", 5, 5, 5, 1, job="other"),
    )
    assert {(one.job, one.metric, one.at_s) for one in find_resets(recording)} == {
        ("shop", "early_total", 15),
        ("other", "other_total", 45),
    }


@pytest.mark.parametrize("values", [(0, 0, 0), (1, 2, 3), (5,), ()])
def test_what_never_falls_was_not_started_again(values: tuple[float, ...]) -> None:
    """A counter that stands still has not begun anew."""
    assert not [*find_resets(make_recording(make_series("calls_total", *values)))]


def test_a_gauge_may_fall() -> None:
    """What no counter is named like is none."""
    assert not [*find_resets(make_recording(make_series("calls_in_flight", 5, 0)))]


def test_a_gauge_may_be_named_like_a_counter() -> None:
    """Where it is known for one, a counter beside it still counts."""
    pool = make_series("pool_connection_count", 5, 0)
    assert not [*find_resets(make_recording(pool), gauges={"pool_connection_count"})]
    found = find_resets(
        make_recording(pool, make_series("calls_total", 3, 5, 0)), gauges={"pool_connection_count"}
    )
    assert [one.metric for one in found] == ["calls_total"]


@pytest.mark.parametrize(("out", "is_found"), [((20, 40), False), ((31, 40), True), ((0, 29), True)])
def test_what_a_drill_put_out_begins_anew(out: tuple[float, float], is_found: bool) -> None:
    """Within the time that it may be out; a reset before or after is nobody's doing."""
    recording = make_recording(make_series("calls_total", 3, 5, 0))
    assert bool([*find_resets(recording, [out])]) is is_found


def test_a_second_reset_counts_that_no_drill_did() -> None:
    """The first is within an outage, the second is not."""
    recording = make_recording(make_series("calls_total", 3, 0, 7, 2))
    assert [one.at_s for one in find_resets(recording, [(10, 20)])] == [45]
