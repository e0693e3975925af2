"""Tests of recording from a server: what is asked, what is believed, and what becomes of the file."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
from support.canned_reads import CannedReads, read_bits
from support.faulty_proxy import open_faulty_proxy
from support.lone_prometheus import backfill, run_prometheus
from support.recordings import make_recording, make_series
from support.whole_runs import ROOT

from alertdrill.core.clock import Clock
from alertdrill.errors import AlertdrillError, BadInput, CouldNotTell
from alertdrill.recording.files import read_recording, write_recording
from alertdrill.recording.recorder import record
from alertdrill.recording.remote_read import STALE_BITS
from alertdrill.runtime.binaries import Generation, find_engines
from alertdrill.runtime.http_client import Api

SERVER_TIME = Clock(speed=1.0, origin_s=0.0)
FIRST_S, LAST_S = 7200, 10_800
TIMES_MS = range(FIRST_S * 1000, LAST_S * 1000 + 1, 15_000)
SERIES = (
    make_series("up", [(at, 1.0) for at in TIMES_MS], job="gateway"),
    make_series("a_total", [(at + 7, at / 3) for at in islice(TIMES_MS, 100)], kind="a"),
    make_series("a_total", [(at + 7, math.nan) for at in islice(TIMES_MS, 3)], kind="b"),
)


@pytest.fixture(scope="module", params=list(Generation))
def prometheus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Prometheus that has `SERIES`, and yield its URL."""
    engines = find_engines(os.environ, generation=request.param)
    folder = tmp_path_factory.mktemp("prometheus")
    write_recording(make_recording(*SERIES, selectors=()), folder / "made.om")
    backfill(engines, folder / "made.om", folder / "data")
    with run_prometheus(engines, folder) as url:
        yield url


def test_what_is_selected_is_recorded_on_rule_time(prometheus: str, tmp_path: Path) -> None:
    """Rule time is (t - origin) x speed in whole milliseconds; both ends are included; `up` comes along."""
    clock = Clock(speed=60.0, origin_s=FIRST_S - 100.0)
    selector = 'a_total{kind="a"}'
    recorded = record(Api("it", prometheus), [selector], FIRST_S, FIRST_S + 150, clock, tmp_path / "a.om")
    read = read_recording(tmp_path / "a.om")
    assert (read.start_ms, read.end_ms) == (6_000_000, 15_000_000)
    assert read.selectors == (selector, "up")
    assert [dict(one.labels) for one in read.series] == [
        {"__name__": "a_total", "kind": "a"},
        {"__name__": "up", "job": "gateway"},
    ]
    assert list(read.series[0].times_ms) == [6_000_420 + 900_000 * number for number in range(10)]
    assert list(read.series[1].times_ms) == [6_000_000 + 900_000 * number for number in range(11)]
    assert (recorded.series, recorded.samples, recorded.notes) == (2, 21, ())


def test_a_selector_without_a_series_is_named(prometheus: str, tmp_path: Path) -> None:
    """That nothing matches is a note, one for each selector; the rest is recorded."""
    asked = ['a_total{kind="c"}', "b_total", "a_total"]
    recorded = record(Api("it", prometheus), asked, FIRST_S, LAST_S, SERVER_TIME, tmp_path / "a.om")
    between = "between 1970-01-01T02:00:00.000+00:00 and 1970-01-01T03:00:00.000+00:00"
    assert recorded.notes == (
        f'no series is a_total{{kind="c"}} {between}',
        f"no series is b_total {between}",
    )
    assert recorded.samples == sum(len(one.times_ms) for one in SERIES)
    assert read_recording(tmp_path / "a.om").selectors == tuple(sorted([*asked, "up"]))


@pytest.mark.parametrize("status", [404, 400, 405, 501])
def test_a_server_without_remote_read_is_asked_for_ranges(
    prometheus: str, tmp_path: Path, status: int
) -> None:
    """The samples are the same, and it is said that staleness markers cannot be seen."""

    def hide(_number: int, path: str, was: int, body: bytes) -> tuple[int, bytes, int]:
        return (status, b"", 0) if path == "/api/v1/read" else (was, body, len(body))

    record(Api("it", prometheus), ["a_total"], FIRST_S, LAST_S, SERVER_TIME, tmp_path / "a.om")
    with open_faulty_proxy(prometheus, hide) as url:
        recorded = record(Api("it", url), ["a_total"], FIRST_S, LAST_S, SERVER_TIME, tmp_path / "b.om")
    assert (tmp_path / "a.om").read_bytes() == (tmp_path / "b.om").read_bytes()
    assert [note.partition(": ")[2] for note in recorded.notes] == [
        "staleness markers are not seen, so a series that ends seems to last five minutes longer"
    ]


