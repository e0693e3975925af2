"""Tests of the watch of the parts in real time: what a part that is stopped, or gone, is silent for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.watched_parts import await_questions, serve

from alertdrill.runtime.part_watch import PartWatch, SilentSpan

STOP_S = 0.6
MOST_TRIES = 20
"""Where others keep the watcher out, it says nothing of anybody: then the part is stopped again."""


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
