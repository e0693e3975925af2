"""Dilation held against Prometheus's own tests of PromQL: what they evaluate, dilated, has the same values.

What the tests expect is not read: the real promtool evaluates each expression as written on what the test
loads, and dilated on the same samples closer together.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.promql_corpus import Question, Scene, find_corpus, read_corpus
from support.promql_worlds import DEFAULT_STEP_S, LATE_S, lay_out
from support.promtool_values import World, evaluate_worlds, is_same

from alertdrill.errors import BadInput
from alertdrill.rules.dilation.files import dilate_duration, dilate_expr
from alertdrill.rules.promql.expressions import format_duration, parse, render
from alertdrill.runtime.binaries import Engines, Generation, find_engines

SPEEDS = (60, 10, 0.5)
"""A question is asked at the first of them at which all of it is whole milliseconds."""
LIMITK = "limitk takes the series that the server came to know first, which may be others"
NOT_TEXT = "the expression has a string that is not UTF-8"
ANY_ORDER = {'sum(data{test="ten"})', 'avg(data{test="ten"})'}
"""They add 2, 8, 1e100 and -1e100; before Prometheus 3 the sum depended on which came first."""
ROUNDED = "is not a whole number of milliseconds"


@dataclass(slots=True, kw_only=True)
class Pair:
    """A scene at one speed: as written and dilated, and where each of their questions comes from."""

    written: World
    dilated: World
    sources: Sequence[str]


@dataclass(slots=True, kw_only=True)
class Comparison:
    """The tests at one speed: what can be asked, and why the rest cannot, by its source."""

    pairs: list[Pair] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def hold(scenes: Sequence[Scene], speed: float, late_s: float = 0.0) -> Comparison:
    """Dilate what the scenes ask; their time 0 is `late_s` of rule time after promtool's."""
    held = Comparison()
    for scene in scenes:
        written: list[tuple[str, str]] = []
        dilated: list[tuple[str, str]] = []
        sources: list[str] = []
        try:
            slow, fast = lay_out(scene, speed, late_s)
        except BadInput as error:
            held.refused |= {question.source: str(error) for question in scene.questions}
            continue
        for question in scene.questions:
            try:
                expr = dilate_expr(question.expr, speed, late_s / speed, default_step_s=DEFAULT_STEP_S)
                times = [dilate_duration(late_s + ms / 1000, speed) for ms in question.times_ms]
            except BadInput as error:
                held.refused[question.source] = str(error)
                continue
            plain = write_plainly(question)
            written += [(plain, format_duration(ms / 1000)) for ms in question.times_ms]
            dilated += [(expr, time) for time in times]
            sources += [question.source] * len(times)
        if sources:
            step = format_duration(DEFAULT_STEP_S)
            before = World(
                interval=slow.interval, evaluation_interval=step, series=slow.series, questions=written
            )
            step = dilate_duration(DEFAULT_STEP_S, speed)
            after = World(
                interval=fast.interval, evaluation_interval=step, series=fast.series, questions=dilated
            )
            held.pairs.append(Pair(written=before, dilated=after, sources=sources))
    return held


def write_plainly(question: Question) -> str:
    """Return an expression without arithmetic in durations, which promtool has no flag for."""
    is_computed = question.source.startswith("duration_expression")
    return render(parse(question.expr)) if is_computed else question.expr


def compare(engines: Engines, folder: Path, pairs: Sequence[Pair]) -> Iterator[tuple[str, str, str]]:
    """Yield where each question comes from, its answer as written and its answer dilated."""
    before = evaluate_worlds(engines, folder / "written", [pair.written for pair in pairs])
    after = evaluate_worlds(engines, folder / "dilated", [pair.dilated for pair in pairs])
    for pair, ones, others in zip(pairs, before, after, strict=True):
        if isinstance(ones, str) or isinstance(others, str):
            # What is loaded is newer than this promtool; then it is so in both worlds.
            assert isinstance(ones, str)
            assert isinstance(others, str)
            continue
        yield from zip(pair.sources, ones, others, strict=True)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    """Return what Prometheus's tests load and ask."""
    return [scene for path in find_corpus() for scene in read_corpus(path)]


def is_new(answer: str) -> bool:
    """Tell whether promtool could not even read an expression."""
    return answer.startswith("err: ") and "parse error" in answer


def keep(scenes: Sequence[Scene], sources: set[str]) -> list[Scene]:
    """Return the scenes with only the questions of these sources."""
    kept = [
        Scene(loads=scene.loads, questions=[one for one in scene.questions if one.source in sources])
        for scene in scenes
    ]
    return [scene for scene in kept if scene.questions]


@pytest.mark.parametrize("generation", list(Generation), ids=str)
def test_prometheus_own_tests_have_the_same_values_dilated(
    generation: Generation, scenes: list[Scene], tmp_path: Path
) -> None:
    """D(E) agrees with E on every case that this promtool can read and that is not refused.

    Refused is only what is not determined: which series limitk takes; and what is no text, which Prometheus
    refuses as well.
    """
    asked = {question.source: question.expr for scene in scenes for question in scene.questions}
    left = set(asked)
    answers: list[tuple[str, str, str]] = []
    refused: dict[str, str] = {}
    for speed in SPEEDS:
        held = hold(keep(scenes, left), speed)
        answers += compare(find_engines(os.environ, generation=generation), tmp_path / str(speed), held.pairs)
        left &= {source for source, why in held.refused.items() if ROUNDED in why}
        refused |= {source: why for source, why in held.refused.items() if ROUNDED not in why}
    read = [answer for answer in answers if not is_new(answer[1])]
    different = {asked[source] for source, before, after in read if not is_same(before, after)}
    assert different - (ANY_ORDER if generation == Generation.OLDEST else set()) == set()
    assert left == set()
    assert Counter(refused.values()) == {LIMITK: 20, NOT_TEXT: 2}
    assert (
        len({source for source, _, _ in read}) > {Generation.OLDEST: 600, Generation.NEWEST: 1400}[generation]
    )


def test_prometheus_own_tests_have_the_same_values_at_another_origin(
    engines: Engines, scenes: list[Scene], tmp_path: Path
) -> None:
    """D(E) agrees with E where rule time begins an hour of it after promtool's."""
    held = hold(scenes, SPEEDS[0], LATE_S)
    read = [answer for answer in compare(engines, tmp_path, held.pairs) if not is_new(answer[1])]
    assert [answer for answer in read if not is_same(*answer[1:])] == []
    assert len({source for source, _, _ in read}) > 600
