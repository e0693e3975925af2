"""Tests of who may hold a live stack beside whom."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.turnstile import Turnstile

WITHIN_S = 10.0
BRIEFLY_S = 0.05
"""Long enough for a thread that need not wait, in most cases; where it is not, a test passes all the same."""


@pytest.fixture
def make_turnstile(tmp_path: Path) -> Iterator[Callable[..., Turnstile]]:
    """Return what makes turnstiles before one room, as processes do."""
    with ExitStack() as stack:

        def make(has_room: Callable[[], bool] = lambda: True) -> Turnstile:
            turnstile = Turnstile(tmp_path / "tests", has_room)
            stack.callback(turnstile.close)
            return turnstile

        yield make


def start(profile: Callable[[], object]) -> tuple[threading.Thread, threading.Event]:
    """Do something in a thread; return it and what is set when it is done."""
    done = threading.Event()

    def run() -> None:
        profile()
        done.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, done


def test_an_empty_room_is_entered_however_busy_the_machine_is(
    make_turnstile: Callable[..., Turnstile],
) -> None:
    """Else nothing would ever run beside a program that keeps all cores busy."""
    make_turnstile(lambda: pytest.fail("nobody is there, so nothing is measured")).enter()


def test_others_are_joined_when_there_is_room(make_turnstile: Callable[..., Turnstile]) -> None:
    """It is measured again until there is."""
    answers = [False, False, True]
    make_turnstile().enter()
    make_turnstile(lambda: answers.pop(0)).enter()
    assert answers == []


def test_whoever_is_inside_stays(make_turnstile: Callable[..., Turnstile]) -> None:
    """Tests that share a stack enter once."""
    make_turnstile().enter()
    answers = [True]
    turnstile = make_turnstile(lambda: answers.pop())
    turnstile.enter()
    turnstile.enter()
    assert answers == []


def test_alone_begins_when_all_have_left_and_lets_nobody_in(make_turnstile: Callable[..., Turnstile]) -> None:
    """Who wants the room alone holds nobody up before, and is not joined."""
    first, late, alone = make_turnstile(), make_turnstile(), make_turnstile()
    first.enter()
    has_begun, may_end = threading.Event(), threading.Event()

    def hold_alone() -> None:
        with alone.alone():
            has_begun.set()
            assert may_end.wait(WITHIN_S)

    alone_thread, _ = start(hold_alone)
    assert not has_begun.wait(BRIEFLY_S)
    late.enter()
    late.leave()
    assert not has_begun.is_set()
    first.leave()
    assert has_begun.wait(WITHIN_S)
    late_thread, is_in = start(late.enter)
    assert not is_in.wait(BRIEFLY_S)
    may_end.set()
    assert is_in.wait(WITHIN_S)
    for thread in (alone_thread, late_thread):
        thread.join(WITHIN_S)


def test_who_was_inside_is_inside_after_being_alone(make_turnstile: Callable[..., Turnstile]) -> None:
    """A drill that is held again goes on with the others, and a test that was alone from the first leaves."""
    stays, leaves, other = make_turnstile(), make_turnstile(), make_turnstile()
    stays.enter()
    with stays.alone():
        pass

    def be_alone() -> None:
        with other.alone():
            pass

    _, was_alone = start(be_alone)
    assert not was_alone.wait(BRIEFLY_S)
    stays.leave()
    assert was_alone.wait(WITHIN_S)
    with leaves.alone():
        pass
    make_turnstile(lambda: pytest.fail("the room is empty")).enter()
