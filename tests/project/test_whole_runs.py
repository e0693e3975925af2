"""Tests of how tests of whole runs ask once more where nobody could tell, alone, and only there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support import held_orders, whole_runs
from support.held_orders import hold_open_until_told
from support.turnstile import Turnstile
from support.whole_runs import SLOW_SPEED, Finished, HeldAgain, run_until_told

DOUBTED = Finished(code=3, out="No verdict can be trusted: 1 met", err="")
TOO_SLOW = Finished(code=3, out="", err="alertdrill: too slow to hold drills even at speed 10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """As much of an order as matters."""

    out: Path
    speed: float | None = None


@pytest.fixture(autouse=True)
def empty_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Turnstile]:
    """Let nobody be there but this test."""
    turnstile = Turnstile(tmp_path / "room", lambda: True)
    for module in (held_orders, whole_runs):
        monkeypatch.setattr(module, "open_turnstile", lambda: turnstile)
    yield turnstile
    turnstile.close()


def run_all(out: Path, *ends: Finished) -> tuple[Finished, int]:
    """Ask for a verdict where runs end like this, one after the other; return it, and how many ran."""
    left = list(ends)

    def run(slower: Sequence[str]) -> Finished:
        out.mkdir()  # each begins without what the one before has written
        assert bool(slower) == (len(left) < len(ends))
        return left.pop(0)

    return run_until_told(run, out), len(ends) - len(left)


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_verdict_is_asked_for_once(tmp_path: Path, code: int) -> None:
    """Met, unmet and refused are what they are."""
    told = replace(DOUBTED, code=code)
    assert run_all(tmp_path / "out", told, DOUBTED) == (told, 1)


@pytest.mark.parametrize("doubted", [DOUBTED, TOO_SLOW])
def test_a_doubted_clock_is_asked_again(tmp_path: Path, doubted: Finished) -> None:
    """The second verdict counts, a bad one too, and a second doubt stands; pytest's summary has it."""
    unmet = replace(DOUBTED, code=1)
    with pytest.warns(HeldAgain):
        assert run_all(tmp_path / "out", doubted, unmet, DOUBTED) == (unmet, 2)
    with pytest.warns(HeldAgain):
        assert run_all(tmp_path / "again", *[doubted] * 3) == (doubted, 2)


def test_the_second_run_has_the_machine_for_itself(
    empty_room: Turnstile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drills are held again in a room of their own, the first time beside others."""
    is_alone = False

    @contextmanager
    def alone() -> Iterator[None]:
        nonlocal is_alone
        is_alone = True
        yield
        is_alone = False

    monkeypatch.setattr(empty_room, "alone", alone)
    runs: list[bool] = []

    def run(_slower: Sequence[str]) -> Finished:
        runs.append(is_alone)
        return DOUBTED

    with pytest.warns(HeldAgain):
        run_until_told(run)
    assert (runs, is_alone) == ([False, True], False)


def test_a_broken_run_is_not_asked_again(tmp_path: Path) -> None:
    """A part that died is no matter of the clock."""
    broken = Finished(code=3, out="", err="alertdrill: gateway was ended by SIGKILL")
    assert run_all(tmp_path / "out", broken, DOUBTED) == (broken, 1)


@pytest.mark.filterwarnings("ignore::support.whole_runs.HeldAgain")
@pytest.mark.parametrize("of_run", [True, False])
@pytest.mark.parametrize(("doubted", "runs"), [(0, 1), (1, 2), (2, 2)])
def test_drills_in_this_process_are_held_again_when_doubted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doubted: int, runs: int, of_run: bool
) -> None:
    """Only one stack stands at a time, the last one is left to the test, and each has a fresh folder.

    So they are where one drill of the run is in doubt, whatever became of the others.
    """
    seen: list[str] = []

    @contextmanager
    def hold_open(order: Any, _show: Any) -> Iterator[Any]:
        assert order.speed == (SLOW_SPEED if seen else None)
        assert [path.name for path in order.out.rglob("*")] == ["logs"]
        (order.out / "logs" / "locust.log").touch()
        seen.append("up")
        doubts = ("late",) if seen.count("up") <= doubted else ()
        verdicts = (SimpleNamespace(doubts=() if of_run else doubts),)
        yield SimpleNamespace(record=SimpleNamespace(doubts=doubts if of_run else (), verdicts=verdicts))
        seen.append("down")

    monkeypatch.setattr(held_orders, "hold_open", hold_open)
    (tmp_path / "out" / "logs").mkdir(parents=True)
    order: Any = Ordered(out=tmp_path / "out")
    with hold_open_until_told(order) as held:
        assert seen == ["up", "down"] * (runs - 1) + ["up"]
        assert bool(held_orders._list_doubts(held.record)) == (doubted == 2)
        assert (tmp_path / "out" / "logs" / "locust.log").exists()
    assert seen == ["up", "down"] * runs


def test_a_failure_shows_what_is_not_met_last_and_neither_progress_nor_what_is() -> None:
    """A log of a failure that is cut in its middle keeps the drill that failed."""
    out = (
        "0:07 of 2:30 (0%), 2:30 of wall time left: 0 pending; calibrating\n"
        "✓ quiet\n    nothing fired\n✗ errors\n    late: after 9:00\n✓ other\n    silent\n"
        "1 of 3 drills not met\n"
    )
    finished = Finished(code=1, out=out, err="noted\n")
    assert finished.said == "1 of 3 drills not met\nnoted\n✗ errors\n    late: after 9:00"
