"""Dilation held against the real promtool by expressions and series that nobody thought of.

Of two kinds: in what is not per second every digit is the same, so anything may be done with it; a rate is
rounded once more, so only what does not make a small difference a large one is done with it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.promtool_values import World, evaluate_worlds, is_same

from alertdrill.rules.dilation.files import dilate_duration, dilate_expr
from alertdrill.rules.promql.expressions import format_duration
from alertdrill.runtime.binaries import Generation, find_engines

INTERVAL_S = 15.0
SAMPLES = 160
TIMES_S = (1200.0, 1942.5)
REACH = 10
"""Samples; so long after the last one a series is marked stale: within promtool's 5 minutes at any speed."""
UNTIL_S = (SAMPLES + REACH) * INTERVAL_S
SPEEDS = (60, 30, 7.5, 0.5)

DURATIONS = st.sampled_from([15, 30, 45, 60, 120, 300, 450, 900]).map(lambda s: format_duration(float(s)))
WINDOWS = st.sampled_from(["1m", "2m30s", "5m", "15m"])
STEPS = st.sampled_from(["", "15s", "30s", "1m15s"])
SHIFTS = st.one_of(
    st.just(""),
    st.builds(" offset {}{}".format, st.sampled_from(["", "-"]), DURATIONS),
    st.sampled_from([" @ start()", " @ end() offset 1m", " @ 900", " @ 1215 offset -30s", " @ -30"]),
)
SELECTORS = st.sampled_from(["c", "g", 'c{a="1"}', "gappy", '{__name__=~"c|g"}', "g{b!='x'}"])
COUNTERS = st.sampled_from(["c", 'c{a=~"1|2"}', "gappy"])
LABELS = st.sampled_from(["a", "b", "a, b", ""])
GROUPINGS = st.builds("{} ({})".format, st.sampled_from(["by", "without"]), LABELS)