@pytest.mark.parametrize(
    ("start_s", "end_s", "says"),
    [
        (
            FIRST_S - 301,
            LAST_S,
            "hides the beginning of the range: what it has begins at 1970-01-01T02:00:00",
        ),
        (FIRST_S, LAST_S + 301, "hides the end of the range: what it has ends at 1970-01-01T03:00:00"),
        (FIRST_S - 7000, FIRST_S - 6000, "has no sample of what was asked for between 1970-01-01T00:03:20"),
    ],
)
def test_a_server_that_hides_a_part_of_the_range_is_found_out(
    prometheus: str, tmp_path: Path, start_s: int, end_s: int, says: str
) -> None:
    """More than a lookback without any sample at either end is an error, and leaves no file."""
    with pytest.raises(CouldNotTell, match=says):
        record(Api("it", prometheus), ["a_total"], start_s, end_s, SERVER_TIME, tmp_path / "a.om")
    assert list(tmp_path.iterdir()) == []


def test_less_than_a_lookback_may_lack(prometheus: str, tmp_path: Path) -> None:
    """A range that begins and ends five minutes beyond the samples is recorded."""
    path = tmp_path / "a.om"
    record(Api("it", prometheus), ["a_total"], FIRST_S - 300, LAST_S + 300, SERVER_TIME, path)
    assert read_recording(path).start_ms == (FIRST_S - 300) * 1000


def test_a_slow_scrape_may_lack_twice(tmp_path: Path) -> None:
    """Where scrapes are ten minutes apart, so much may lack at either end."""
    one = read_bits(1.0)
    server: Any = CannedReads({"up": [(at * 1000, one) for at in range(1200, 9000, 600)]})
    record(server, [], 0.0, 9600.0, SERVER_TIME, tmp_path / "a.om")
    with pytest.raises(CouldNotTell, match="hides the end"):
        record(server, [], 0.0, 9601.0, SERVER_TIME, tmp_path / "a.om")


def _refuse(number: int, _path: str, status: int, body: bytes) -> tuple[int, bytes, int]:
    return (500, b"out of\norder", 12) if number > 2 else (status, body, len(body))


def _forbid(_number: int, _path: str, _status: int, _body: bytes) -> tuple[int, bytes, int]:
    return 401, b"not with hunter2", 16


def _cut_off(number: int, _path: str, status: int, body: bytes) -> tuple[int, bytes, int]:
    return (status, body[: len(body) // 2], len(body)) if number > 2 else (status, body, len(body))


def _cut_clean(number: int, _path: str, status: int, body: bytes) -> tuple[int, bytes, int]:
    return (status, body[:-1], len(body) - 1) if number > 2 else (status, body, len(body))


def _babble(number: int, _path: str, status: int, body: bytes) -> tuple[int, bytes, int]:
    return (200, b"<html>", 6) if number > 2 else (status, body, len(body))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_refuse, "answered 500 to /api/v1/read: out of order"),
        (_forbid, "answered 401 to /api/v1/read: not with …"),
        (_cut_off, "cannot be reached: .*IncompleteRead"),
        (_cut_clean, "answered /api/v1/read with something that is no remote read, or was cut off"),
        (_babble, "answered /api/v1/read with something that is no remote read, or was cut off"),
    ],
)
def test_a_server_that_fails_leaves_the_old_file(
    prometheus: str, tmp_path: Path, spoil: Callable[..., tuple[int, bytes, int]], says: str
) -> None:
    """An error in the middle is one sentence with exit code 3, without secrets, and changes no file."""
    path = tmp_path / "a.om.gz"
    path.write_bytes(b"the old one")
    with open_faulty_proxy(prometheus, spoil) as url, pytest.raises(AlertdrillError, match=says) as caught:
        record(Api("it", url, token="hunter2"), ["a_total"], FIRST_S, LAST_S, SERVER_TIME, path)
    assert caught.value.exit_code == 3
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_server_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """Nobody listens there: exit code 3."""
    with pytest.raises(CouldNotTell, match=r"it at http://127\.0\.0\.1:1 cannot be reached"):
        record(Api("it", "http://127.0.0.1:1"), [], 0.0, 60.0, SERVER_TIME, tmp_path / "a.om")


