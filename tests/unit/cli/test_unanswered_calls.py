"""`alertdrill traffic` at a gateway that leaves calls without an answer; Locust and its report are made."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Self

import pytest

from alertdrill.cli.calls_table import tabulate_calls
from alertdrill.cli.commands import traffic as command
from alertdrill.cli.main import call
from alertdrill.cli.output import open_console
from alertdrill.runner import hand_traffic
from alertdrill.runner.traffic import ProfileReport, TrafficReport

OPEN = ProfileReport(
    planned=5,
    sent=5,
    late=0,
    lateness_p50_s=0.0,
    lateness_p99_s=0.0,
    lateness_max_s=0.0,
    latency_min_s=None,
    latency_p50_s=None,
    latency_p99_s=None,
    slowest_s=(),
    unwelcome=0,
    statuses={},
)
Send = Callable[[ProfileReport], int]


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch) -> Iterator[Send]:
    """Send five calls of which Locust always reports the same, until the time for answers is over."""
    reports: list[ProfileReport] = []

    class Endless:
        """A Locust that never comes to its end."""

        def __init__(self, *_: object, **__: object) -> None: ...

        def __enter__(self) -> Self:
            return self

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None: ...

        def poll(self) -> bool:
            return True

        def report(self) -> TrafficReport:
            return TrafficReport(profiles={"steady": reports[-1]})

    monkeypatch.setattr(hand_traffic, "Traffic", Endless)
    monkeypatch.setattr(hand_traffic, "lead_wall_s", lambda _: 0.0)
    monkeypatch.setattr(hand_traffic, "ANSWERS_WITHIN_WALL_S", 0.5)
    monkeypatch.setattr(hand_traffic, "LOOK_EVERY_WALL_S", 0.01)
    monkeypatch.setattr(command, "SILENT_WALL_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as gateway:
        url = f"http://127.0.0.1:{gateway.getsockname()[1]}"
        plan = ("--model", "m", "--rate", "5/s", "--lasts", "1s", "--speed", "100")

        def run(report: ProfileReport) -> int:
            reports.append(report)
            with pytest.raises(SystemExit) as ended:
                call(["traffic", "steady", "--host", url, *plan])
            assert isinstance(ended.value.code, int)
            return ended.value.code

        yield run


def test_calls_that_nobody_answers_are_counted(send: Send, capsys: pytest.CaptureFixture[str]) -> None:
    """None is said to be as wanted; what is waited for is said once, and the end of it: exit 1."""
    assert send(OPEN) == 1
    said = capsys.readouterr()
    assert said.out == "5 of 5 calls sent, none of them answered\n"
    assert said.err.splitlines() == [
        "alertdrill: waiting for 5 answers, until 120 s after the last call was due",
        "alertdrill: 5 of 5 calls had no answer 120 s after the last was due: given up",
    ]


def test_answers_are_counted_beside_what_has_none(send: Send, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that came are counted by their status, and the others beside them."""
    assert send(replace(OPEN, statuses={"200": 2, "429": 1}, unwelcome=1)) == 1
    assert capsys.readouterr().out.startswith("5 of 5 calls sent, 2 of them not answered, 1 not as wanted\n")


def test_calls_that_were_not_sent_in_time_cannot_be_told(
    send: Send, capsys: pytest.CaptureFixture[str]
) -> None:
    """A machine that did not send them all is no fault of the gateway: exit 3."""
    assert send(replace(OPEN, sent=3)) == 3
    assert "3 of 5 calls were sent within" in capsys.readouterr().err


def test_what_a_gateway_says_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters in what was first said with a status are escaped in the table."""
    failed = replace(OPEN, statuses={"500": 5}, unwelcome=5)
    (*_, table) = tabulate_calls(failed, {"500": "\x1b]0;title\x07"}, speed=1)
    open_console().print(table)
    assert "\\x1b]0;title\\x07" in capsys.readouterr().out
