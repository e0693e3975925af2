"""Tests of golden recordings: what is cut, left out and moved."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import pytest

from alertdrill.core.drill import Drill, LoadProfile, LoadStage
from alertdrill.errors import BadInput
from alertdrill.recording.recording import RecordedSeries, Recording
from alertdrill.runner.golden.cutting import (
    GRID_MS,
    PHASE_MS,
    cut,
    leave_out_others,
    put_on_grid,
)


def make_series(times_ms: Sequence[int], stale_ms: Sequence[int] = (), **labels: str) -> RecordedSeries:
    """Return a series that counts up."""
    return RecordedSeries(
        labels={"__name__": "calls_total", "job": "gateway", **labels},
        times_ms=array("q", times_ms),
        values=array("d", range(len(times_ms))),
        stale_ms=array("q", stale_ms),
    )


def make_recording(*series: RecordedSeries, end_ms: int = 600_000) -> Recording:
    """Return a recording that starts at 0."""
    return Recording(name="r", start_ms=0, end_ms=end_ms, selectors=("calls_total",), series=series)


def make_drill(name: str, model: str) -> Drill:
    """Return a drill that calls one model."""
    profile = LoadProfile(
        name=name,
        scenario="steady",
        start_s=0,
        stages=(LoadStage(duration_s=60, rate_per_s=1),),
        options={"models": [f"openai:{model}"], "key": name},
    )
    return Drill(name=name, system="metis", traffic=(profile,), expects=(), why="because", lasts_s=300)


def test_a_cut_starts_at_0_and_keeps_samples_and_markers_in_it() -> None:
    """Samples and markers between the ends, both included, are moved so that the first end is 0."""
    cut_out = cut(make_recording(make_series([0, 15_000, 30_000, 45_000], [20_000, 60_000])), 15, 30)
    assert (cut_out.start_ms, cut_out.end_ms) == (0, 15_000)
    assert list(cut_out.series[0].times_ms) == [0, 15_000]
    assert list(cut_out.series[0].values) == [1, 2]
    assert list(cut_out.series[0].stale_ms) == [5_000]


def test_a_series_without_a_sample_in_it_is_cut_off() -> None:
    """What had ended before the cut is not in it."""
    assert cut(make_recording(make_series([0], [15_000])), 30, 60).series == ()


def test_series_of_other_drills_are_left_out() -> None:
    """What only another drill's traffic names is left out; what both name, or nobody, stays."""
    kept = (make_series([0], model="mine"), make_series([0], provider="openai"), make_series([0], reason="x"))
    other = make_series([0], model="theirs", provider="openai")
    left = leave_out_others(
        make_recording(*kept, other), make_drill("a", "mine"), [make_drill("b", "theirs")]
    )
    assert left.series == kept


def test_the_target_is_no_mark_of_a_drill() -> None:
    """A job's name in another drill's traffic leaves nothing out."""
    mine = make_series([0], job="b")
    assert leave_out_others(make_recording(mine), make_drill("a", "m"), [make_drill("b", "n")]).series == (
        mine,
    )


def test_scrapes_stand_on_the_grid_by_their_number() -> None:
    """Jitter goes, also about the edge of the grid; a missed scrape stays missed, a marker in its place."""
    jittered = [14_900, 30_040, 44_960, 75_000, 90_030]
    one = put_on_grid(make_recording(make_series(jittered, [105_010]))).series[0]
    assert [(at_ms - PHASE_MS) % GRID_MS for at_ms in (*one.times_ms, *one.stale_ms)] == [0] * 6
    first = one.times_ms[0]
    assert [(at_ms - first) // GRID_MS for at_ms in (*one.times_ms, *one.stale_ms)] == [0, 1, 2, 4, 5, 6]


def test_targets_have_grids_of_their_own() -> None:
    """No sample is moved by more than half an interval and its jitter, whenever its target was scraped."""
    series = [
        make_series(range(phase, 600_000, GRID_MS), instance=str(phase)) for phase in range(0, 15_000, 1000)
    ]
    for before, after in zip(series, put_on_grid(make_recording(*series)).series, strict=True):
        assert max(abs(a - b) for a, b in zip(before.times_ms, after.times_ms, strict=True)) <= PHASE_MS


def test_two_scrapes_at_one_place_are_refused() -> None:
    """Samples that are closer together than the grid cannot be put on it."""
    with pytest.raises(BadInput, match="less than 15 s apart"):
        put_on_grid(make_recording(make_series([0, 15_000, 18_000, 30_000])))
