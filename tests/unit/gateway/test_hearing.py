"""Who hears which event, whatever was heard before, and which method of a surface does."""

from __future__ import annotations

from functools import singledispatchmethod

import pytest

from alertdrill.gateway import prefixes
from alertdrill.gateway.events import DomainEvent, KeyIssued, KeyRevoked
from alertdrill.gateway.hearing import Ears

ISSUED, REVOKED = KeyIssued(key_id="k"), KeyRevoked(key_id="k")


class Dispatching:
    """A surface with a method for one kind of event."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    @singledispatchmethod
    def observe(self, _event: DomainEvent) -> None:
        """Note an event of any other kind."""
        self.heard.append("any")

    @observe.register
    def _(self, _event: KeyIssued) -> None:
        self.heard.append("issued")


class Plain:
    """A surface with one method for all."""

    def __init__(self) -> None:
        self.heard: list[DomainEvent] = []

    def observe(self, event: DomainEvent) -> None:
        """Note an event."""
        self.heard.append(event)


@pytest.mark.parametrize("times", [1, 2])
def test_the_method_of_an_events_kind_hears_it(times):
    """An event of another kind is heard by the method for all; so it is each time."""
    ears, surface = Ears(), Dispatching()
    ears.add_surface("one", surface)
    for _ in range(times):
        ears.emit(ISSUED)
        ears.emit(REVOKED)
    assert surface.heard == ["issued", "any"] * times


def test_a_surface_may_have_one_method_for_all_events():
    """So may surfaces of strangers."""
    ears, surface = Ears(), Plain()
    ears.add_surface("one", surface)
    ears.emit(ISSUED)
    ears.emit(REVOKED)
    assert surface.heard == [ISSUED, REVOKED]


def test_each_prefix_is_told_apart_for_the_same_kind_of_event():
    """What was heard under one prefix says nothing of another; listeners hear under all."""
    ears, one, two, everything = Ears(), Plain(), Plain(), []
    ears.add(everything.append)
    ears.add_surface("one", one)
    ears.add_surface("two", two)
    for prefix in ("one", None, prefixes.ASIDE, "one"):
        token = prefixes._prefix.set(prefix)
        ears.emit(ISSUED)
        prefixes._prefix.reset(token)
    assert (len(one.heard), len(two.heard), len(everything)) == (3, 1, 4)


def test_who_comes_later_hears_what_was_told_before_to_others():
    """Features listen once the gateway has told its first events."""
    ears, first, later = Ears(), [], []
    ears.add(first.append)
    ears.emit(ISSUED)
    ears.add(later.append)
    ears.emit(ISSUED)
    assert (len(first), len(later)) == (2, 1)
