"""Features: what the gateway offers besides chat, each a package of its own with routes and events.

A feature is opened with the `Core`, as an asynchronous context manager, and closed with the gateway. It
tells what happens as DomainEvents of its own; systems that have a metric for them listen.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aiohttp import web

from harness.gateway.admission import Admission
from harness.gateway.calls import Calls
from harness.gateway.events import Listener
from harness.gateway.keys import KeyRing
from harness.gateway.models import Catalogue
from harness.gateway.timing import RuleClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What features are made of."""

    admission: Admission
    calls: Calls
    catalogue: Catalogue
    clock: RuleClock
    data_dir: Path
    emit: Listener
    keys: KeyRing


class Feature(Protocol):
    """What the gateway asks of a feature."""

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes; they are also offered behind every door."""


OpenFeature = Callable[[Core], AbstractAsyncContextManager[Feature]]
