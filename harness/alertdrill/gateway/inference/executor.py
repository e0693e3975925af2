"""The executor: a bounded number of slots on each device, and a timeout for everything that runs there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from alertdrill.gateway.events import Listener
from alertdrill.gateway.inference.events import DeviceLoaded, DeviceOpened, DeviceTimedOut
from alertdrill.gateway.problems import Problem
from alertdrill.gateway.timing import RuleClock

MAX_WAITING = 256
"""Calls that may wait for a slot of one device."""
_T = TypeVar("_T")


class ExecutorTimedOut(Exception):
    """A call was ended because it took too long, its wait for a slot included."""


class _Device:
    def __init__(self, slots: int) -> None:
        self.free = asyncio.Semaphore(slots)
        self.inflight = 0
        self.waiting = 0


class Executor:
    """Runs work on devices; make it inside the event loop."""

    def __init__(self, slots: Mapping[str, int], clock: RuleClock, emit: Listener) -> None:
        self._devices = {name: _Device(number) for name, number in slots.items()}
        self._clock = clock
        self._emit = emit
        for name in slots:
            emit(DeviceOpened(device=name))

    async def run(self, device: str, work: Callable[[], Awaitable[_T]], timeout_s: float) -> _T:
        """Return what `work` returns, as soon as a slot is free for it.

        Raises what `work` raises, ExecutorTimedOut after `timeout_s`, and Problem (503) at once if too
        many wait already.
        """
        scope = asyncio.timeout(timeout_s / self._clock.speed)
        try:
            async with scope:
                await self._acquire(device)
                try:
                    return await work()
                finally:
                    self._release(device)
        except TimeoutError:
            if not scope.expired():
                raise
            self._emit(DeviceTimedOut(device=device))
            raise ExecutorTimedOut(f"{device} did not finish within {timeout_s:g} s") from None

    async def _acquire(self, name: str) -> None:
        device = self._devices[name]
        if device.waiting >= MAX_WAITING:
            raise Problem(503, f"too many calls wait for {name}", type_="server_error", code="overloaded")
        device.waiting += 1
        try:
            await device.free.acquire()
        finally:
            device.waiting -= 1
        device.inflight += 1
        self._emit(DeviceLoaded(device=name, inflight=device.inflight))

    def _release(self, name: str) -> None:
        device = self._devices[name]
        device.free.release()
        device.inflight -= 1
        self._emit(DeviceLoaded(device=name, inflight=device.inflight))