def exact(vectors: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make an expression of those in which every digit is the same."""
    functions = ["abs", "ceil", "floor", "sgn", "round", "sqrt", "ln", "timestamp", "hour", "minute", "sort"]
    over_time = ["avg", "min", "max", "sum", "count", "last", "present", "stddev", "stdvar"]
    windowed = [*(f"{name}_over_time" for name in over_time), "changes", "resets", "idelta"]
    nested = st.builds("({})[{}:{}]{}".format, vectors, WINDOWS, STEPS, SHIFTS)
    plain = st.builds("{}[{}]{}".format, SELECTORS, WINDOWS, SHIFTS)
    aggregations = ["sum", "avg", "min", "max", "count", "stddev", "group"]
    return st.one_of(
        st.builds("{}({})".format, st.sampled_from(functions), vectors),
        st.builds("-({})".format, vectors),
        st.builds("clamp({}, 1, 5)".format, vectors),
        st.builds("{}({})".format, st.sampled_from(windowed), st.one_of(plain, nested)),
        st.builds("quantile_over_time(0.7, {})".format, st.one_of(plain, nested)),
        st.builds("absent_over_time({})".format, plain),
        st.builds("{} {} ({})".format, st.sampled_from(aggregations), GROUPINGS, vectors),
        # Of equal values Prometheus chooses any, so none is left out.
        st.builds("{}(5, {})".format, st.sampled_from(["topk", "bottomk"]), vectors),
        st.builds('count_values("v", {})'.format, vectors),
        st.builds(
            "({}) {} ({})".format, vectors, st.sampled_from(["+", "-", "*", "%", "> bool", "=="]), vectors
        ),
        st.builds("({}) {} ({})".format, vectors, st.sampled_from(["and", "or", "unless"]), vectors),
        st.builds("({}) {} on (a) ({})".format, vectors, st.sampled_from(["+", "<", "and", "or"]), vectors),
        st.builds("({}) * on (a) group_left (b) ({})".format, vectors, vectors),
        st.builds('label_replace({}, "d", "$1", "a", "(.*)")'.format, vectors),
        st.builds("({}) - time()".format, vectors),
        st.builds("vector(scalar({}))".format, vectors),
    )


EXACT = st.recursive(
    st.one_of(
        st.builds("{}{}".format, SELECTORS, SHIFTS),
        st.sampled_from(["vector(time())", "month()", "minute()"]),
    ),
    exact,
    max_leaves=4,
)


def rounded(vectors: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make an expression of those that have been divided."""
    windowed = st.sampled_from([f"{name}_over_time" for name in ("avg", "min", "max", "sum", "last")])
    return st.one_of(
        st.builds("{}(({})[{}:{}]{})".format, windowed, vectors, WINDOWS, STEPS, SHIFTS),
        st.builds("{} {} ({})".format, st.sampled_from(["sum", "avg", "max", "min"]), GROUPINGS, vectors),
        st.builds("({}) {} ({})".format, vectors, st.sampled_from(["+", "*", "and", "or"]), vectors),
        st.builds("abs({})".format, vectors),
    )


RATES = st.one_of(
    st.builds(
        "{}({}[{}]{})".format, st.sampled_from(["rate", "irate", "increase"]), COUNTERS, WINDOWS, SHIFTS
    ),
    st.builds("{}(g[{}]{})".format, st.sampled_from(["deriv", "delta"]), WINDOWS, SHIFTS),
    st.builds(
        "predict_linear(g[{}], {})".format, WINDOWS, st.sampled_from(["600", "-90", "scalar(g{a='1'})"])
    ),
    st.builds("histogram_quantile(0.9, rate(h_bucket[{}]{}))".format, WINDOWS, SHIFTS),
)
EXPRESSIONS = st.one_of(EXACT, st.recursive(RATES, rounded, max_leaves=3))
COUNTS = st.lists(st.integers(0, 9), min_size=SAMPLES, max_size=SAMPLES)
ODD = 0.0173
"""What counters begin with. Prometheus extrapolates a rate to the window's end if that, or the instant at
which the counter would have been 0, is nearer than 1.1 times the samples' distance. Among small whole numbers
there are ties, which its own rounding decides, at each speed otherwise."""


@st.composite
def write_series(draw: st.DrawFn) -> dict[str, str]:
    """Make counters that may reset, gauges, one with gaps, and a classic histogram."""

    def count_up() -> str:
        value, values = 0, []
        for step in draw(COUNTS):
            value = 0 if step == 9 else value + step
            values.append(str(value + ODD))
        return " ".join(values)

    steps = draw(COUNTS)
    buckets = [sum(steps[: at + 1]) + ODD for at in range(SAMPLES)]
    return {
        'c{a="1",b="x"}': count_up(),
        'c{a="2",b="y"}': count_up(),
        'g{a="1",b="x"}': " ".join(str(value / 4) for value in draw(COUNTS)),
        'g{a="3",b="y"}': " ".join(str(value - 4.5) for value in draw(COUNTS)),
        'gappy{a="1"}': " ".join(
            "_" if value < 5 and at % 4 else str(value + at * ODD) for at, value in enumerate(draw(COUNTS))
        ),
        'h_bucket{le="1"}': " ".join(str(value) for value in buckets),
        'h_bucket{le="4"}': " ".join(str(value * 2) for value in buckets),
        'h_bucket{le="+Inf"}': " ".join(str(value * 3) for value in buckets),
    }


@pytest.mark.parametrize("generation", list(Generation), ids=str)
@given(
    series=write_series(),
    exprs=st.lists(EXPRESSIONS, min_size=40, max_size=40),
    late=st.sampled_from([0, 60]),
)
@settings(
    deadline=None,
    max_examples=2,
    phases=[Phase.generate],  # the expression that differs is told; nothing needs to be shrunk
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
def test_any_expression_has_the_original_value(
    generation: Generation, series: dict[str, str], exprs: list[str], late: int
) -> None:
    """D(E) has at origin + t / speed the value that E has at t, at every speed, for whatever is generated."""
    ended = {name: f"{text} _x{REACH - 1} stale" for name, text in series.items()}
    late_s = late * INTERVAL_S
    asked = [(expr, at) for expr in exprs for at in TIMES_S]
    interval = format_duration(INTERVAL_S)
    written = World(
        interval=interval,
        evaluation_interval=interval,
        series=ended,
        questions=[(expr, format_duration(at)) for expr, at in asked],
        until_s=UNTIL_S,
    )
    dilated = [
        World(
            interval=dilate_duration(INTERVAL_S, speed),
            evaluation_interval=dilate_duration(INTERVAL_S, speed),
            series={name: f"_x{late} {text}" if late else text for name, text in ended.items()},
            questions=[
                (dilate_expr(expr, speed, late_s / speed), dilate_duration(late_s + at, speed))
                for expr, at in asked
            ],
            until_s=(late_s + UNTIL_S) / speed,
        )
        for speed in SPEEDS
    ]
    engines = find_engines(os.environ, generation=generation)
    with tempfile.TemporaryDirectory() as folder:
        before, *after = evaluate_worlds(engines, Path(folder) / "run", [written, *dilated])
    for speed, answers in zip(SPEEDS, after, strict=True):
        pairs = zip(asked, before, answers, strict=True)
        assert [(speed, *pair) for pair in pairs if not is_same(*pair[1:])] == []
