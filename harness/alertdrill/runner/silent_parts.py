"""Parts of a run that answer nothing for a while: it goes on, and reads them when they answer again.

What a silence may have decided is doubted by what the watch of the parts has seen. A part that has died is
another matter: who watches the stack says so.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from alertdrill.core.clock import Clock, format_s
from alertdrill.errors import ComponentFailed, ComponentSilent, RequestRefused
from alertdrill.judging.could_not_tell import say_part
from alertdrill.judging.standstill import AGAIN
from alertdrill.runner.traffic import Traffic, TrafficReport, TrafficUnfinished
from alertdrill.runtime.http_client import Api
from alertdrill.stacks import Stack

READ_WITHIN_WALL_S = 30.0
"""How long a part that is silent when all drills are held is waited for."""
BURIAL_WALL_S = 2.0
"""How long a process or a container that does not answer may take to be seen dead."""
POLL_WALL_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentParts:
    """Which parts of a run owe an answer, and since when, epoch seconds.

    Locust, which nobody can ask, owes its end: `unfinished` says what it was not done with.
    """

    clock: Clock
    since_s: dict[str, float] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)

    @contextmanager
    def bear(self, part: str) -> Iterator[None]:
        """Ask a part in the block; if it does not answer, that is noted, and the block is over."""
        asked_s = time.time()
        try:
            yield
        except ComponentSilent:
            self.since_s.setdefault(part, asked_s)
        except RequestRefused:
            self.since_s.pop(part, None)
            raise
        else:
            self.since_s.pop(part, None)

    def await_answer(self, part: str, api: Api, path: str) -> None:
        """Wait until a part answers that all is read from; raises ComponentSilent if it does not."""
        give_up_at = time.monotonic() + READ_WITHIN_WALL_S
        while True:
            with self.bear(part), suppress(RequestRefused):  # that is an answer
                api.get(path)
            if part not in self.since_s:
                return
            if time.monotonic() >= give_up_at:
                raise ComponentSilent(f"{self._say(part)}: nothing can be read of it; {AGAIN}")
            time.sleep(POLL_WALL_S)

    def await_end(self, traffic: Traffic, within_wall_s: float) -> TrafficReport:
        """Wait until Locust is done, and return its last report, whether it is or not."""
        try:
            return traffic.wait(within_wall_s)
        except TrafficUnfinished as error:
            self.unfinished.append(f"{error}; {AGAIN}")
            return traffic.report()

    @property
    def doubts(self) -> tuple[str, ...]:
        """A sentence for each part that owed an answer, or its end, until nobody waited any more."""
        said = f"what it did since then is unknown; {AGAIN}"
        return (*self.unfinished, *(f"{self._say(part)}: {said}" for part in self.since_s))

    def _say(self, part: str) -> str:
        since_s = self.since_s[part]
        lasted_s = time.time() - since_s
        return (
            f"{say_part(part)} has answered nothing since {format_s(self.clock.rule_s(since_s))}, "
            f"for {lasted_s:.0f} s of wall time"
        )


@contextmanager
def name_the_dead(stack: Stack) -> Iterator[None]:
    """When a part cannot be reached, rather say that it has died, if it has: that names its log."""
    try:
        yield
    except ComponentFailed:
        give_up_at = time.monotonic() + BURIAL_WALL_S
        while time.monotonic() < give_up_at:
            stack.check()
            time.sleep(POLL_WALL_S)
        raise
