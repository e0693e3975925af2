"""Tests of the watch of the parts: what it takes for a silence, and what it does not hold against anybody."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aiohttp
import pytest

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
MOST_TRIES = 20
"""Where others keep the watcher out, it says nothing of anybody: then the part is stopped again."""


class Answering(BaseHTTPRequestHandler):
    """Answers 401 to everything, as who wants a token does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Refuse."""
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve() -> Iterator[str]:
    """Serve in this process, and give the URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/healthz"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serve_apart() -> Iterator[tuple[str, int]]:
    """Serve in a process of its own, and give the URL and its id."""
    argv = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", os.devnull]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().split("port ")[1].split()[0]
            yield f"http://127.0.0.1:{port}/", process.pid
        finally:
            process.kill()


def watch_silence(part: str, silences: tuple[SilentSpan, ...]) -> list[SilentSpan]:
    """Return a part's silences that are long enough to be no hiccup of a busy machine."""
    return [one for one in silences if one.part == part and one.until_s - one.from_s > STOP_S / 2]


def test_a_part_that_is_stopped_is_silent_for_as_long() -> None:
    """From the stop to when it goes on, within a few questions; whoever else answered is not silent."""
    with serve() as well, serve_apart() as (url, pid):
        for _ in range(MOST_TRIES):
            with PartWatch({"pager": url, "gateway": well}) as watch:
                await_questions(watch, 20)
                stopped_s = time.time()
                os.kill(pid, signal.SIGSTOP)
                time.sleep(STOP_S)  # the cause itself, not a wait for something
                resumed_s = time.time()
                os.kill(pid, signal.SIGCONT)
                await_questions(watch, 20)
            if watch.missed_wall_s < STOP_S / 3:
                break
        (silence,) = watch_silence("pager", watch.silences)
        assert silence.from_s == pytest.approx(stopped_s, abs=0.3)
        assert silence.until_s == pytest.approx(resumed_s, abs=0.3)
        assert watch_silence("gateway", watch.silences) == []


def test_a_part_may_be_asked_less_often() -> None:
    """Once at the beginning, and then after its pause: a minute from now."""
    with serve() as seldom, PartWatch({"gateway": seldom}, every_wall_s={"gateway": 60.0}) as calm:
        await_questions(calm, 1 - calm.asked)
        time.sleep(STOP_S)  # for which it is left alone
    assert calm.asked == 1
    assert not calm.silences


def test_a_part_that_takes_no_connection_is_silent_until_the_end() -> None:
    """Nobody listens: refused is no answer, and what has not answered by the end was silent until then."""
    with serve() as url:
        pass
    for _ in range(MOST_TRIES):
        before_s = time.time()
        with PartWatch({"pager": url}) as watch:
            began_s = time.time()
            time.sleep(STOP_S)  # how long nobody listens
            ended_s = time.time()
        after_s = time.time()
        if watch.missed_wall_s < STOP_S / 3:
            break
    (silence,) = watch_silence("pager", watch.silences)
    # The test itself may not be let in just where it reads the clock.
    assert before_s <= silence.from_s <= began_s + 0.3
    assert ended_s - 0.3 <= silence.until_s <= after_s


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
    ending.join(5)
    hung = ending.is_alive()
    is_let_go.set()
    assert not hung


def await_questions(watch: PartWatch, count: int) -> None:
    """Wait until so many more questions were asked."""
    wanted, give_up_at = watch.asked + count, time.monotonic() + 30
    while watch.asked < wanted:
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


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
