"""promtool's series notation: written compactly, and read back by promtool to the last bit."""

from __future__ import annotations

import math
import struct
from array import array

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.both_generations import GENERATIONS, find_promtool
from support.examples import scale_examples
from support.recorded import make_series, scrape

from alertdrill.recording.recording import RecordedSeries
from alertdrill.recording.replay.grid import Grid
from alertdrill.recording.replay.notation import write_series, write_values
from alertdrill.recording.replay.promtool import Question, Trial, run_trials
from alertdrill.runtime.binaries import Generation

STEP_MS = 70_000
"""Of the grid; the lookback of 5 minutes then ends between two steps, where versions agree on it."""
LOOKBACK_MS = 300_000
SLOTS = 30
RULES = '{"groups": []}'


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([1.0], "1"),
        ([1.0, 1.0], "1 1"),
        ([1.0] * 6, "1x5"),
        ([0.0, 5.0, 10.0, 15.0], "0+5x3"),
        ([3.0, 2.5, 2.0, 7.0], "3-0.5x2 7"),
        ([0.1, 0.2, 0.3, 0.4], "0.1 0.2 0.3 0.4"),
        ([None, None, 1.0, None, 2.0], "_x2 1 _ 2"),
        ([1.0, None, None, 1.0, None, None, 1.0], "1 _x2 1 _x2 1"),
        ([math.nan, math.inf, -math.inf], "NaN Inf -Inf"),
        ([math.inf] * 4, "Inf Inf Inf Inf"),
        ([0.0, -0.0, 0.0], "0 -0 0"),
        ([1e308, -1e308, 1e308], "1e+308 -1e+308 1e+308"),
        ([5e-324, 1e22, 2.5], "5e-324 1e+22 2.5"),
    ],
)
def test_values_are_written_short(values: list[float | None], written: str) -> None:
    """Runs of equal steps are one item where adding up gives the samples exactly."""
    assert write_values(scrape("x", values), 0, 15_000, len(values)) == written


def test_a_staleness_marker_has_an_item_of_its_own() -> None:
    """It stands where it was, between samples and after the last one."""
    series = make_series("x", {0: 1.0, 15_000: 1.0, 45_000: 2.0}, stale_ms=[30_000, 75_000])
    assert write_values(series, 0, 15_000, 10) == "1 1 stale 2 _ stale"


def test_what_is_outside_the_grid_is_left_out() -> None:
    """Samples before the start and after the last step are not written."""
    series = scrape("x", [1.0, 2.0, 4.0, 8.0])
    assert write_values(series, 15_000, 15_000, 2) == "2 4"
    assert write_values(series, 90_000, 15_000, 2) == ""


def test_a_fine_grid_costs_little_text() -> None:
    """Between scrapes that are far apart on the grid stands one item."""
    assert write_values(scrape("x", [1.0, 2.0, 3.0]), 0, 60, 1000) == "1 _x249 2 _x249 3"


@pytest.mark.parametrize(
    ("labels", "written"),
    [
        ({"__name__": "x"}, "x"),
        ({"__name__": "a:b", "z": "1", "a": 'q"\\\n'}, r'a:b{a="q\"\\\n", z="1"}'),
        ({"__name__": "a.b", "c.d": "e"}, '{"a.b", "c.d"="e"}'),
        ({"a": "b"}, '{a="b"}'),
    ],
)
def test_label_sets_are_written_as_promtool_reads_them(labels: dict[str, str], written: str) -> None:
    """Names that are not plain words are quoted."""
    assert write_series(labels) == written


def as_bits(value: float) -> bytes:
    """Return what tells a float from every other one, but NaNs from each other."""
    return b"NaN" if math.isnan(value) else struct.pack("d", value)


def look_up(series: RecordedSeries, at_ms: int) -> float | None:
    """Return the value that Prometheus has for a series at an instant."""
    last = max((time for time in series.times_ms if time <= at_ms), default=None)
    marked = max((time for time in series.stale_ms if time <= at_ms), default=None)
    if last is None or at_ms - last >= LOOKBACK_MS or (marked is not None and marked > last):
        return None
    return series.values[series.times_ms.index(last)]


FLOATS = st.floats(allow_nan=False) | st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 0.0])
RUNS = st.one_of(
    st.builds(lambda value, count: [value] * count, FLOATS, st.integers(1, 8)),
    st.builds(
        lambda first, step, count: [first + step * number for number in range(count)],
        st.integers(-1000, 1000).map(float) | st.floats(-10, 10),
        st.integers(-1000, 1000).map(float) | st.floats(-10, 10),
        st.integers(1, 8),
    ),
    st.builds(lambda count: [None] * count, st.integers(1, 8)),
    st.just(["stale"]),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


def make_items(items: list[float | str | None], labels: dict[str, str], number: int) -> RecordedSeries:
    """Return a series with an item at each step."""
    times = {slot * STEP_MS: item for slot, item in enumerate(items[:SLOTS]) if item is not None}
    return RecordedSeries(
        labels={"__name__": f"x{number}", **labels},
        times_ms=array("q", [at for at, item in times.items() if item != "stale"]),
        values=array("d", [item for item in times.values() if not isinstance(item, str)]),
        stale_ms=array("q", [at for at, item in times.items() if item == "stale"]),
    )


SERIES = st.tuples(
    st.lists(RUNS, max_size=8).map(lambda runs: [item for run in runs for item in run]),
    st.dictionaries(st.sampled_from(["a", "b_c", "_d"]), TEXTS, max_size=2),
)


@pytest.mark.parametrize("generation", GENERATIONS, ids=str)
@settings(max_examples=scale_examples(0.15), deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(SERIES, min_size=1, max_size=40))
def test_promtool_reads_what_is_written(
    generation: Generation, drawn: list[tuple[list[float | str | None], dict[str, str]]]
) -> None:
    """Values, gaps, staleness markers and labels come back as they were, to the last bit."""
    series = [make_items(items, labels, number) for number, (items, labels) in enumerate(drawn)]
    trial = Trial(
        rules=RULES,
        annotated=RULES,
        groups=(),
        interval_ms=STEP_MS,
        grid=Grid(start_ms=0, step_ms=STEP_MS),
        end_ms=(SLOTS - 1) * STEP_MS,
        series=series,
        questions=[Question(expr='{__name__=~"x.*"}', at_ms=slot * STEP_MS) for slot in range(SLOTS)],
    )
    (answers,) = run_trials(find_promtool(generation), [trial])
    for slot in range(SLOTS):
        got = {frozenset(labels.items()): as_bits(value) for labels, value in answers.samples.get(slot, ())}
        looked_up = [(one.labels, look_up(one, slot * STEP_MS)) for one in series]
        assert got == {
            frozenset(labels.items()): as_bits(value) for labels, value in looked_up if value is not None
        }
