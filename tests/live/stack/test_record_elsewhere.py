"""Tests of recording from a server that is not a Prometheus, and has no remote read."""

from __future__ import annotations

import time
from pathlib import Path

import requests
from support.victoria import run_victoria

from alertdrill.core.clock import Clock
from alertdrill.recording.files import read_recording
from alertdrill.recording.recorder import record
from alertdrill.runtime.http_client import Api

SAMPLES = 240


def test_victoriametrics_is_recorded(tmp_path: Path) -> None:
    """Every sample at its instant, and a note that staleness markers are not seen."""
    first_s = int(time.time()) - 2 * 3600
    lines = [f'up{{job="a"}} {number % 2} {(first_s + 15 * number) * 1000}\n' for number in range(SAMPLES)]
    clock = Clock(speed=1.0, origin_s=float(first_s))
    with run_victoria(tmp_path, "-search.disableCache") as url, requests.Session() as session:
        session.trust_env = False
        session.post(f"{url}/api/v1/import/prometheus", data="".join(lines), timeout=10).raise_for_status()
        session.get(f"{url}/internal/force_flush", timeout=10).raise_for_status()
        end_s = first_s + 15 * (SAMPLES - 1)
        recorded = record(Api("it", url), ["up"], first_s, end_s, clock, tmp_path / "a.om")
    (up,) = read_recording(tmp_path / "a.om").series
    assert list(up.times_ms) == [15_000 * number for number in range(SAMPLES)]
    assert list(up.values) == [float(number % 2) for number in range(SAMPLES)]
    assert [note.partition(": ")[2] for note in recorded.notes] == [
        "staleness markers are not seen, so a series that ends seems to last five minutes longer"
    ]
