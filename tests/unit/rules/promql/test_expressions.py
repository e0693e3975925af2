"""Expressions are read, written back exactly, and split at their threshold."""

from __future__ import annotations

import math

import promql_parser as ast
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from support.examples import scale_examples

from alertdrill.errors import BadInput
from alertdrill.rules.promql.expressions import (
    MAX_DEPTH,
    MAX_LENGTH,
    durations,
    format_duration,
    format_number,
    metric_name,
    parse,
    parse_duration,
    quote,
    render,
    selectors,
    split_threshold,
)

WRITTEN = [
    # milliseconds, and the colon of a subquery without a step
    ("foo[250ms]", "foo[250ms]"),
    ("foo[1m500ms]", "foo[1m500ms]"),
    ("foo[90s]", "foo[1m30s]"),
    ("foo[14d]", "foo[2w]"),
    ("foo[300]", "foo[5m]"),
    ("foo[5m:]", "foo[5m:]"),
    ("foo[5m:30s] @ end() offset 1h", "foo[5m:30s] @ end() offset 1h"),
    ("sum(foo)[5m:1ms]", "sum(foo)[5m:1ms]"),
    ("foo offset -250ms", "foo offset -250ms"),
    ("foo[5m] offset 1ms", "foo[5m] offset 1ms"),
    ("foo offset 5m @ 3", "foo @ 3.000 offset 5m"),
    ("foo @ 1700000000.125", "foo @ 1700000000.125"),
    ("foo @ start()", "foo @ start()"),
    ("foo offset 5m [10m:1m]", "foo offset 5m[10m:1m]"),
    # strings
    (r'foo{a="b\"c\n\\d"}', r'foo{a="b\"c\n\\d"}'),
    ("foo{a='it\"s'}", r'foo{a="it\"s"}'),
    (r"foo{a=~`\d+\.x`}", r'foo{a=~"\\d+\\.x"}'),
    (r"foo{a=`\\n`}", r'foo{a="\\\\n"}'),
    (r'foo{a="\t\x01é\u00e9"}', r'foo{a="\t\x01éé"}'),
    (r'foo{a="\xe2\x98\x83\303\251\U0001F600"}', 'foo{a="\u2603\u00e9\U0001f600"}'),
    (r"foo{a='\'\a'}", r"""foo{a="'\x07"}"""),
    ("foo # a 'comment'\n[5m]", "foo[5m]"),
    ("foo{a='b'}\n> 1", 'foo{a="b"} > 1'),
    ('foo{a="x # y"} # z', 'foo{a="x # y"}'),
    ('foo{a!="b",c!~"d",e=""}', 'foo{a!="b", c!~"d", e=""}'),
    ('{"foo.bar","a.b"="c"}', '{__name__="foo.bar", "a.b"="c"}'),
    # numbers
    ("5m", "300"),
    ("0x1F", "31"),
    ("1e-7", "1e-07"),
    ("-Inf", "-Inf"),
    ("NaN", "NaN"),
    ("1_000.5_0 + 0x1_F", "1000.5 + 31"),
    ("x_1 + 1e1_0", "x_1 + 10000000000"),
    ("foo[1_000]", "foo[16m40s]"),
    ("foo[.5]", "foo[500ms]"),
    ("foo[1.001]", "foo[1s1ms]"),
    ("foo offset 300", "foo offset 5m"),
    ("foo offset -0s", "foo offset 0"),
    # arithmetic in durations
    ("foo[5m * 2]", "foo[10m]"),
    ("foo[5m + 0s]", "foo[5m]"),
    ("foo > 0s", "foo > 0"),
    ("foo[29s+1s:((((8 - 2) / 3) * 7s) % 4) + 8000ms]", "foo[30s:10s]"),
    ("foo[-5m+35m] offset -(2 ^ 2)", "foo[30m] offset -4s"),
    ("foo offset (20*(1 + 1))", "foo offset 40s"),
    ("foo offset 2 ^ 2", "foo offset 2s ^ 2"),
    # absolute times
    ("foo @ -1.5", "foo @ -1.500"),
    ("foo @ - 1h30m", "foo @ -5400.000"),
    ("foo @ 0.0006 offset -1s", "foo @ 0.001 offset -1s"),
    ("foo @ 1_000", "foo @ 1000.000"),
    # grouping and matching
    ("sum(foo) by (a,b,)", "sum by (a, b) (foo)"),
    ("sum without () (foo)", "sum without () (foo)"),
    ('sum by ("a.b") (foo)', 'sum by ("a.b") (foo)'),
    ("topk by (a) (5, foo)", "topk by (a) (5, foo)"),
    ('count_values("v", foo)', 'count_values("v", foo)'),
    ("a + on (x) group_left (y) b", "a + on (x) group_left (y) b"),
    ("a == ignoring () group_right b", "a == ignoring () group_right () b"),
    ("a > bool on (x) b", "a > bool on (x) b"),
    ("a unless b", "a unless b"),
    ("a and ignoring (z) b", "a and ignoring (z) b"),
    # precedence
    ("-x ^ 2", "-x ^ 2"),
    ("(-x) ^ 2", "(-x) ^ 2"),
    ("-1 ^ 2", "-1 ^ 2"),
    ("a - (b - c)", "a - (b - c)"),
    ("(a ^ b) ^ c", "(a ^ b) ^ c"),
    ("a ^ -b ^ c", "a ^ -b ^ c"),
    ("1 - -1", "1 - -1"),
    ("a or b and c", "a or b and c"),
    ("a atan2 b % 2", "a atan2 b % 2"),
    # names that are words of the language
    ("sum by (on) (by)", "sum by (on) (by)"),
    ("offset offset 5m", "offset offset 5m"),
    ("holt_winters(x[5m], 0.1, 0.2)", "holt_winters(x[5m], 0.1, 0.2)"),
    ("hour()", "hour()"),
]


