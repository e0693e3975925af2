"""Expressions and durations are rewritten for another speed exactly, or refused with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from support.examples import scale_examples

from alertdrill.errors import BadInput
from alertdrill.rules.dilation.files import dilate_duration, dilate_expr
from alertdrill.rules.promql.expressions import durations, format_duration, parse


@pytest.mark.parametrize(
    ("seconds", "speed", "text"),
    [
        (300.0, 60, "5s"),
        (300, 60.0, "5s"),
        (15.0, 60, "250ms"),
        (15.0, 7.5, "2s"),
        (0.3, 0.1, "3s"),
        (0.1, 0.1, "1s"),
        (1.1, 1.1, "1s"),
        (0.0, 60, "0s"),
        (3600.0, 0.5, "2h"),
    ],
)
def test_a_duration_is_divided_exactly(seconds: float, speed: float, text: str) -> None:
    """Fractions of seconds and of speed divide as their decimal digits say, without binary rounding."""
    assert dilate_duration(seconds, speed) == text


@pytest.mark.parametrize(("seconds", "speed"), [(1.0, 60), (300.0, 7), (0.0005, 1), (0.001, 2)])
def test_a_duration_is_not_rounded(seconds: float, speed: float) -> None:
    """What would not be whole milliseconds is refused."""
    with pytest.raises(BadInput, match="is not a whole number of milliseconds"):
        dilate_duration(seconds, speed)


@pytest.mark.parametrize("speed", [0, -60, float("inf"), float("nan"), 1e-9, 1e9])
def test_a_speed_is_bounded(speed: float) -> None:
    """A speed of nothing, backwards or beyond all use is refused, wherever one is given."""
    with pytest.raises(BadInput, match="the speed"):
        dilate_duration(60.0, speed)
    with pytest.raises(BadInput, match="the speed"):
        dilate_expr("up", speed)


@pytest.mark.parametrize(
    ("text", "dilated"),
    [
        ("up == 0", "up == 0"),
        ("rate(m[5m])", "(rate(m[5s]) / 60)"),
        ("irate(m[5m] offset 1h)", "(irate(m[5s] offset 1m) / 60)"),
        ("deriv(m[5m])", "(deriv(m[5s]) / 60)"),
        ("increase(m[5m])", "increase(m[5s])"),
        ("predict_linear(m[1h], 4 * 3600)", "predict_linear(m[1m], (4 * 3600) / 60)"),
        ("m offset -1m", "m offset -1s"),
        (
            "max_over_time(rate(m[5m])[30m:15s] offset 1h)",
            "max_over_time((rate(m[5s]) / 60)[30s:250ms] offset 1m)",
        ),
        ("max_over_time(m[30m:])", "max_over_time(m[30s:])"),
        ("-rate(m[5m]) ^ 2", "-(rate(m[5s]) / 60) ^ 2"),
        ("m  > # why\n 5m", "m  > # why\n 5m"),
        ("delta(m[1h]) > 5m", "delta(m[1m]) > 300"),
        ("m[5m] @ end()", "m[5s] @ end()"),
        ("hour(m)", "hour(m)"),
    ],
)
def test_an_expression_is_dilated(text: str, dilated: str) -> None:
    """Durations and per-second values are divided by the speed, and nothing else is."""
    assert dilate_expr(text, 60) == dilated


def test_a_fractional_speed_divides_as_it_is_written() -> None:
    """Half speeds are speeds like any other."""
    assert dilate_expr("rate(m[5m])", 7.5) == "(rate(m[40s]) / 7.5)"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("m[1s]", "the range 1s divided by the speed 60 is not a whole number of milliseconds"),
        ("m[5m:1s]", "the step 1s divided by"),
        ("m offset -1s", "the offset 1s divided by"),
        ("m @ 1700000000", "the absolute time @ 1700000000.000 is not known"),
        ("time() - m", r"time\(\) reads the clock"),
        ("timestamp(m)", r"timestamp\(\) reads the clock"),
        ("hour() > 8", r"hour\(\) reads the clock"),
        ("hour(timestamp(m))", r"timestamp\(\) reads the clock"),
        ("ts_of_max_over_time(m[5m])", r"ts_of_max_over_time\(\) reads the clock"),
        ("predict_linear(m[1h], time())", r"time\(\) reads the clock"),
        ("first_over_time(m[5m])", r"it is not known what the speed does to first_over_time\(\)"),
        ("limitk(1, m)", "limitk takes the series that the server came to know first"),
        ('{__name__=~"ALERTS.*"}', "readings of the wall clock"),
        ("ALERTS_FOR_STATE", "readings of the wall clock"),
        ('{__name__="ALERTS_FOR_STATE"}', "readings of the wall clock"),
        ("m smoothed", "not PromQL"),
    ],
)
def test_what_is_not_known_exactly_is_refused(text: str, why: str) -> None:
    """Clocks, absolute times, unknown functions and parts of milliseconds are never approximated."""
    with pytest.raises(BadInput, match=why):
        dilate_expr(text, 60)


def test_every_reason_is_told_once() -> None:
    """A reason does not hide the next one, nor is it repeated."""
    with pytest.raises(BadInput) as raised:
        dilate_expr("time() - m[1s:] @ 5 > time()".replace("m[1s:] @ 5", "max_over_time(m[1s:] @ 5)"), 60)
    assert str(raised.value).split("; ") == [
        "time() reads the clock, which tells no rule time without an origin",
        "the range 1s divided by the speed 60 is not a whole number of milliseconds",
        "the absolute time @ 5.000 is not known on the wall clock without an origin",
    ]


DURATIONS = st.integers(1, 10**6).map(lambda seconds: format_duration(float(seconds)))
SHIFTS = st.one_of(st.just(""), st.builds(" offset {}{}".format, st.sampled_from(["", "-"]), DURATIONS))
RANGES = st.builds("m[{}]{}".format, DURATIONS, SHIFTS)


def extend(vectors: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make an expression of smaller ones."""
    functions = st.sampled_from(["rate", "increase", "deriv", "max_over_time"])
    nested = st.builds("({})[{}:{}]{}".format, vectors, DURATIONS, st.one_of(st.just(""), DURATIONS), SHIFTS)
    return st.one_of(
        st.builds("{}({})".format, functions, st.one_of(RANGES, nested)),
        st.builds("({}) {} ({})".format, vectors, st.sampled_from(["+", "/", "> bool", "and"]), vectors),
        st.builds("sum by (a) ({})".format, vectors),
    )


