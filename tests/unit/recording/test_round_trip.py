"""Tests that a recording survives Prometheus: backfilled with promtool, and recorded again."""

from __future__ import annotations

import math
import os
import struct
import time
from collections.abc import Sequence
from pathlib import Path

import cramjam
import pytest
from support.canned_reads import read_bits
from support.lone_prometheus import backfill, run_prometheus
from support.recordings import make_recording, make_series

from alertdrill.core.clock import Clock
from alertdrill.recording.files import read_recording, write_recording
from alertdrill.recording.recorder import record
from alertdrill.recording.remote_read import CLASSES, STALE_BITS
from alertdrill.runtime.binaries import Generation, find_engines
from alertdrill.runtime.http_client import Api

NO_CLOCK = Clock(speed=1.0, origin_s=0.0)
TENTH = struct.unpack("<d", struct.pack("<Q", 0x3FB999999999999A))[0]
RECORDING = make_recording(
    make_series("up", [(at, 1.0) for at in range(0, 10_800_001, 15_000)], job="gateway"),
    make_series("up", [(at + 250, float(at % 4 > 1)) for at in range(7, 10_800_000, 15_000)], job="other"),
    make_series(
        "a_total",
        [(at, at * TENTH) for at in range(1001, 5_000_000, 15_000)],
        stale_ms=[5_006_001, 10_001_001],
        b='say "c"\\\n',
        path="/x",
    ),
    make_series("a_total", [(60_000, math.inf), (75_000, math.nan), (90_000, -0.5)], b="ä"),
    make_series("gone", [], stale_ms=[7_000_000]),
    end_ms=10_800_000,
    selectors=('a_total{b!=""}', "gone", "up"),
)


def push(url: str, name: str, samples: Sequence[tuple[int, int]]) -> None:
    """Send a series of (milliseconds, bits) by remote write, whose request is like a result of a read."""
    request = CLASSES["QueryResult"]()
    series = request.timeseries.add()
    series.labels.add(name="__name__", value=name)
    for at, bits in samples:
        series.samples.add(timestamp=at, value=bits)
    body = bytes(cramjam.snappy.compress_raw(request.SerializeToString()))
    headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
    Api("it", url).post_bytes("/api/v1/write", body, headers)


@pytest.mark.parametrize("generation", list(Generation))
def test_the_markers_of_a_real_prometheus_are_recorded_and_survive(
    tmp_path: Path, generation: Generation
) -> None:
    """What Prometheus itself keeps as a staleness marker is one in the file, also after a backfill."""
    engines = find_engines(os.environ, generation=generation)
    nan = 0x7FF8000000000001
    start_s = int(time.time()) - 3600
    for name in ("live", "again"):
        (tmp_path / name).mkdir()
    clock = Clock(speed=60.0, origin_s=start_s)
    with run_prometheus(engines, tmp_path / "live", "--web.enable-remote-write-receiver") as url:
        ones = [(start_s * 1000 + at, read_bits(1.0)) for at in range(0, 60_000, 250)]
        push(url, "up", ones)
        push(url, "a", [*ones[:3], (ones[3][0], STALE_BITS), ones[9], (ones[10][0], nan)])
        record(Api("it", url), ["a"], start_s, start_s + 60, clock, tmp_path / "live.om")
    read = read_recording(tmp_path / "live.om")
    assert list(read.series[0].times_ms) == [0, 15_000, 30_000, 135_000, 150_000]
    assert list(read.series[0].stale_ms) == [45_000]
    assert math.isnan(read.series[0].values[-1])
    backfill(engines, tmp_path / "live.om", tmp_path / "again" / "data")
    with run_prometheus(engines, tmp_path / "again") as url:
        record(Api("it", url), ["a"], 0.0, 3600.0, NO_CLOCK, tmp_path / "again.om")
    assert (tmp_path / "again.om").read_bytes() == (tmp_path / "live.om").read_bytes()


@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("flags", [(), ("--storage.remote.read-sample-limit=1000",)], ids=["all", "limited"])
def test_a_recording_backfilled_and_recorded_again_is_the_same_file(
    tmp_path: Path, generation: Generation, flags: tuple[str, ...]
) -> None:
    """Byte for byte: samples, NaN, staleness markers, what was asked for, and the range."""
    engines = find_engines(os.environ, generation=generation)
    first, second, third = (tmp_path / name for name in ("first.om", "second.om", "third.om"))
    write_recording(RECORDING, first)
    backfill(engines, first, tmp_path / "data")
    with run_prometheus(engines, tmp_path, *flags) as url:
        record(Api("Prometheus", url), RECORDING.selectors, 0.0, 10_800.0, NO_CLOCK, second)
        record(Api("Prometheus", url), ['{__name__=~".+"}'], 0.0, 10_800.0, NO_CLOCK, third)
    assert second.read_bytes() == first.read_bytes()
    assert third.read_bytes() == first.read_bytes()