@pytest.mark.parametrize(("text", "written"), WRITTEN)
def test_an_expression_is_written_with_nothing_lost(text: str, written: str) -> None:
    """What the parser's own printer drops is there: milliseconds, escapes, colons, labels, parentheses."""
    assert render(parse(text)) == written


@pytest.mark.parametrize("text", [text for text, _ in WRITTEN])
def test_a_written_expression_reads_back_as_the_same_tree(text: str) -> None:
    """parse(render(e)) is e."""
    tree = parse(text)
    assert repr(parse(render(tree))) == repr(tree)


NAMES = st.sampled_from(["x", "job:rate5m", "sum", "by", "offset", "start", "limitk", "and", "_x1"])
LABELS = st.sampled_from(["a", "on", "le", "by", "bool", "_b"])
DURATIONS = st.integers(1, 10**10).map(lambda milliseconds: format_duration(milliseconds / 1000))
NUMBERS = st.floats().map(format_number)
STRINGS = st.text(st.characters(codec="utf-8"), max_size=8)


@st.composite
def write_selectors(draw: st.DrawFn) -> str:
    """Make a selector, perhaps shifted."""
    operators = st.sampled_from(["=", "!="])
    matchers = draw(st.lists(st.tuples(LABELS, operators, STRINGS), max_size=3))
    inner = ",".join(f"{label}{operator}{quote(value)}" for label, operator, value in matchers)
    return draw(NAMES) + (f"{{{inner}}}" if matchers else "")


@st.composite
def write_shifts(draw: st.DrawFn) -> str:
    """Make an @ and an offset, or one, or none."""
    at = draw(st.sampled_from(["", " @ start()", " @ end()", " @ 12.345", " @ 1700000000"]))
    sign = draw(st.sampled_from(["", "-"]))
    return at + (f" offset {sign}{draw(DURATIONS)}" if draw(st.booleans()) else "")


