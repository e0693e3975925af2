"""Dilation held against the real promtool: a dilated expression on dilated samples has the same values.

One case for every function, aggregation, operator and modifier.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import promql_parser as ast
import pytest
from support.promtool_values import World, evaluate_worlds, is_same, read_version

from alertdrill.rules.dilation.expressions import AGGREGATIONS, CALENDAR, INSTANTS, LEFT_ALONE, PER_SECOND
from alertdrill.rules.dilation.files import dilate_duration, dilate_expr, dilate_rules
from alertdrill.rules.files import parse_rules
from alertdrill.rules.promql.expressions import format_duration, parse, walk
from alertdrill.runtime.binaries import Engines

SPEEDS = (60, 30, 7.5, 0.5)
INTERVAL_S = 15.0
SAMPLES = 240
TIMES_S = (1200.0, 1867.5, 2835.0, 3570.0)

FOREVER = (99,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An expression, and the Prometheus versions that know all of it."""

    expr: str
    since: tuple[int, ...] = (2, 42)
    below: tuple[int, ...] = FOREVER


METIS = [
    """histogram_quantile(0.99, sum by (provider, model, le) (
         rate(metis_llm_call_latency_seconds_bucket[5m]))) > 30""",
    """sum by (provider, model) (rate(metis_llm_call_errors_total[10m]))
       / sum by (provider, model) (rate(metis_llm_calls_total[10m])) > 0.05""",
    "sum(rate(metis_gateway_auth_failures_total[5m])) > 0.1",
    """sum by (gateway_key_id) (
         rate(metis_gateway_key_cost_usd_total{gateway_key_id!="null"}[1h]) * 3600) > 10""",
]

EVERYWHERE = [
    *METIS,
    # per second
    "rate(c[5m])",
    "irate(c[5m])",
    "deriv(g[10m])",
    "predict_linear(g[30m], 4 * 3600)",
    "predict_linear(g[30m], -600)",
    "predict_linear(g[30m], scalar(count(c)))",
    # what counts or compares, over time
    *(
        f"{function}({metric}[5m])"
        for metric in ("g", "gappy")
        for function in (
            "avg_over_time",
            "changes",
            "count_over_time",
            "delta",
            "idelta",
            "last_over_time",
            "max_over_time",
            "min_over_time",
            "present_over_time",
            "stddev_over_time",
            "stdvar_over_time",
            "sum_over_time",
        )
    ),
    "increase(c[5m])",
    "increase(c[7m30s])",
    "resets(c[30m])",
    "quantile_over_time(0.9, g[20m])",
    "absent_over_time(nothing{a='b'}[5m])",
    "absent(nothing{a='b'})",
    # aggregations
    *(
        f"{operator}(c)"
        for operator in ("avg", "count", "group", "max", "min", "stddev", "stdvar", "sum", "sum by (a)")
    ),
    "sum without (a) (rate(c[5m]))",
    "topk(1, rate(c[30m]))",
    "bottomk by (b) (1, rate(c[30m]))",
    "quantile(0.5, rate(c[5m]))",
    'count_values("value", round(g))',
    # calculating
    *(
        f"{function}(g)"
        for function in (
            *("abs", "acosh", "asinh", "atan", "ceil", "cos", "cosh", "deg", "exp", "floor", "ln", "log10"),
            *("log2", "rad", "round", "sgn", "sin", "sinh", "sort", "sort_desc", "sqrt", "tan", "tanh"),
        )
    ),
    *(f"{function}(g / 100)" for function in ("acos", "asin", "atanh")),
    "clamp(g, 3, 8)",
    "clamp_max(g, 5)",
    "clamp_min(g, 5)",
    "histogram_quantile(0.9, rate(h_bucket[10m]))",
    "vector(scalar(sum(g)))",
    "vector(pi())",
    'label_join(g, "joined", "-", "a", "b")',
    'label_replace(rate(c[5m]), "copy", "$1", "a", "(.*)")',
    *(f"{function}(g * 1e8)" for function in sorted(CALENDAR)),
    # operators
    "-rate(c[5m]) ^ 2 * 3 % 7",
    "rate(c[5m]) > bool 0.2",
    "rate(c[5m]) > 0.1 or g and on (a) c unless g > 9",
    "g * on (a) group_left (b) c",
    "ignored == ignoring (b) group_right () c or g atan2 on (a, b) g",
    "-1 ^ 2 + sum(c) - (2 - 1) / 4",
    # modifiers
    "rate(c[5m] offset 5m)",
    "g offset 7m30s",
    "g offset -2m",
    "g @ start()",
    "g @ 1500",
    "sum_over_time(g[10m] @ 1815 offset -1m)",
    "max_over_time(g[10m:1m] @ 1815)",
    # clocks
    "vector(time())",
    "time() - timestamp(g)",
    "timestamp(gappy offset 7m15s)",
    "timestamp(rate(c[5m]))",
    "max_over_time(timestamp(gappy)[10m:45s])",
    "max_over_time(vector(time())[10m:45s] offset 1m)",
    "predict_linear(g[30m], time() / 10)",
    *(f"{function}() + minute() / 100" for function in sorted(CALENDAR)),
    "rate(c[5m] @ end())",
    "max_over_time(g[10m] @ end() offset 1m)",
    # subqueries
    "max_over_time(rate(c[5m])[10m:1m])",
    "max_over_time(rate(c[5m])[10m:])",
    "avg_over_time(g[10m:45s] offset 3m)",
    "rate(sum(c)[10m:30s])",
    "deriv(rate(c[5m])[15m:1m])",
    "sum_over_time((g > 4)[30m:15s])",
    "quantile_over_time(0.5, max_over_time(g[2m])[10m:30s] offset -1m)",
]

