"""What lint takes for certain, held against the real promtool by expressions that nobody thought of.

A result has the labels that `shapes` calls certain, none that it calls impossible, and values within
`bounds`; where there is a result, no check may have said that there never is one.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from support.linted import lint_text, write_rule
from support.promtool_values import World, evaluate_worlds

from alertdrill.linting.bounds import find_bounds
from alertdrill.linting.parts import read_parts
from alertdrill.linting.shapes import find_shape
from alertdrill.linting.surroundings import Known
from alertdrill.rules.promql.expressions import parse
from alertdrill.runtime.binaries import Engines

SERIES = {
    'r_total{a="1",b="x",status="200"}': "0+7x60",
    'r_total{a="1",b="y",status="500"}': "0+2x60",
    'r_total{a="2",b="x",status="500"}': "5+1x20 0+3x39",
    'r_total{a="2",b="x",status="200"}': "0+9x60",
    'e_total{a="1"}': "0+1x60",
    'e_total{a="2"}': "3x60",
    'g{a="1",b="x"}': "1 5 -3 2 7x56",
    'g{a="2",b="y"}': "0x60",
    'g{a="3"}': "_x50 4x10",
    'h_bucket{a="1",le="1"}': "0+3x60",
    'h_bucket{a="1",le="5"}': "0+4x60",
    'h_bucket{a="1",le="+Inf"}': "0+5x60",
    'h_count{a="1"}': "0+5x60",
    'up{job="p",a="1"}': "1x60",
    'up{job="q",a="2"}': "0x60",
}
AT = "14m"
COUNT = 500
FINAL = {"never-met", "never-matches", "absent-of-something", "time-elsewhere"}
"""Checks whose errors say that there is never a result."""
MATCHERS = ("", '{a="1"}', '{status="500"}', '{a=~"1|2"}', '{a!="1"}', '{b=""}', '{status=~"5.*",a="2"}')
LABELS = ("a", "b", "status", "a, b", "")
_SAMPLE = re.compile(r"(?:[a-zA-Z_:][\w:]*)?(?:\{([^}]*)\})? (\S+?)(?:, |$)")


def pick(chance: random.Random, depth: int) -> str:
    """Return an expression whose result is a vector."""
    inner = "" if depth <= 0 else pick(chance, depth - 1)
    if not inner or chance.random() < 0.15:
        return chance.choice([pick_selector, pick_rate])(chance)
    other = pick(chance, depth - 1)
    group = f"{chance.choice(['by', 'without'])} ({chance.choice(LABELS)})"
    number = chance.choice(["0", "1", "0.5", "2", "100", "-1"])
    match chance.randrange(10):
        case 0:
            name = chance.choice(["sum", "avg", "min", "max", "count", "group", "stddev"])
            return f"{name} {chance.choice([group, ''])} ({inner})"
        case 1:
            operator = chance.choice(["+", "-", "*", "/", ">", "<", "==", ">=", "> bool", "%"])
            return f"({inner} {operator} {number})"
        case 2:
            matching = chance.choice(
                ["", f"on ({chance.choice(LABELS)})", f"ignoring ({chance.choice(LABELS)})"]
            )
            operator = chance.choice(["/", "+", "*", ">", "<=", "and", "unless", "or"])
            side = chance.choice(["", "", " group_left ()", " group_left (n)", " group_right ()"])
            side = side if matching and operator not in {"and", "unless", "or"} else ""
            return f"({inner} {operator} {matching}{side} {other})"
        case 3:
            name = chance.choice(["abs", "clamp_max", "clamp_min", "sgn", "ceil", "sort"])
            return f"{name}({inner}{', ' + number if 'clamp' in name else ''})"
        case 4:
            return f'label_replace({inner}, "{chance.choice("abn")}", "$1", "a", "(.*)")'
        case 5:
            name = chance.choice(["max", "min", "avg", "count", "sum", "last", "present"])
            return f"{name}_over_time(({inner})[3m:30s])"
        case 6:
            return f"absent({inner})"
        case 8:
            return pick_pair(chance)
        case 7:
            return f"topk({chance.choice(['1', '2'])}, {inner})"
        case _:
            under = pick_rate(chance)
            over = under.replace("r_total", 'r_total{status="500"}') if "r_total[" in under else under
            return f"sum ({over}) / sum ({under})"


def pick_pair(chance: random.Random) -> str:
    """Return an operation of two single series, whose labels differ in one way or another."""
    sides = (
        'e_total{a="1"}',
        'e_total{a="2"}',
        'g{a="1"}',
        'up{a="2"}',
        'sum by (a) (e_total{a="1"})',
        "sum (up)",
    )
    matching = chance.choice(["", "on ()", "on (a)", "on (b)", "ignoring (a)", "ignoring (a, b, job)"])
    return f"({chance.choice(sides)} {chance.choice(['*', 'and', '>='])} {matching} {chance.choice(sides)})"


def pick_selector(chance: random.Random) -> str:
    """Return a selector."""
    return chance.choice(["r_total", "e_total", "g", "up", "h_count"]) + chance.choice(MATCHERS)


def pick_rate(chance: random.Random) -> str:
    """Return a rate, or a quantile of rates."""
    if chance.random() < 0.2:
        return f"histogram_quantile({chance.choice(['0.5', '0.99'])}, rate(h_bucket[5m]))"
    name = chance.choice(["rate", "increase", "irate", "changes", "resets"])
    return f"{name}({chance.choice(['r_total', 'e_total', 'g'])}{chance.choice(MATCHERS)}[5m])"


def read_answer(answer: str) -> list[tuple[dict[str, str], float]]:
    """Return the labels and the values of an answer's samples."""
    return [
        (dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value))
        for labels, value in _SAMPLE.findall("" if answer == "nil" else answer)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_taken_for_certain_is_so(engines: Engines, tmp_path: Path, seed: int) -> None:
    """Labels, values, and that there is a result at all."""
    chance = random.Random(seed)  # noqa: S311 - expressions, and no secret
    exprs = [pick(chance, chance.randint(1, 3)) for _ in range(COUNT)]
    world = World(
        interval="15s", evaluation_interval="15s", series=SERIES, questions=[(expr, AT) for expr in exprs]
    )
    (answers,) = evaluate_worlds(engines, tmp_path / "worlds", [world])
    assert isinstance(answers, list), answers
    results = 0
    for expr, answer in zip(exprs, answers, strict=True):
        samples = [] if answer.startswith("err:") else read_answer(answer)
        results += bool(samples)
        check_samples(expr, samples)
    assert results > COUNT / 4


def check_samples(expr: str, samples: list[tuple[dict[str, str], float]]) -> None:
    """Hold what is taken for certain of an expression against its result."""
    known = Known(files=())
    part = read_parts(parse(expr), expr)
    shape, bounds = find_shape(part, known), find_bounds(part, known)
    for labels, value in samples:
        # What a metric is called is not matched, and no check asks for it.
        own = {name: text for name, text in labels.items() if text and name != "__name__"}
        assert shape.certain - {"__name__"} <= own.keys(), expr
        assert all(shape.may_have(name) for name in own), (expr, own)
        assert all(own.get(name, text) == text for name, text in shape.values.items()), expr
        assert value != value or bounds.low - 1e-9 <= value <= bounds.high + 1e-9, (expr, value, bounds)
    if samples:
        said = [one for one in lint_text(write_rule(f"expr: >-\n  {expr}")) if one.check in FINAL]
        outermost = [one for one in said if one.severity == "error" and decides(one.column, expr)]
        assert outermost == [], expr


def decides(column: int, expr: str) -> bool:
    """Say whether there is no result if there is none of the part at a column: it is the outermost."""
    part = read_parts(parse(expr), expr)
    return part.offset == column - 7 and part.name not in {"or", "unless"} and not part.returns_bool
