"""What expressions have for values, by promtool: it prints in full what is not the expected value.

So a test of two expressions against each other needs no notion of its own of what they should be.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from alertdrill.rules.promql.expressions import format_duration, parse_duration
from alertdrill.runtime.binaries import Engines

NOT_READ = "err: parse error"
_ANSWER = re.compile(r'^ {4}expr: "', re.MULTILINE)
_FILE = re.compile(r"^  (?:FAILED:|SUCCESS)$", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|Inf|NaN)(?![\w.])")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Samples on one grid, and what is asked of them: expressions at instants, in Prometheus's notation.

    promtool loads the samples until the last question, or until `until_s`.
    """

    interval: str
    evaluation_interval: str
    series: Mapping[str, str]
    questions: Sequence[tuple[str, str]]
    rules: str | None = None
    until_s: float = 0.0


def read_version(engines: Engines) -> tuple[int, ...]:
    """Return the version of Prometheus as numbers."""
    return tuple(int(part) for part in re.findall(r"\d+", engines.versions["prometheus"])[:2])


def evaluate_worlds(engines: Engines, folder: Path, worlds: Sequence[World]) -> list[list[str] | str]:
    """Return the answers to each world's questions, as promtool prints them, or why it took no such world.

    An answer is `nil`, samples as `{labels} value`, or `err: …`.
    """
    folder.mkdir(parents=True)
    for number, world in enumerate(worlds):
        test = {
            "evaluation_interval": world.evaluation_interval,
            "rule_files": [] if world.rules is None else [f"{number}.rules.yml"],
            "tests": [
                {
                    "interval": world.interval,
                    "input_series": [{"series": name, "values": text} for name, text in world.series.items()],
                    "promql_expr_test": [
                        {"expr": expr, "eval_time": at, "exp_samples": [{"labels": "unasked", "value": 1}]}
                        for expr, at in (*world.questions, ("vector(0)", find_end(world)))
                    ],
                }
            ],
        }
        (folder / f"{number}.yml").write_text(json.dumps(test))
        if world.rules is not None:
            (folder / f"{number}.rules.yml").write_text(world.rules)
    command = [str(engines.promtool), "test", "rules", *(f"{number}.yml" for number in range(len(worlds)))]
    if read_version(engines) >= (3,):
        command.insert(1, "--enable-feature=promql-experimental-functions")
    # Its exit code says that expectations were not met, which is the point.
    done = subprocess.run(
        command,
        cwd=folder,
        # It leaves something behind where a test has failed; and it is over before garbage is in the way.
        env={**os.environ, "TMPDIR": str(folder), "GOGC": "800"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    outputs = _FILE.split(done.stdout)[1:]
    assert len(outputs) == len(worlds), done.stdout[:4000]
    return [_read_answers(output, world) for output, world in zip(outputs, worlds, strict=True)]


def find_end(world: World) -> str:
    """Return the evaluation until which samples are to be loaded: promtool loads none after the last one."""
    last_s = max(world.until_s, *(parse_duration(at) for _, at in world.questions))
    step_s = Fraction(repr(parse_duration(world.evaluation_interval)))
    return format_duration(float(math.ceil(Fraction(repr(last_s)) / step_s) * step_s))


def _read_answers(output: str, world: World) -> list[str] | str:
    blocks = _ANSWER.split(output)[1:]
    if len(blocks) != len(world.questions) + 1:
        return output.strip()
    return [_read_answer(block) for block in blocks[:-1]]


def _read_answer(block: str) -> str:
    for word in ("\n        got:", ", err: "):
        if word in block:
            text = block.split(word, 1)[1].strip()
            return f"err: {text}" if "err" in word else text
    raise AssertionError(f"promtool prints something new: {block[:400]}")


def is_same(left: str, right: str) -> bool:
    """Tell whether two answers are the same but for the rounding of a few floating-point operations."""
    if left == right:
        return True
    if left.startswith("err:") or right.startswith("err:"):
        # Messages quote the expression, and where it stands in it.
        return left.startswith("err:") and right.startswith("err:")
    if _NUMBER.split(left) != _NUMBER.split(right):
        return False
    pairs = zip(_NUMBER.findall(left), _NUMBER.findall(right), strict=True)
    return all(_is_close(float(one), float(other)) for one, other in pairs)


def _is_close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(one) and math.isnan(other))