CASES = [
    *(Case(expr=expr) for expr in EVERYWHERE),
    Case(expr="holt_winters(g[10m], 0.3, 0.6)", below=(3,)),
    Case(expr="double_exponential_smoothing(g[10m], 0.3, 0.6)", since=(3,)),
    Case(expr="mad_over_time(g[10m])", since=(3,)),
    Case(expr='sort_by_label(rate(c[5m]), "a")', since=(3,)),
    Case(expr='sort_by_label_desc(rate(c[5m]), "a")', since=(3,)),
    Case(expr="limit_ratio(0.5, rate(c[5m]))", since=(3,)),
    Case(expr="info(rate(informed[5m]))", since=(3,)),
    Case(expr='info(informed, {version=~".+"})', since=(3,)),
    *(Case(expr=f"ts_of_{which}_over_time(gappy[10m])", since=(3,)) for which in ("last", "max", "min")),
    *(
        Case(expr=f"histogram_{part}(rate(native[5m]))", since=(3,))
        for part in ("avg", "count", "stddev", "stdvar", "sum")
    ),
    Case(expr="histogram_fraction(0, 1, rate(native[5m]))", since=(3,)),
    Case(expr="histogram_quantile(0.9, sum(rate(native[5m])))", since=(3,)),
    Case(expr="histogram_sum(increase(native[5m]))", since=(3,)),
    Case(expr="-rate(native[5m]) * 2 + irate(native[5m])", since=(3,)),
    Case(expr="avg_over_time(rate(native[5m])[10m:30s])", since=(3,)),
    Case(expr='count_values("shape", native)', since=(3,)),
    Case(expr="rate(c[300] offset 7_5e0) > 100ms", since=(3,)),
    Case(expr="max_over_time(g[600:30] @ 30m)", since=(3,)),
    Case(expr='sum by ("dotted.label") (rate({"dotted.name", "dotted.label"=~".+"}[5m]))', since=(3,)),
    Case(expr='g * on (a) group_left ("dotted.label") {"dotted.name"}', since=(3,)),
]


