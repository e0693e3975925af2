"""The grid that samples are put on, and the quiet tail."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.recorded import make_recording, make_series, scrape

from alertdrill.errors import CouldNotTell
from alertdrill.recording.recording import RecordedSeries
from alertdrill.recording.replay.grid import Grid, append_tail, choose_grid

WINDOWS_MS = 15_000


def choose(series: Sequence[RecordedSeries], max_items: int = 1000, start_ms: int = 0) -> Grid:
    """Return the grid for series whose rules have windows of multiples of 15 s."""
    return choose_grid(series, start_ms, WINDOWS_MS, name="made.om", max_items=max_items)


def test_the_finest_grid_that_is_exact_is_taken() -> None:
    """It divides every instant, markers' too, counted from the start."""
    series = [scrape("x", [1, 2], begin_ms=60_060), make_series("y", {60_120: 1.0}, stale_ms=[75_180])]
    assert choose(series, 2000, start_ms=60_000) == Grid(start_ms=60_000, step_ms=60)


def test_a_coarser_grid_divides_the_windows_and_says_how_far_it_moves() -> None:
    """Instants are rounded up, so that no evaluation sees a sample too soon."""
    series = [scrape("x", [1, 2, 3], begin_ms=1_001)]
    grid = choose(series, max_items=8)
    assert grid == Grid(start_ms=0, step_ms=5_000, moved_ms=3_999)
    assert list(grid.place(series[0]).times_ms) == [5_000, 20_000, 35_000]


def test_an_instant_on_a_coarser_grid_is_not_moved() -> None:
    """Rounding up is not to the next step."""
    series = [scrape("x", [1], begin_ms=15_000), make_series("y", {15_001: 1.0})]
    grid = choose(series, max_items=4)
    assert grid.place(series[0]).times_ms[0] == 15_000
    assert grid.place(series[1]).times_ms[0] == 30_000


def test_samples_that_would_fall_together_get_a_finer_grid() -> None:
    """Rather than to lose one of them."""
    series = [make_series("x", {1: 1.0, 2_000: 2.0, 15_001: 3.0, 20_000: 4.0})]
    assert choose(series, max_items=2).step_ms == 1_875


def test_more_than_promtool_bears_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about it."""
    monkeypatch.setattr("alertdrill.recording.replay.grid.MOST_ITEMS", 3)
    with pytest.raises(CouldNotTell, match=r"made.om: the rules read 1 series with 4 samples.* record a sh"):
        choose([make_series("x", {1: 1.0, 2_000: 2.0, 15_001: 3.0, 20_000: 4.0})], max_items=2)


def test_a_tail_keeps_last_values_at_the_series_own_spacing() -> None:
    """What was marked stale or overdue had ended; one sample goes on as the others do."""
    recording = append_tail(
        make_recording(
            scrape("fast", [1, 2, 3], every_ms=5_000, begin_ms=25_000),
            scrape("slow", [1, None, 3], every_ms=10_000, begin_ms=12_000),
            scrape("once", [7], begin_ms=35_000),
            scrape("ended", [1, 2], stale_ms=[30_000]),
            scrape("overdue", [1, 2], begin_ms=2_000),
            scrape("usual", [1, 2], every_ms=5_000, begin_ms=30_000),
            until_s=40,
        ),
        tail_s=20,
    )
    assert recording.end_ms == 60_000
    appended = {
        one.labels["__name__"]: [at for at in one.times_ms if at > 40_000] for one in recording.series
    }
    assert appended == {
        "fast": [45_000, 50_000, 55_000, 60_000],
        "slow": [52_000],
        "once": [45_000, 50_000, 55_000, 60_000],
        "ended": [],
        "overdue": [],
        "usual": [45_000, 50_000, 55_000, 60_000],
    }
    assert {one.values[-1] for one in recording.series if len(one.times_ms) > 3} == {3.0, 7.0, 2.0}