def write_ranges(vectors: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make a range vector of a selector or of any expression."""
    steps = st.one_of(st.just(""), DURATIONS)
    plain = st.builds("{}[{}]{}".format, write_selectors(), DURATIONS, write_shifts())
    nested = st.builds("({})[{}:{}]{}".format, vectors, DURATIONS, steps, write_shifts())
    return st.one_of(plain, nested)


def extend(vectors: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make an expression of smaller ones, all of them vectors."""
    grouping = st.builds("{} ({})".format, st.sampled_from(["by", "without"]), LABELS)
    matching = st.builds("{} ({})".format, st.sampled_from(["on", "ignoring"]), LABELS)
    side = st.builds("{} {} ({})".format, matching, st.sampled_from(["group_left", "group_right"]), LABELS)
    arithmetic = st.sampled_from(["+", "-", "*", "/", "%", "^", "atan2", "==", ">", "<=", "!= bool"])
    over_time = st.sampled_from(["rate", "increase", "max_over_time", "deriv", "absent_over_time"])
    return st.one_of(
        st.builds("({})".format, vectors),
        st.builds("-{}".format, vectors),
        st.builds("abs({})".format, vectors),
        st.builds("{}({})".format, over_time, write_ranges(vectors)),
        st.builds("sum {} ({})".format, grouping, vectors),
        st.builds("topk({}, {})".format, NUMBERS, vectors),
        st.builds("{} {} {}".format, vectors, arithmetic, vectors),
        st.builds("{} {} {}".format, vectors, arithmetic, NUMBERS),
        st.builds("{} {} {} {}".format, vectors, arithmetic, st.one_of(matching, side), vectors),
        st.builds("{} {} {}".format, vectors, st.sampled_from(["and", "or", "unless"]), vectors),
    )


EXPRESSIONS = st.recursive(st.builds("{}{}".format, write_selectors(), write_shifts()), extend, max_leaves=8)


@given(EXPRESSIONS)
@settings(deadline=None, max_examples=scale_examples(3))
def test_any_generated_expression_reads_back_as_the_same_tree(text: str) -> None:
    """parse(render(e)) is e for expressions of every shape of the grammar."""
    try:
        tree = parse(text)
    except BadInput:
        # Operators regroup what was put together: x + 0 * on (a) y matches a number.
        reject()
    assert repr(parse(render(tree))) == repr(tree)


@given(st.floats())
@settings(deadline=None)
def test_a_number_reads_back_as_the_same_float(value: float) -> None:
    """No digit of a number is lost in writing."""
    read = parse(format_number(value))
    assert isinstance(read, ast.NumberLiteral)
    assert repr(read.val) == repr(value)


@given(STRINGS)
@settings(deadline=None)
def test_a_string_reads_back_as_the_same_text(text: str) -> None:
    """Whatever is in a string, quoting keeps it."""
    read = parse(quote(text))
    assert isinstance(read, ast.StringLiteral)
    assert read.val == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no expression found"),
        ("foo{", "unexpected end of input inside braces"),
        ("foo smoothed", "invalid promql query"),
        ("rate(foo[step() * 2])", "not PromQL"),
        ("rate(foo[5m - 5m])", "a step of nothing"),
        ("foo[5m:0]", "a step of nothing"),
        ("rate(foo[1h / 0])", "not PromQL"),
        ("foo offset (5m", "not PromQL"),
        ("1__0", "not PromQL"),
        ("unheard_of(foo)", "unknown function with name 'unheard_of'"),
        ("rate(foo)", "expected type matrix"),
        ('foo{a="b" or c="d"}', "joins matchers by `or`"),
        ("a + fill(0) b", "fill modifier"),
        ("foo @ 9999999999999", "out of range"),
        ("foo @ -99999999999", "out of range"),
        ("foo @ Inf", "not PromQL"),
        ("foo[99999y]", "longer than 292 years"),
        ("foo[2800000y]", "out of range"),
        ("foo[0.0001]", "whole number of milliseconds"),
        (r'foo{a="\xff"}', "not UTF-8"),
        (r'foo{a="\377"}', "not UTF-8"),
        ("(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH, "levels deep"),
        ("x" + " + x" * MAX_DEPTH, "levels deep"),
        ("-" * MAX_DEPTH + "x", "levels deep"),
        ("x" * (MAX_LENGTH + 1), "longer than"),
        (r'foo{a="\q"}', "which is no escape"),
        ('foo{a="\n"}', "not PromQL"),
        ('"\ud800"', "not PromQL"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(text: str, reason: str) -> None:
    """Bad, newer and immoderate expressions are an error, never a crash."""
    with pytest.raises(BadInput, match=reason) as raised:
        parse(text)
    assert "\n" not in str(raised.value)


def test_a_panic_of_the_parser_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A panic derives from BaseException and still does not end the program."""
    panic = type("PanicException", (BaseException,), {})

    def fail(text: str) -> ast.Expr:
        raise panic(text)

    monkeypatch.setattr(ast, "parse", fail)
    with pytest.raises(BadInput, match="parser fail"):
        parse("a_panic")


def test_an_interruption_of_the_parser_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only panics are taken for errors: Ctrl-C still works."""

    def interrupt(text: str) -> ast.Expr:
        raise KeyboardInterrupt(text)

    monkeypatch.setattr(ast, "parse", interrupt)
    with pytest.raises(KeyboardInterrupt):
        parse("an_interruption")


def test_selectors_are_listed_wherever_they_stand() -> None:
    """Selectors are found in ranges, subqueries, parameters and both sides, left to right."""
    expr = parse('topk(scalar(a), rate(b[5m])) > max_over_time(({__name__="c.d"} - e)[1h:]) or {f=~"g"}')
    assert [metric_name(selector) for selector in selectors(expr)] == ["a", "b", "c.d", "e", None]


def test_durations_are_listed_in_seconds() -> None:
    """Ranges, steps and offsets, negative ones too, are found at every depth."""
    expr = parse("max_over_time(rate(a[5m] offset 250ms)[1h:30s] offset -1m) > b offset 1d")
    assert durations(expr) == (3600.0, 30.0, -60.0, 300.0, 0.25, 86400.0)


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("rate(a[5m]) > 0.5", ("rate(a[5m])", ">", 0.5)),
        ("(sum(a) >= (2))", ("sum(a)", ">=", 2.0)),
        ("(a / b) != 1", ("a / b", "!=", 1.0)),
        ("a < -1", ("a", "<", -1.0)),
        ("a == -(2 * 3) ^ 2 / 4 % 5 + 1", ("a", "==", -3.0)),
        ("a > 1h", ("a", ">", 3600.0)),
        ("5 > a", ("a", "<", 5.0)),
        ("5 >= a", ("a", "<=", 5.0)),
        ("5 < a", ("a", ">", 5.0)),
        ("5 <= a", ("a", ">=", 5.0)),
        ("5 != a", ("a", "!=", 5.0)),
        ("5 == a", ("a", "==", 5.0)),
        ("a > 1 > 2", ("a > 1", ">", 2.0)),
        ("a > bool 5", None),
        ("a > b", None),
        ("a > scalar(b)", None),
        ("a > 1 and b > 2", None),
        ("a + 5", None),
        ("a", None),
        ("-a", None),
        ("absent(a)", None),
        ("a > Inf", None),
        ("a > 1 / 0", None),
        ("a > (-1) ^ 0.5", None),
        ("a > 10 ^ 400", None),
    ],
)
def test_a_comparison_with_a_constant_is_split_at_it(text: str, split: tuple[str, str, float] | None) -> None:
    """The varying side, the operator as seen from it and the constant; nothing for any other expression."""
    assert split_threshold(text) == split


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("250ms", 0.25),
        ("1s1ms", 1.001),
        ("0", 0.0),
        ("0s", 0.0),
        ("1y2w3d4h5m6s7ms", 33_019_506.007),
    ],
)
def test_a_duration_is_read_to_the_millisecond(text: str, seconds: float) -> None:
    """Prometheus's durations are read exactly."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "m", "5 m", "5m1h", "5m5m", "-5m", "1.5m", "5x", "\u0665m", "5m\n", "300y"]
)
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    """Only what Prometheus reads is read."""
    with pytest.raises(ValueError, match=r"duration|292 years"):
        parse_duration(text)


@given(st.integers(0, 2**53 // 1000))
def test_a_duration_reads_back_exactly(milliseconds: int) -> None:
    """Formatting and parsing lose no millisecond within Prometheus's own limit of 292 years."""
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (5400, "1h30m"), (1_209_600, "2w"), (1_296_000, "15d"), (31_536_000, "1y"), (0.001, "1ms")],
)
def test_a_duration_is_written_as_prometheus_does(seconds: float, text: str) -> None:
    """Years and weeks appear only where nothing remains."""
    assert format_duration(seconds) == text


@pytest.mark.parametrize("seconds", [0.0005, -1, math.inf, math.nan])
def test_no_duration_is_rounded(seconds: float) -> None:
    """Parts of milliseconds, negative and infinite times have no notation."""
    with pytest.raises(ValueError, match=r"milliseconds|Invalid literal"):
        format_duration(seconds)
