"""Parts of a run that answer nothing for a while."""

from __future__ import annotations

import itertools
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

from alertdrill.core.clock import Clock
from alertdrill.errors import ComponentFailed, ComponentSilent, RequestRefused
from alertdrill.runner import silent_parts
from alertdrill.runner.silent_parts import SilentParts
from alertdrill.runner.traffic import TrafficReport, TrafficUnfinished
from alertdrill.runtime import http_client
from alertdrill.runtime.http_client import Api


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> SilentParts:
    """Watch a run at speed 60 that began ten seconds ago; servers may be silent for a moment only."""
    monkeypatch.setattr(http_client, "TIMEOUT_S", 0.1)
    monkeypatch.setattr(silent_parts, "READ_WITHIN_WALL_S", 0.3)
    monkeypatch.setattr(silent_parts, "POLL_WALL_S", 0.01)
    return SilentParts(clock=Clock(speed=60, origin_s=time.time() - 10))


def serve(server: socket.socket, silent_for: int, answer: bytes) -> None:
    """Take connections; the first few are never answered, all others with the same."""
    with ExitStack() as kept, suppress(OSError):
        for number in itertools.count(1):
            connection = kept.enter_context(server.accept()[0])
            if number > silent_for:
                connection.recv(65536)
                connection.sendall(answer)
                connection.close()


@contextmanager
def serving(silent_for: int, status: str = "200 OK") -> Iterator[Api]:
    """Have a server in a thread for the length of a block: its API."""
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server, silent_for, answer))
        thread.start()
        try:
            yield Api("prometheus", f"http://127.0.0.1:{server.getsockname()[1]}")
        finally:
            server.shutdown(socket.SHUT_RDWR)  # to close it would leave the thread waiting for a connection
            thread.join()


def test_a_part_that_is_silent_for_a_while_leaves_no_doubt_of_its_own(silent: SilentParts) -> None:
    """It is passed over, and waited for in the end; what the silence decided is for others to say."""
    with serving(silent_for=2) as api:
        with silent.bear("prometheus"):
            api.get("/")
        assert list(silent.since_s) == ["prometheus"]
        silent.await_answer("prometheus", api, "/-/ready")
    assert silent.doubts == ()


def test_a_part_that_is_silent_to_the_end_is_a_doubt(silent: SilentParts) -> None:
    """The sentence says since when, from the first question that was left open, and for how long."""
    with serving(silent_for=100) as api:
        with silent.bear("pager"):
            api.get("/notices")
        first = dict(silent.since_s)
        with silent.bear("pager"):
            api.get("/notices")
    assert silent.since_s == first
    (said,) = silent.doubts
    assert re.fullmatch(
        r"the pager has answered nothing since 10:\d\d, for \d s of wall time: "
        "what it did since then is unknown; hold the drills again",
        said,
    )


def test_a_part_that_all_is_read_from_is_waited_for_in_bounds(silent: SilentParts) -> None:
    """A Prometheus that does not come back leaves nothing to judge, and is named with its silence."""
    said = r"^Prometheus has answered nothing since 10:\d\d, for "
    with serving(silent_for=100) as api, pytest.raises(ComponentSilent, match=said):
        silent.await_answer("prometheus", api, "/-/ready")


def test_an_error_is_an_answer(silent: SilentParts) -> None:
    """A part that answers with an error of HTTP is not silent, and whoever asked is told."""
    with serving(silent_for=0, status="503 Service Unavailable") as api:
        silent.await_answer("prometheus", api, "/-/ready")
        with pytest.raises(RequestRefused), silent.bear("prometheus"):
            api.get("/")
    assert silent.doubts == ()


@pytest.mark.usefixtures("silent")
def test_the_time_in_which_nothing_came_is_said() -> None:
    """An answer that does not come says for how long nothing came, not what Python calls that."""
    said = r"cannot be reached: nothing came for 0.1 s$"
    with serving(silent_for=100) as api, pytest.raises(ComponentFailed, match=said):
        api.get("/")


class Undone:
    """Traffic that is not done when it should be."""

    def wait(self, timeout_s: float) -> TrafficReport:
        """Raise what is raised then."""
        raise TrafficUnfinished(f"Locust was not done within {timeout_s:g} s: 3 calls without an answer")

    def report(self) -> TrafficReport:
        """Return what Locust last reported."""
        return TrafficReport(stalls=((1.0, 2.0),))


def test_traffic_that_is_not_done_in_the_end_is_a_doubt(silent: SilentParts) -> None:
    """The run is judged with what Locust last reported, and says what it was not done with."""
    traffic: Any = Undone()
    assert silent.await_end(traffic, 10.0).stalls == ((1.0, 2.0),)
    assert silent.doubts == (
        "Locust was not done within 10 s: 3 calls without an answer; hold the drills again",
    )
