"""Expressions and durations rewritten for a world in which everything runs `speed` times faster.

When a sample (t, x) becomes (origin + t / speed, x), the dilated expression has at origin + t / speed the
value that the original has at t, but for the rounding of one floating-point division. So every duration is
divided by the speed, and so is what is per second; what reads the clock is read as rule time; what counts or
compares is left alone; and whatever is not known to obey that is refused. A range is divided in whole
milliseconds, because Prometheus knows nothing shorter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

import promql_parser as ast

from alertdrill.errors import BadInput
from alertdrill.rules.promql.expressions import (
    DurationKind,
    Printer,
    format_duration,
    format_number,
    metric_name,
    parse,
    parse_duration,
    render,
    walk,
    whole_ms,
)

MIN_SPEED = 0.001
MAX_SPEED = 1_000_000
DEFAULT_STEP_S = 15.0
"""Of subqueries that state none: the evaluation interval that servers are taken to have."""

PER_SECOND = {"rate", "irate", "deriv"}
"""Their values are `speed` times as large."""

# One name a line would fill a page.
# fmt: off
CALENDAR = {
    "day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year",
}
"""They read the clock when they are given no argument."""

INSTANTS = {"timestamp", "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time"}
"""Their values are instants of samples, in seconds since the epoch."""

LEFT_ALONE = {
    "abs", "absent", "absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh", "avg_over_time",
    "ceil", "changes", "clamp", "clamp_max", "clamp_min", "cos", "cosh", "count_over_time", "deg", "delta",
    "double_exponential_smoothing", "exp", "floor", "histogram_avg", "histogram_count",
    "histogram_fraction", "histogram_quantile", "histogram_stddev", "histogram_stdvar", "histogram_sum",
    "holt_winters", "idelta", "increase", "info", "label_join", "label_replace", "last_over_time", "ln",
    "log10", "log2", "mad_over_time", "max_over_time", "min_over_time", "pi", "present_over_time",
    "quantile_over_time", "rad", "resets", "round", "scalar", "sgn", "sin", "sinh", "sort", "sort_by_label",
    "sort_by_label_desc", "sort_desc", "sqrt", "stddev_over_time", "stdvar_over_time", "sum_over_time",
    "tan", "tanh", "vector",
}
"""They count, compare or calculate, and do not see how far apart samples are."""

AGGREGATIONS = {
    "avg", "bottomk", "count", "count_values", "group", "limit_ratio", "max", "min", "quantile",
    "stddev", "stdvar", "sum", "topk",
}
# fmt: on

STATE_METRIC = "ALERTS_FOR_STATE"

_MILLISECOND = Fraction(1, 1000)
_COARSE_SPEED = 1000
"""From here on the rounding of instants since the epoch, 0.2 us, could become half a millisecond."""


def read_speed(speed: float) -> Fraction:
    """Return a speed as its decimal digits say it, free of binary rounding. Raises BadInput out of bounds."""
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise BadInput(f"the speed {speed} is not a number from {MIN_SPEED} to {MAX_SPEED}")
    return Fraction(repr(speed))


def read_origin(origin_s: float) -> Fraction:
    """Return an origin as its decimal digits say it. Raises BadInput unless it is whole milliseconds."""
    try:
        origin = Fraction(repr(origin_s))
    except ValueError as error:
        raise BadInput(f"the origin {origin_s} is not a time") from error
    if (origin / _MILLISECOND).denominator != 1:
        raise BadInput(f"the origin {origin_s} is not a whole number of milliseconds")
    return origin


def divide(seconds: Fraction, speed: Fraction) -> str | None:
    """Return a duration divided by the speed, or None when that is not whole milliseconds."""
    milliseconds = seconds * 1000 / speed
    return format_duration(int(milliseconds) / 1000) if milliseconds.denominator == 1 else None


class Dilator(Printer):
    """Writes expressions dilated, and collects the reasons why that cannot be done."""

    def __init__(self, speed: float, origin_s: float | None, default_step_s: float) -> None:
        self._speed = read_speed(speed)
        if origin_s is None and self._speed == 1:
            origin_s = 0.0
        self._origin = None if origin_s is None else read_origin(origin_s)
        self._default_step = Fraction(repr(default_step_s))
        self._divisor = format_number(float(speed))
        self.reasons: list[str] = []

    def refuse(self, why: str) -> None:
        """Note a reason, once."""
        if why not in self.reasons:
            self.reasons.append(why)

    def dilate_expr(self, text: str) -> str:
        """Return an expression, dilated; the very text where nothing changes."""
        try:
            expr = parse(text)
        except BadInput as error:
            self.refuse(str(error))
            return text
        for node in walk(expr):
            if isinstance(node, ast.AggregateExpr):
                self._check_operator(str(node.op).strip())
            if isinstance(node, ast.VectorSelector) and self._origin != 0 and _reads_states(node):
                self.refuse(f"the values of {STATE_METRIC} are readings of the wall clock")
            if isinstance(node, ast.SubqueryExpr):
                self._check_alignment(node)
        written = self.write(expr)
        return text if written == render(expr) else written

    def _check_operator(self, operator: str) -> None:
        if operator == "limitk" and self._speed != 1:
            self.refuse("limitk takes the series that the server came to know first, which may be others")
        elif operator not in AGGREGATIONS | {"limitk"}:
            self.refuse(f"it is not known what the speed does to {operator}")

    def _check_alignment(self, node: ast.SubqueryExpr) -> None:
        """Refuse a subquery whose steps, whole multiples since the epoch, would be others in rule time."""
        step = self._default_step if node.step is None else Fraction(whole_ms(node.step), 1000)
        if self._origin is not None and (self._origin * self._speed / step).denominator != 1:
            text = format_duration(float(step))
            self.refuse(f"the origin is no whole number of steps of {text}, to which a subquery is aligned")

    def dilate_duration(self, what: str, text: str) -> str:
        """Return a duration such as `5m`, divided; `what` names it in a refusal."""
        return self._divide(what, Fraction(repr(parse_duration(text))), text)

    def _divide(self, what: str, seconds: Fraction, text: str) -> str:
        divided = divide(seconds, self._speed)
        if divided is None:
            self.refuse(
                f"{what} {text} divided by the speed {self._divisor} is not a whole number of milliseconds"
            )
        return divided or text

    def write_duration(self, kind: DurationKind, milliseconds: int) -> str:
        """Return a duration divided by the speed."""
        text = super().write_duration(kind, abs(milliseconds))
        divided = self._divide(f"the {kind}", Fraction(abs(milliseconds), 1000), text)
        return f"-{divided}" if milliseconds < 0 else divided

    def write_at(self, milliseconds: int) -> str:
        """Return the wall instant of an absolute time."""
        text = super().write_at(milliseconds)
        if self._origin is None:
            self.refuse(f"the absolute time @ {text} is not known on the wall clock without an origin")
            return text
        wall = self._origin * 1000 + milliseconds / self._speed
        if wall.denominator != 1:
            self.refuse(f"the absolute time @ {text} is not a whole number of milliseconds on the wall clock")
            return text
        return super().write_at(int(wall))

    def write_call(self, function: str, arguments: Sequence[str]) -> str:
        """Return a call whose value is what it was."""
        text = super().write_call(function, arguments)
        if function in PER_SECOND:
            return text if self._speed == 1 else f"({text} / {self._divisor})"
        if function == "predict_linear" and self._speed != 1:
            vector, seconds = arguments
            return super().write_call(function, [vector, f"({seconds}) / {self._divisor}"])
        if function in CALENDAR and not arguments:
            now = self._write_instant(f"{function}()", "time()", is_scalar=True)
            return text if now == "time()" else f"{function}({now})"
        if function == "time":
            now = self._write_instant(text, text, is_scalar=True)
            return text if now == text else f"scalar({now})"
        if function in INSTANTS:
            return self._write_instant(f"{function}()", text)
        if function not in LEFT_ALONE and function not in CALENDAR and function != "predict_linear":
            self.refuse(f"it is not known what the speed does to {function}()")
        return text

    def _write_instant(self, what: str, wall: str, *, is_scalar: bool = False) -> str:
        """Return the rule time of an instant in seconds since the epoch, as a vector unless it is the same.

        Prometheus's instants are whole milliseconds, so rounding to them gives the very float that it has.
        """
        if self._origin is None:
            self.refuse(f"{what} reads the clock, which tells no rule time without an origin")
            return wall
        if self._speed == 1 and self._origin == 0:
            return wall
        sign = "-" if self._origin >= 0 else "+"
        since = f"{wall} {sign} {_write_decimal(abs(self._origin))}" if self._origin else wall
        if self._speed == 1:
            return _write_rounded(since, is_scalar=is_scalar)
        if self._speed >= _COARSE_SPEED:
            since = _write_rounded(since, is_scalar=is_scalar)
            is_scalar = False
        return _write_rounded(f"({since}) * {self._divisor}", is_scalar=is_scalar)


def _write_rounded(text: str, *, is_scalar: bool) -> str:
    return f"round({f'vector({text})' if is_scalar else text}, 0.001)"


def _write_decimal(value: Fraction) -> str:
    """Return whole milliseconds in seconds."""
    seconds, milliseconds = divmod(int(value * 1000), 1000)
    return f"{seconds}.{milliseconds:03}".rstrip("0").rstrip(".")


def _reads_states(selector: ast.VectorSelector) -> bool:
    """Tell whether a selector asks for ALERTS_FOR_STATE, by its name or by a pattern of few names."""
    if metric_name(selector) is not None:
        return metric_name(selector) == STATE_METRIC
    patterns = [
        m.value for m in selector.matchers.matchers if m.name == "__name__" and m.op == ast.MatchOp.Re
    ]
    try:
        return any(
            re.fullmatch(pattern, STATE_METRIC) and not re.fullmatch(pattern, "any_name")
            for pattern in patterns
        )
    except re.error:
        # RE2 has some syntax that Python has not.
        return any("ALERTS" in pattern for pattern in patterns)