@pytest.mark.parametrize(
    ("start_s", "end_s", "origin_s", "says"),
    [
        (0.0, 4e9, 0.0, "the range to be recorded ends in the future"),
        (60.0, 60.0, 0.0, "starts before it ends"),
        (0.0, 60.0, 1.0, "not before the origin"),
    ],
)
def test_a_range_that_cannot_be_is_bad_input(
    tmp_path: Path, start_s: float, end_s: float, origin_s: float, says: str
) -> None:
    """The server is not even asked."""
    clock = Clock(speed=1.0, origin_s=origin_s)
    with pytest.raises(BadInput, match=says):
        record(Api("it", "http://127.0.0.1:1"), [], start_s, end_s, clock, tmp_path / "a.om")


def test_staleness_markers_are_told_from_other_nans(tmp_path: Path) -> None:
    """A marker ends the series there; a NaN that an exporter exposed is a sample."""
    other = 0x7FF8000000000001
    samples = [(0, read_bits(1.0)), (15_000, other), (30_000, STALE_BITS), (45_000, 0)]
    server: Any = CannedReads({"up": samples, "gone": [(60_000, STALE_BITS)]})
    record(server, [], 0.0, 60.0, SERVER_TIME, tmp_path / "a.om")
    gone, up = read_recording(tmp_path / "a.om").series
    assert list(up.times_ms) == [0, 15_000, 45_000]
    assert (up.values[0], up.values[2]) == (1.0, 0.0)
    assert math.isnan(up.values[1])
    assert list(up.stale_ms) == [30_000]
    assert (list(gone.times_ms), list(gone.stale_ms)) == ([], [60_000])


def test_native_histograms_are_refused_by_name(tmp_path: Path) -> None:
    """OpenMetrics text has no words for them."""
    server: Any = CannedReads({"up": [(0, 0)]}, histograms=1)
    with pytest.raises(CouldNotTell, match="up is a native histogram, which OpenMetrics text cannot hold"):
        record(server, [], 0.0, 60.0, SERVER_TIME, tmp_path / "a.om")


def test_samples_that_come_twice_are_refused(tmp_path: Path) -> None:
    """A server that answers two samples of one instant is not believed."""
    server: Any = CannedReads({"up": [(0, 0), (15_000, 0), (15_000, 1), (30_000, 0)]})
    with pytest.raises(CouldNotTell, match="the server has two samples of up at one time"):
        record(server, [], 0.0, 60.0, SERVER_TIME, tmp_path / "a.om")


def test_every_instant_is_asked_for_once(tmp_path: Path) -> None:
    """The parts of a long range follow each other without a gap and without an overlap."""
    one = read_bits(1.0)
    server: Any = CannedReads({"up": [(at * 1000, one) for at in range(0, 50_000, 15)]})
    shares: list[float] = []
    record(server, [], 0.0, 50_000.0, SERVER_TIME, tmp_path / "a.om", shares.append)
    parts = server.requests[1:]  # the first finds out whether there is remote read
    assert len(parts) > 3
    assert parts[0][0] == 0
    assert parts[-1][1] == 50_000_000
    assert all(end + 1 == start for (_, end), (start, _) in pairwise(parts))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_an_interruption_leaves_the_old_file(tmp_path: Path) -> None:
    """Ctrl-C in the middle changes no file and leaves none behind."""
    path = tmp_path / "a.om"
    path.write_bytes(b"the old one")
    server: Any = CannedReads({"up": [(at * 1000, 0) for at in range(0, 50_000, 15)]})

    def interrupt(share: float) -> None:
        if share > 0.1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(server, [], 0.0, 50_000.0, SERVER_TIME, path, interrupt)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_many_samples_take_less_memory_than_they_are(tmp_path: Path) -> None:
    """Recording grows by less than the 16 bytes of each sample: they are never all held.

    A quarter of what is held at once and of six million samples is the same in less time.
    """
    count = 1_500_000
    argv = [
        sys.executable,
        "-m",
        "support.record_much",
        "500",
        str(count // 500),
        "0.25",
        str(tmp_path / "much.om"),
    ]
    done = subprocess.run(argv, cwd=ROOT / "tests", check=True, capture_output=True, text=True)
    recorded, grown_kib = map(int, done.stdout.split())
    assert recorded == count
    assert grown_kib * 1024 < count * 16
