"""Asks every part of the stack many times a second whether it answers, and notes when it does not.

A part is silent from the first question that it leaves open until it answers one. All parts are asked by one
thread. It ticks, too: where its own tick comes late, nobody asked or listened, and that time is not held
against a part. What is measured is wall time; who has the run's clock turns it into rule time.
"""

from __future__ import annotations

import asyncio
import errno
import math
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import aiohttp

ASK_EVERY_WALL_S = 0.1
ASK_AGAIN_WALL_S = 1.0
"""After this, another question is asked on a new connection: what was cut off never answers the old one."""
TICK_WALL_S = 0.02
LATE_WALL_S = 0.05
"""A tick that is later than this was not let in on time."""
LEAST_WALL_S = 0.1
"""A shorter silence is none."""
OWN_FAULTS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
"""Why a question could not be asked that says nothing of who was to answer it."""

Gap = tuple[float, float]
"""From when to when the watcher was not let in, epoch seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentSpan:
    """A part answered nothing between two instants of wall time, epoch seconds."""

    part: str
    from_s: float
    until_s: float


@dataclass(slots=True)
class Attention:
    """When the watcher itself was let in: every `tick` says that it is now."""

    ticked_s: float
    missed_s: float = 0.0
    """For how long it was not let in, all in all."""
    _gap: Gap = (-math.inf, -math.inf)

    def tick(self, now_s: float) -> Gap | None:
        """Note that the watcher runs at this instant; return from when to when it did not, if it did not."""
        before_s, self.ticked_s = self.ticked_s, now_s
        if now_s - before_s <= TICK_WALL_S + LATE_WALL_S:
            return None
        self._gap = (before_s, now_s)
        self.missed_s += now_s - before_s
        return self._gap

    def find_heard_s(self, now_s: float) -> float:
        """Return since when an answer may have been there that is read now.

        What is read right after a gap, or before its end was noticed, may have come at its beginning.
        """
        if now_s - self.ticked_s > TICK_WALL_S + LATE_WALL_S:
            return self.ticked_s
        gap_from_s, gap_until_s = self._gap
        return gap_from_s if now_s - gap_until_s < LATE_WALL_S else now_s


@dataclass(slots=True)
class Silences:
    """Puts questions and answers together to silences."""

    found: list[SilentSpan] = field(default_factory=list)
    _open_s: dict[str, float] = field(default_factory=dict)
    """Since when a part owes an answer, by part."""

    def note_question(self, part: str, at_s: float) -> None:
        """Note that a part is asked; an older question that it has left open counts."""
        self._open_s.setdefault(part, at_s)

    def note_answer(self, part: str, heard_s: float) -> None:
        """Note that a part answers."""
        since_s = self._open_s.pop(part, heard_s)
        if heard_s - since_s >= LEAST_WALL_S:
            self.found.append(SilentSpan(part=part, from_s=since_s, until_s=heard_s))

    def drop_question(self, part: str) -> None:
        """Note that a part could not be asked, which is no fault of its own."""
        self._open_s.pop(part, None)

    def note_gap(self, gap: Gap) -> None:
        """Note that nobody asked or listened: what was asked just before may not even have been sent."""
        for part, since_s in self._open_s.items():
            if since_s > gap[0] - LEAST_WALL_S:
                self._open_s[part] = gap[1]

    def close(self, heard_s: float) -> None:
        """Note the end: what has not answered until now was silent until now."""
        for part in list(self._open_s):
            self.note_answer(part, heard_s)


class PartWatch:
    """Watches parts from entry to exit of the `with` block; `urls`, by part, are what they are asked.

    Any answer of HTTP will do. Where the URL is one of https, the certificate is checked with the file of
    `authorities` that a part has, or with the system's. `every_wall_s` is how often parts are asked that are
    asked less often than others, as long as they answer.
    """

    def __init__(
        self,
        urls: Mapping[str, str],
        authorities: Mapping[str, Path] = MappingProxyType({}),
        every_wall_s: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        # Not above: it takes a quarter of a second, and a command may end before it starts any stack. And not
        # in the thread, whose first ticks would be late.
        import aiohttp  # noqa: F401

        self._urls = urls
        self._every_wall_s = every_wall_s
        # Also without https: what is wrong with a file is better known now.
        self._tls = {part: ssl.create_default_context(cafile=path) for part, path in authorities.items()}
        self._usual = ssl.create_default_context()
        self._silences = Silences()
        self._attention = Attention(time.time())
        self._loop = asyncio.new_event_loop()
        self._is_over = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="partwatch")
        self._watching: Future[None] | None = None
        self.asked = 0
        """How many questions were asked."""

    def __enter__(self) -> Self:
        """Begin to ask."""
        self._attention.ticked_s = time.time()
        self._watching = self._thread.submit(self._run)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ask no more; what is silent then was silent until then."""
        with self._thread:
            self._loop.call_soon_threadsafe(self._is_over.set)
            if self._watching is not None:
                self._watching.result()

    @property
    def silences(self) -> tuple[SilentSpan, ...]:
        """What was silent and when, of a watch that is over."""
        return tuple(self._silences.found)

    @property
    def missed_wall_s(self) -> float:
        """For how long nobody asked or listened, because the watcher was not let in."""
        return self._attention.missed_s

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._watch())
        finally:
            self._loop.close()

    async def _watch(self) -> None:
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=ASK_AGAIN_WALL_S)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
            tasks = [asyncio.create_task(self._tick())]
            tasks += [asyncio.create_task(self._ask(session, part)) for part in self._urls]
            await self._is_over.wait()
            self._silences.close(self._attention.find_heard_s(time.time()))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            gap = self._attention.tick(time.time())
            if gap is not None:
                self._silences.note_gap(gap)
            await asyncio.sleep(TICK_WALL_S)

    async def _ask(self, session: aiohttp.ClientSession, part: str) -> None:
        import aiohttp

        # Being cancelled does not end it for certain: aiohttp takes a cancellation that comes just as a
        # question's time is up for the end of that time, and raises TimeoutError.
        while not self._is_over.is_set():
            asked_s = time.time()
            every_s = ASK_EVERY_WALL_S
            self._silences.note_question(part, asked_s)
            self.asked += 1
            try:
                tls = self._tls.get(part, self._usual)
                async with session.get(self._urls[part], allow_redirects=False, ssl=tls) as answer:
                    await answer.read()
                self._silences.note_answer(part, self._attention.find_heard_s(time.time()))
                every_s = self._every_wall_s.get(part, every_s)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                # Refused, cut off, or not answered in time: the question stays open.
                if isinstance(error, OSError) and error.errno in OWN_FAULTS:
                    self._silences.drop_question(part)
            await asyncio.sleep(max(0.0, asked_s + every_s - time.time()))
