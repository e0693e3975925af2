"""Tests of waiting for a store: nothing is read before it shows all, and what it lacks is said."""

from __future__ import annotations

from typing import Any

import pytest

from alertdrill.core.clock import Clock
from alertdrill.errors import CouldNotTell
from alertdrill.recording import store as store_room
from alertdrill.recording.store import await_samples
from alertdrill.runtime.http_client import Api, Series

CLOCK = Clock(speed=60, origin_s=1000.0)
UNTIL_S = 600.0
JOB = "metis-gateway"


class FakeStore(Api):
    """Shows its newest scrapes at these rule times, and these numbers of samples, one after the other."""

    def __init__(
        self, *newest_s: float, counts: tuple[int, ...] = (4,), job: str = JOB, evaluated_s: float = UNTIL_S
    ) -> None:
        super().__init__("the store", "http://127.0.0.1:1")
        self.newest_s = newest_s
        self.counts = list(counts)
        self.job = job
        self.evaluated_s = evaluated_s

    def query(self, path: str, **params: str) -> list[Series]:
        """Return the newest scrapes, or that many samples."""
        if path.endswith("query_range"):
            assert params["start"] == params["end"] == "1010.000"
            newest = [
                ({"job": self.job, "instance": str(number)}, at_s)
                for number, at_s in enumerate(self.newest_s)
            ]
            return [
                (labels, ((1010.0, CLOCK.wall_s(at_s)),))
                for labels, at_s in [*newest, ({}, self.evaluated_s)]
            ]
        count = self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]
        return [({}, tuple((1001.0 + number, 1.0) for number in range(count)))]


@pytest.fixture(autouse=True)
def sleepless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the wait pass at once: a second each time that it sleeps."""
    now_s = [0.0]

    class FakeTime:
        @staticmethod
        def monotonic() -> float:
            return now_s[0]

        @staticmethod
        def sleep(seconds: float) -> None:
            now_s[0] += seconds

    monkeypatch.setattr(store_room, "time", FakeTime)


def wait(store: FakeStore) -> Any:
    """Wait for a store; Prometheus has four samples."""
    return await_samples(store, FakeStore(UNTIL_S), CLOCK, [JOB], UNTIL_S)


def test_a_store_that_shows_all_is_read_at_once() -> None:
    """A fresh scrape of one gateway and as many samples as were made."""
    assert wait(FakeStore(UNTIL_S - 15)) == 0


def test_samples_that_are_under_way_are_waited_for() -> None:
    """The store is asked again until nothing is missing."""
    assert wait(FakeStore(UNTIL_S, counts=(1, 3, 4))) == 2


@pytest.mark.parametrize(
    ("store", "lack"),
    [
        (FakeStore(), "has no scrape of the job metis-gateway from the end of the run"),
        (FakeStore(UNTIL_S, job="other"), "has no scrape of the job metis-gateway"),
        (FakeStore(UNTIL_S - 61), "has no scrape of the job metis-gateway"),
        (FakeStore(UNTIL_S, UNTIL_S), "has scrapes of the job metis-gateway from 2 gateways"),
        (FakeStore(UNTIL_S, evaluated_s=UNTIL_S - 61), "has no evaluation of rules from the end"),
        (FakeStore(UNTIL_S, counts=(3,)), "has 3 samples of scrapes and rules, and the Prometheus that made"),
        (FakeStore(UNTIL_S, counts=(5,)), "has 5 samples of scrapes and rules, and the Prometheus that made"),
    ],
)
def test_what_never_comes_is_named(store: FakeStore, lack: str) -> None:
    """After 90 s it is said what the store lacks, and nothing is judged."""
    with pytest.raises(CouldNotTell, match=f"90 s after the run, the store {lack}"):
        wait(store)