EXPRESSIONS = st.recursive(st.builds("m{}".format, SHIFTS), extend, max_leaves=5)
SPEEDS = st.sampled_from([1, 2, 4, 5, 7.5, 10, 12.5, 60])


@given(EXPRESSIONS, SPEEDS, SPEEDS)
@settings(deadline=None, max_examples=scale_examples(2))
def test_two_dilations_are_one_by_the_product(text: str, first: float, second: float) -> None:
    """Dilating by a and then by b gives the durations of dilating by a * b."""
    try:
        twice = dilate_expr(dilate_expr(text, first), second)
    except BadInput:
        reject()
    assert durations(parse(twice)) == durations(parse(dilate_expr(text, first * second)))


@given(EXPRESSIONS, SPEEDS)
@settings(deadline=None, max_examples=scale_examples(2))
def test_every_duration_is_divided(text: str, speed: float) -> None:
    """Times the speed, the dilated durations are the original ones, in the same order."""
    try:
        dilated = dilate_expr(text, speed)
    except BadInput:
        reject()
    assert [seconds * speed for seconds in durations(parse(dilated))] == pytest.approx(durations(parse(text)))


@pytest.mark.parametrize(
    "text", ["rate(m[5m]) > 1", "time() - timestamp(m) > hour()", "ALERTS_FOR_STATE", "m @ 12.345"]
)
def test_at_speed_1_nothing_changes(text: str) -> None:
    """Rule time is then wall time, so even the clock may be read."""
    assert dilate_expr(text, 1) == text


@pytest.mark.parametrize(
    ("text", "speed", "dilated"),
    [
        ("time() - m", 60, "scalar(round(vector((time() - 1000.5) * 60), 0.001)) - m"),
        ("time()", 1, "scalar(round(vector(time() - 1000.5), 0.001))"),
        ("time()", 5000, "scalar(round((round(vector(time() - 1000.5), 0.001)) * 5000, 0.001))"),
        ("timestamp(m offset 1h)", 60, "round((timestamp(m offset 1m) - 1000.5) * 60, 0.001)"),
        ("ts_of_max_over_time(m[1h])", 1, "round(ts_of_max_over_time(m[1h]) - 1000.5, 0.001)"),
        ("hour() > 8", 60, "hour(round(vector((time() - 1000.5) * 60), 0.001)) > 8"),
        ("hour(m)", 60, "hour(m)"),
        ("m[1h] @ 90 offset 1m", 60, "m[1m] @ 1002.000 offset 1s"),
        ("m @ start()", 60, "m @ start()"),
        ("m[1h:30s]", 60, "m[1m:500ms]"),
        ("m[1h:]", 30, "m[2m:]"),
    ],
)
def test_with_an_origin_clocks_are_read_as_rule_time(text: str, speed: float, dilated: str) -> None:
    """Instants since the epoch become instants since the origin, times the speed, in whole milliseconds."""
    assert dilate_expr(text, speed, 1000.5) == dilated


def test_an_origin_before_1970_is_added() -> None:
    """No literal is negative, and an origin of 0 is left out."""
    assert dilate_expr("time()", 2, -5) == "scalar(round(vector((time() + 5) * 2), 0.001))"
    assert dilate_expr("time()", 2, 0) == "scalar(round(vector((time()) * 2), 0.001))"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("m @ 0.06", "the absolute time @ 0.060 is not a whole number of milliseconds on the wall clock"),
        ("m[1h:7s]", "the origin is no whole number of steps of 7s"),
        ("m[1h:]", "the origin is no whole number of steps of 15s"),
        ("ALERTS_FOR_STATE", "readings of the wall clock"),
    ],
)
def test_an_origin_does_not_make_everything_exact(text: str, why: str) -> None:
    """Prometheus aligns subqueries to the epoch, and knows nothing shorter than a millisecond."""
    with pytest.raises(BadInput, match=why):
        dilate_expr(text, 7, 1000.5)


@pytest.mark.parametrize("origin", [0.0001, float("nan"), float("inf")])
def test_an_origin_is_whole_milliseconds(origin: float) -> None:
    """Prometheus's own instants are."""
    with pytest.raises(BadInput, match="the origin"):
        dilate_expr("up", 60, origin)
