"""Tests of the watch of the parts: what it takes for a silence, and what it does not hold against anybody."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass

import aiohttp
import pytest
from support.patience import PATIENCE_S
from support.watched_parts import await_questions, serve

from alertdrill.runtime.part_watch import (
    LATE_WALL_S,
    LEAST_WALL_S,
    TICK_WALL_S,
    Attention,
    PartWatch,
    Silences,
    SilentSpan,
)

STOP_S = 0.6


def test_a_part_may_be_asked_less_often() -> None:
    """Once at the beginning, and then after its pause: a minute from now."""
    with serve() as seldom, PartWatch({"gateway": seldom}, every_wall_s={"gateway": 60.0}) as calm:
        await_questions(calm, 1 - calm.asked)
        time.sleep(STOP_S)  # for which it is left alone
    assert calm.asked == 1
    assert not calm.silences


@dataclass
class NeverAnswered:
    """A question whose time is up just as it is cancelled: aiohttp says that its time is up."""

    is_let_go: threading.Event

    async def __aenter__(self) -> None:
        try:
            while not self.is_let_go.is_set():
                await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            raise TimeoutError from None
        raise asyncio.CancelledError

    async def __aexit__(self, *_: object) -> None:
        """Do nothing."""


def test_a_watch_ends_although_a_question_takes_its_end_for_a_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cancellation that aiohttp swallows costs no hang."""
    is_let_go = threading.Event()
    monkeypatch.setattr(aiohttp.ClientSession, "get", lambda *_args, **_kwargs: NeverAnswered(is_let_go))
    watch = PartWatch({"pager": "http://127.0.0.1:1/"})
    watch.__enter__()
    await_questions(watch, 1 - watch.asked)
    ending = threading.Thread(target=watch.__exit__, args=(None, None, None), daemon=True)
    ending.start()
    ending.join(PATIENCE_S)
    hung = ending.is_alive()
    is_let_go.set()
    assert not hung


def test_a_question_left_open_counts_from_when_it_was_asked() -> None:
    """Asking again does not begin anew; an answer at once is no silence."""
    silences = Silences()
    for asked_s in (1.0, 2.0, 3.0):
        silences.note_question("pager", asked_s)
    silences.note_answer("pager", 3.5)
    silences.note_question("pager", 4.0)
    silences.note_answer("pager", 4.0 + LEAST_WALL_S / 2)
    assert silences.found == [SilentSpan(part="pager", from_s=1.0, until_s=3.5)]


def test_what_could_not_be_asked_is_not_silent() -> None:
    """Without a descriptor of one's own nobody is asked, and nobody owes an answer."""
    silences = Silences()
    silences.note_question("pager", 1.0)
    silences.drop_question("pager")
    silences.close(9.0)
    assert silences.found == []


def test_a_watcher_that_was_not_let_in_says_nothing_of_the_others() -> None:
    """An answer read right after a gap may have been there all along; one read later was not."""
    attention = Attention(10.0)
    assert attention.tick(10.0 + TICK_WALL_S) is None
    gap = attention.tick(12.0)
    assert gap == (10.0 + TICK_WALL_S, 12.0)
    assert attention.find_heard_s(12.0 + LATE_WALL_S / 2) == 10.0 + TICK_WALL_S
    assert attention.tick(12.02) is None
    assert attention.tick(12.06) is None
    assert attention.find_heard_s(12.07) == 12.07
    assert attention.missed_s == pytest.approx(2.0 - TICK_WALL_S)


def test_an_answer_is_not_held_late_before_the_gap_is_noticed() -> None:
    """The loop reads answers before it ticks: what it reads then may have come when it last ticked."""
    assert Attention(10.0).find_heard_s(12.0) == 10.0


def test_a_question_asked_just_before_a_gap_may_not_have_been_sent() -> None:
    """It counts from the gap's end; one that was open for longer counts from when it was asked."""
    silences = Silences()
    silences.note_question("pager", 5.0)
    silences.note_question("gateway", 9.99)
    silences.note_gap((10.0, 12.0))
    silences.note_answer("gateway", 12.01)
    silences.note_answer("pager", 12.5)
    assert silences.found == [SilentSpan(part="pager", from_s=5.0, until_s=12.5)]