def list_series(version: tuple[int, ...]) -> dict[str, str]:
    """Return the samples of every series that the expressions read, in promtool's notation."""
    chance = random.Random(1)  # noqa: S311 - makes up samples

    def count_up(reset_share: float, step: int) -> str:
        values, value = [], 0
        for _ in range(SAMPLES):
            value = 0 if chance.random() < reset_share else value + chance.randrange(step)
            values.append(str(value))
        return " ".join(values)

    def wave(offset: float) -> str:
        return " ".join(f"{5 + 4 * math.sin(at / 7 + offset):.3f}" for at in range(SAMPLES))

    buckets = [chance.choices((0, 1, 2, 3), k=SAMPLES) for _ in range(3)]
    totals = [[sum(row[: at + 1]) for at in range(SAMPLES)] for row in buckets]
    cumulative = [[sum(row[at] for row in totals[: le + 1]) for at in range(SAMPLES)] for le in range(3)]

    def bucket(le: int) -> str:
        return " ".join(map(str, cumulative[le]))

    labels = 'provider="openai",model="m"'
    series = {
        **{f'c{{a="{a}",b="{b}"}}': count_up(0.02, 9) for a, b in (("1", "x"), ("2", "y"), ("3", "y"))},
        **{f'g{{a="{a}",b="{b}"}}': wave(int(a)) for a, b in (("1", "x"), ("2", "y"))},
        'ignored{a="1"}': count_up(0, 2),
        'informed{job="j",instance="i"}': count_up(0, 2),
        'target_info{job="j",instance="i",version="1"}': f"1x{SAMPLES}",
        "gappy": " ".join(value if at % 7 else "_" for at, value in enumerate(wave(3).split())),
        **{f'h_bucket{{le="{le}"}}': bucket(at) for at, le in enumerate(("0.5", "2", "+Inf"))},
        **{
            f'metis_llm_call_latency_seconds_bucket{{{labels},le="{le}"}}': bucket(at)
            for at, le in enumerate(("30", "120", "+Inf"))
        },
        f"metis_llm_call_errors_total{{{labels}}}": count_up(0, 3),
        f"metis_llm_calls_total{{{labels}}}": count_up(0, 9),
        'metis_gateway_auth_failures_total{reason="invalid_token"}': count_up(0, 9),
        'metis_gateway_key_cost_usd_total{gateway_key_id="k"}': count_up(0, 2),
        'metis_gateway_key_cost_usd_total{gateway_key_id="null"}': count_up(0, 9),
    }
    if version >= (3,):
        histogram = "{{schema:0 sum:5 count:4 buckets:[1 2 1]}}"
        series['{"dotted.name", a="1", "dotted.label"="x"}'] = count_up(0, 2)
        series["native"] = f"{histogram}+{histogram}x{SAMPLES}"
    return series


def make_world(
    series: dict[str, str], questions: Iterable[tuple[str, str]], interval: str, rules: str | None = None
) -> World:
    """Return a world that is evaluated as often as it has samples."""
    return World(
        interval=interval,
        evaluation_interval=interval,
        series=series,
        questions=list(questions),
        rules=rules,
    )


def evaluate(engines: Engines, folder: Path, world: World) -> list[str]:
    """Return the answers to a world's questions."""
    (answers,) = evaluate_worlds(engines, folder, [world])
    assert not isinstance(answers, str), answers
    return answers


def list_cases(engines: Engines) -> list[str]:
    """Return the expressions that this promtool knows."""
    version = read_version(engines)
    return [case.expr for case in CASES if case.since <= version < case.below]


