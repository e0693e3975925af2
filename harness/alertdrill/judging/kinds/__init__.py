"""The kinds of expectations: each is one file, and one line in `KINDS`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from alertdrill.core.expectation import BlindRule, Expectation, Expected, Grouped, NearMiss
from alertdrill.core.rule import Labels
from alertdrill.judging.kinds.blind_rule import BlindRuleKind
from alertdrill.judging.kinds.firing import FiringKind
from alertdrill.judging.kinds.grouped import GroupedKind
from alertdrill.judging.kinds.kind import Kind
from alertdrill.judging.kinds.near_miss import NearMissKind

E = TypeVar("E", bound=Expected)

KINDS: Mapping[type[Expected], Kind[Any]] = {
    Expectation: FiringKind(),
    Grouped: GroupedKind(),
    NearMiss: NearMissKind(),
    BlindRule: BlindRuleKind(),
}


def find_kind(expected: E) -> Kind[E]:
    """Return the kind of an expectation, which knows all that can be asked of it."""
    return cast("Kind[E]", KINDS[cast("type[Expected]", type(expected))])


def read_expected(alert: str, labels: Labels, document: Mapping[str, Any]) -> Expected:
    """Return the expectation that a document of JSON states, of whichever kind; raises ValueError."""
    kind = next(kind for kind in KINDS.values() if kind.is_written(document))
    read: Expected = kind.read(alert, labels, document)
    return read
