"""Tests that a recording survives Prometheus: backfilled with promtool, and recorded again."""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path

import pytest
from lone_prometheus import backfill, run_prometheus
from recordings import make_recording, make_series

from harness.api import Api
from harness.clock import Clock
from harness.engines import Generation, find_engines
from harness.recorder import record, write_recording

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
