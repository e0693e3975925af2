"""Why it is right that some mutants survive, as a system's `survivors.yml` says it. Pure.

A drill that would notice such a mutant cannot be held on the reference stack, or nobody would want it. The
score counts it as survived all the same: a reason is an answer to whoever asks, and proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from alertdrill.errors import BadInput
from alertdrill.mutation.mutant import Result
from alertdrill.recording.recording import Recording
from alertdrill.rules.fields import Fields
from alertdrill.rules.yaml.nodes import read_nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why no drill has to notice some mutants: those with an id like one of `mutants`, where `*` is any text.

    `source` is where it is stated, as `file:line`.
    """

    mutants: tuple[str, ...]
    why: str
    source: str

    def is_about(self, result: Result) -> bool:
        """Tell whether it says something of a mutant."""
        return any(_compile(pattern).fullmatch(result.mutant.id) for pattern in self.mutants)


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivors:
    """What a `survivors.yml` states: why mutants survive, and which metrics are `flags`, 0 or 1."""

    reasons: tuple[Reason, ...] = ()
    flags: tuple[str, ...] = ()


NONE_STATED = Survivors()


def parse_survivors(text: str, name: str) -> Survivors:
    """Return what a file states. Raises BadInput with `file:line`."""
    document = read_nodes(text, name)
    if document is None:
        raise BadInput(f"{name}:1: the file is empty: it has to have reasons")
    fields = Fields(document, name, "the file")
    nodes, flags = fields.take_items("reasons"), fields.take_texts("flags")
    fields.end()
    if not nodes:
        raise fields.fail("the file has no reasons")
    return Survivors(
        reasons=tuple(_read_reason(Fields(node, name, "the reason")) for node in nodes), flags=flags
    )


def _read_reason(fields: Fields) -> Reason:
    why, mutants = " ".join(fields.take_text("why").split()), fields.take_texts("mutants")
    fields.end()
    if not mutants:
        raise fields.fail("the reason has no mutants: state their ids, as in mutation.json")
    return Reason(mutants=mutants, why=why, source=f"{fields.name}:{fields.line}")


def give_reasons(results: Iterable[Result], reasons: Sequence[Reason]) -> Iterator[Result]:
    """Yield results, those of survivors with the reason that there is, in place of what would notice them."""
    for result in results:
        found = next((one for one in reasons if one.is_about(result)), None)
        if result.state == "survived" and found is not None:
            yield replace(result, why=found.why, is_explained=True)
        else:
            yield result


def find_no_flag(flags: Sequence[str], recordings: Iterable[Recording]) -> str:
    """Say which of some metrics is no flag, as it is neither 0 nor 1 in a recording; empty if all are."""
    for recording in recordings:
        for series in recording.series:
            name = series.labels["__name__"]
            value = next((one for one in series.values if one not in {0, 1}), None) if name in flags else None
            if value is not None:
                return f"survivors.yml: flags: {name} is {value:g} in {recording.name}: it has to be 0 or 1"
    return ""


def find_idle(results: Sequence[Result], reasons: Iterable[Reason]) -> Iterator[Reason]:
    """Yield the reasons that mutants were tried of, of which none survived."""
    for reason in reasons:
        own = [result for result in results if reason.is_about(result)]
        if own and all(result.state != "survived" for result in own):
            yield reason
