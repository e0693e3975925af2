"""Prometheus's own tests of PromQL: what they load and what they evaluate.

From Debian's package of its sources. Format: promql/promqltest/README.md of Prometheus. The results that the
tests expect are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from alertdrill.rules.promql.expressions import parse_duration
from support.debian_packages import unpack

SOURCES = "usr/share/gocode/src/github.com/prometheus/prometheus/promql/promqltest/testdata"
MAX_INSTANTS = 12
"""Of a range that is evaluated, evenly chosen."""

_LOAD = re.compile(r"load(?:_with_nhcb)?\s+(.+?)")
_INSTANT = re.compile(r"eval(?:_(?:fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+)\s+)?(.+)")
_RANGE = re.compile(r"eval(?:_(?:fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)")
_SERIES = re.compile(r"""((?:[^\s{]+)?(?:\{(?:[^"'}]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')*\})?)\s+(.*)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Series on one grid, in promtool's notation."""

    interval_ms: int
    series: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An expression, and the instants that it is evaluated at; `source` is `file:line`."""

    expr: str
    times_ms: tuple[int, ...]
    source: str


@dataclass(slots=True, kw_only=True)
class Scene:
    """What is loaded, and what is asked then."""

    loads: tuple[Load, ...] = ()
    questions: list[Question] = field(default_factory=list)


def find_corpus() -> tuple[Path, ...]:
    """Return the files of Prometheus's tests."""
    return tuple(sorted((unpack("golang-github-prometheus-prometheus-dev") / SOURCES).glob("*.test")))


def read_corpus(path: Path) -> Iterator[Scene]:
    """Yield the scenes of a file that ask something."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    scene = Scene()
    at = 0
    while at < len(lines):
        line = lines[at]
        number = at + 1
        at += 1
        if line.startswith("clear"):
            if scene.questions:
                yield scene
            scene = Scene()
        elif match := _LOAD.fullmatch(line):
            series = []
            while at < len(lines) and lines[at] and not lines[at].startswith("#"):
                series.append(_read_series(lines[at]))
                at += 1
            if scene.questions:
                yield scene
            load = Load(interval_ms=read_ms(match[1]), series=tuple(series))
            scene = Scene(loads=(*scene.loads, load))
        elif match := _INSTANT.fullmatch(line):
            times = (read_ms(match[1] or "0"),)
            scene.questions.append(Question(expr=match[2], times_ms=times, source=f"{path.name}:{number}"))
        elif match := _RANGE.fullmatch(line):
            times = tuple(range(read_ms(match[1]), read_ms(match[2]) + 1, read_ms(match[3])))
            times = times[:: -(-len(times) // MAX_INSTANTS)]
            scene.questions.append(Question(expr=match[4], times_ms=times, source=f"{path.name}:{number}"))
    if scene.questions:
        yield scene


def _read_series(line: str) -> tuple[str, str]:
    match = _SERIES.fullmatch(line)
    assert match, line
    return match[1], match[2]


def read_ms(text: str) -> int:
    """Return the milliseconds of a duration, or of a number of seconds."""
    try:
        return round(float(text) * 1000)
    except ValueError:
        return round(parse_duration(text) * 1000)