@pytest.fixture(scope="module")
def originals(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what the expressions as written have for values on the series as recorded."""
    questions = [(expr, format_duration(at)) for expr in list_cases(engines) for at in TIMES_S]
    world = make_world(list_series(read_version(engines)), questions, format_duration(INTERVAL_S))
    return evaluate(engines, tmp_path_factory.mktemp("originals") / "run", world)


@pytest.mark.parametrize(("speed", "late"), [*((speed, 0) for speed in SPEEDS), (60, 36), (1, 36)])
def test_a_dilated_expression_has_the_original_value(
    engines: Engines, originals: list[str], tmp_path: Path, speed: float, late: int
) -> None:
    """D(E) has at origin + t / speed, on samples `speed` times as dense, the value that E has at t.

    The origin is that of promtool's time, or `late` samples after it.
    """
    cases = list_cases(engines)
    late_s = late * INTERVAL_S
    questions = [
        (dilate_expr(expr, speed, late_s / speed), dilate_duration(late_s + at, speed))
        for expr in cases
        for at in TIMES_S
    ]
    series = {
        name: f"_x{late} {values}" if late else values
        for name, values in list_series(read_version(engines)).items()
    }
    world = make_world(series, questions, dilate_duration(INTERVAL_S, speed))
    dilated = evaluate(engines, tmp_path / "run", world)
    asked = [(expr, at) for expr in cases for at in TIMES_S]
    answers = zip(asked, originals, dilated, strict=True)
    assert [answer for answer in answers if not is_same(*answer[1:])] == []


def test_every_expression_has_a_value(engines: Engines, originals: list[str]) -> None:
    """No expression of the table agrees merely because it is empty, or an error, on both sides."""
    answers = iter(originals)
    found = {expr: [next(answers) for _ in TIMES_S] for expr in list_cases(engines)}
    assert [expr for expr, got in found.items() if set(got) <= {"nil", ""}] == []
    assert [expr for expr, got in found.items() if any(answer.startswith("err:") for answer in got)] == []


def test_the_comparison_notices_an_expression_that_is_not_dilated(engines: Engines, tmp_path: Path) -> None:
    """On the dilated samples the undivided rate is not the original one: the proof can fail."""
    series = list_series(read_version(engines))
    before = evaluate(engines, tmp_path / "before", make_world(series, [("rate(c[5m])", "30m")], "15s"))
    after = evaluate(engines, tmp_path / "after", make_world(series, [("rate(c[5s])", "30s")], "250ms"))
    assert before != ["nil"]
    assert not is_same(before[0], after[0])


def test_every_supported_function_is_in_the_table() -> None:
    """What dilation claims to know, one of the expressions has."""
    nodes = [node for case in CASES for node in walk(parse(case.expr))]
    functions = {node.func.name for node in nodes if isinstance(node, ast.Call)}
    operators = {str(node.op).strip() for node in nodes if isinstance(node, ast.AggregateExpr)}
    known = LEFT_ALONE | PER_SECOND | CALENDAR | INSTANTS | {"predict_linear", "time"}
    assert known - functions == set()
    assert AGGREGATIONS - operators == set()


RULES = """
groups:
  - name: load
    rules:
      - record: c:rate5m
        expr: sum(rate(c[5m]))
      - alert: Busy
        expr: c:rate5m > 1
        for: 5m
        keep_firing_for: 3m
"""


@pytest.mark.parametrize("speed", [60, 7.5])
def test_a_dilated_rule_is_pending_and_firing_when_the_original_is(
    engines: Engines, tmp_path: Path, speed: float
) -> None:
    """At every evaluation of an hour ALERTS of the dilated rules is what it was, recording rules included."""
    file = parse_rules(RULES, "rules.yml")
    text, refusals = dilate_rules(file, speed)
    busy = " ".join(["0+1x40", "41+40x50", "2042+1x100"])
    times = [INTERVAL_S * step for step in range(185)]
    questions = [("ALERTS", format_duration(at)) for at in times]
    world = make_world({"c": busy}, questions, format_duration(INTERVAL_S), RULES)
    before = evaluate(engines, tmp_path / "before", world)
    questions = [("ALERTS", dilate_duration(at, speed)) for at in times]
    world = make_world({"c": busy}, questions, dilate_duration(INTERVAL_S, speed), text)
    after = evaluate(engines, tmp_path / "after", world)
    states = [next(iter(re.findall(r'alertstate="(\w+)"', answer)), "silent") for answer in before]
    assert refusals == ()
    assert before == after
    assert set(states) == {"silent", "pending", "firing"}
    assert states[0] == states[-1] == "silent"
