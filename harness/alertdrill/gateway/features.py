"""Features: what the gateway offers besides chat, each a package of its own with routes and events.

A feature is opened with the `Core`, as an asynchronous context manager, and closed with the gateway. It
tells what happens as DomainEvents of its own; systems that have a metric for them listen.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from aiohttp import web

from alertdrill.gateway.admission import Admission
from alertdrill.gateway.calls import Calls, Chats
from alertdrill.gateway.events import Listener
from alertdrill.gateway.keys import KeyRing
from alertdrill.gateway.meter import Meter
from alertdrill.gateway.models import Catalogue
from alertdrill.gateway.prefixes import current_prefix
from alertdrill.gateway.timing import RuleClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What features are made of.

    `listen` adds an ear for all events, of which a meter's come from any thread. A feature that stands in
    the way of the calls under a prefix puts itself into `chats`, under the prefix's name; under every other
    prefix, `calls` answers.
    """

    admission: Admission
    calls: Calls
    catalogue: Catalogue
    clock: RuleClock
    data_dir: Path
    emit: Listener
    keys: KeyRing
    listen: Callable[[Listener], None]
    meter: Meter
    chats: dict[str, Chats] = field(default_factory=dict)

    def find_chats(self) -> Chats:
        """Return who answers the calls that come under the prefix at hand."""
        return self.chats.get(current_prefix() or "", self.calls)


class Feature(Protocol):
    """What the gateway asks of a feature."""

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes; they are also offered under every prefix."""


OpenFeature = Callable[[Core], AbstractAsyncContextManager[Feature]]
