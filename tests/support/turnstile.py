"""How many live stacks run at once: as many as the machine has to give, measured, between all that test.

A test that holds a stack enters a room, together with others, when cores are idle; one that must not be
disturbed enters when the room is empty, and nobody comes in beside it. Two files are locked (flock(2)): the
*door* by whoever enters, in turn, and the *room*, shared, by all who are in it. A process that dies leaves.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil

from alertdrill.runtime.binaries.cache import locate_cache

STACK_CORES = 0.6
"""A stack at speed 60 takes 0.2 cores while its drills are held, and all of them while it starts."""
STACK_BYTES = 1 << 30
LOOK_EVERY_S = 0.1
MEASURE_S = 0.3
"""How long idle cores are counted before one more enters; a stack that has just begun shows by then."""


class Turnstile:
    """The door and the room of one user's tests on this machine."""

    def __init__(self, folder: Path, has_room: Callable[[], bool]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._prefix = os.open(folder / "door", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._room = os.open(folder / "room", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._has_room = has_room
        self._is_inside = False

    def close(self) -> None:
        """Leave, and forget the files."""
        self.leave()
        os.close(self._prefix)
        os.close(self._room)

    def enter(self) -> None:
        """Wait for room beside whoever is inside; who is inside already stays."""
        if self._is_inside:
            return
        with self._hold_door():
            while not (self._is_empty() or self._has_room()):
                pass  # counting idle cores takes its time
            fcntl.flock(self._room, fcntl.LOCK_SH)
        self._is_inside = True

    def leave(self) -> None:
        """Make room for others."""
        fcntl.flock(self._room, fcntl.LOCK_UN)
        self._is_inside = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have the room to oneself for the length of a `with` block, and be in it as before afterwards.

        Whoever wants that waits until the room happens to be empty, and holds up nobody meanwhile.
        """
        was_inside = self._is_inside
        self.leave()
        with self._hold_door_of_empty_room():
            self._is_inside = True
            try:
                yield
            finally:
                # Going from exclusive to shared while the door is held: nobody else is let in before.
                fcntl.flock(self._room, fcntl.LOCK_SH)
        if not was_inside:
            self.leave()

    @contextmanager
    def _hold_door_of_empty_room(self) -> Iterator[None]:
        while True:
            with self._hold_door():
                if self._is_empty():
                    yield
                    return
            time.sleep(LOOK_EVERY_S)

    @contextmanager
    def _hold_door(self) -> Iterator[None]:
        fcntl.flock(self._prefix, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._prefix, fcntl.LOCK_UN)

    def _is_empty(self) -> bool:
        try:
            fcntl.flock(self._room, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def has_idle_cores() -> bool:
    """Measure whether the machine has cores and memory for one more stack."""
    times = psutil.cpu_times_percent(interval=MEASURE_S)
    # What runs at a low priority gives way.
    idle_cores = (times.idle + times.nice) / 100 * (psutil.cpu_count() or 1)
    return idle_cores >= STACK_CORES and psutil.virtual_memory().available >= STACK_BYTES


@cache
def open_turnstile() -> Turnstile:
    """Return this process's turnstile, before the room of all tests of this user."""
    return Turnstile(locate_cache(os.environ).root / "tests", has_idle_cores)
