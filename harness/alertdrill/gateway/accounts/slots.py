"""A bounded queue before each model: so many calls at once, so many waiting, and the rest are refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from alertdrill.gateway.accounts.events import QueueChanged
from alertdrill.gateway.events import Listener
from alertdrill.gateway.models import Model
from alertdrill.gateway.problems import Problem

SLOTS = 8
MAX_WAITING = 64


@dataclass(slots=True)
class _Lane:
    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SLOTS))
    waiting: int = 0


class Slots:
    """The queues of all models; whoever came first goes first."""

    def __init__(self, emit: Listener) -> None:
        self._emit = emit
        self._lanes: dict[str, _Lane] = {}

    async def take(self, model: Model) -> Callable[[], None]:
        """Wait for a slot, and return what gives it back; raises Problem (503) if too many wait."""
        lane = self._lanes.setdefault(model.id, _Lane())
        if lane.free.locked():
            if lane.waiting >= MAX_WAITING:
                message = f"{MAX_WAITING} calls wait for {model.id} already"
                raise Problem(503, message, type_="overloaded", code="queue_full")
            self._change(model, lane, 1)
            try:
                await lane.free.acquire()
            finally:
                self._change(model, lane, -1)
        else:
            await lane.free.acquire()
        return lane.free.release

    def _change(self, model: Model, lane: _Lane, change: int) -> None:
        lane.waiting += change
        self._emit(QueueChanged(provider=model.provider, model=model.name, waiting=lane.waiting))
