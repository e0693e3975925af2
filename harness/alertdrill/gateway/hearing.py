"""Who hears which event: every listener, and of the surfaces those whose prefix the work at hand is under.

A call has half a dozen events and a gateway five surfaces, so who hears a kind of event under a prefix, and
which of a surface's methods that is, is worked out once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatchmethod
from typing import Protocol

from alertdrill.gateway.events import DomainEvent, Listener
from alertdrill.gateway.prefixes import current_prefix, hears

Kind = type[DomainEvent]


class Observer(Protocol):
    """What a system's surface is to the gateway."""

    def observe(self, event: DomainEvent) -> None:
        """Move what an event moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """Who hears the gateway's events, and what `/metrics/<name>` shows of it; each name is a prefix too.

    Listeners hear everything; `surfaces`, by their systems' names, what those hear. `own_expositions` are of
    no system, so that their names are no prefixes.
    """

    listeners: Sequence[Listener] = ()
    surfaces: Mapping[str, Observer] = field(default_factory=dict)
    expositions: Mapping[str, Callable[[], bytes]]
    own_expositions: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)


class Ears:
    """All who hear the gateway's events, in the order in which they were added."""

    def __init__(self) -> None:
        self._finders: list[Callable[[Kind], Listener | None]] = []
        self._found: dict[tuple[str | None, Kind], tuple[Listener, ...]] = {}

    def add(self, listen: Listener) -> None:
        """Add one that hears everything."""
        self._add(lambda _kind: listen)

    def add_surface(self, system: str, surface: Observer) -> None:
        """Add one that hears what its system hears."""
        self._add(lambda kind: find_handler(surface, kind) if hears(system) else None)

    def emit(self, event: DomainEvent) -> None:
        """Tell an event to all who hear it; the prefix is that of the work at hand. From any thread."""
        heard = current_prefix(), type(event)
        listeners = self._found.get(heard)
        if listeners is None:
            found = [find(type(event)) for find in self._finders]
            listeners = self._found[heard] = tuple(listen for listen in found if listen is not None)
        for listen in listeners:
            listen(event)

    def _add(self, find: Callable[[Kind], Listener | None]) -> None:
        self._finders.append(find)
        self._found.clear()


def find_handler(surface: Observer, kind: Kind) -> Listener:
    """Return what a surface does with a kind of event: one of its `observe` methods, if it has several."""
    observe = inspect.getattr_static(surface, "observe", None)
    if isinstance(observe, singledispatchmethod):
        handler: Listener = observe.dispatcher.dispatch(kind).__get__(surface)
        return handler
    return surface.observe
