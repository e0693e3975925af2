"""Records from a server with many samples, in a process of its own: prints how much its memory grew, in KiB.

Usage: record_much.py SERIES SAMPLES_OF_EACH SHARE FILE
Only a SHARE of what is held otherwise is held, so that fewer samples are many.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cramjam

from alertdrill.core.clock import Clock
from alertdrill.recording import recorder, spool
from alertdrill.recording.remote_read import CLASSES
from alertdrill.runtime.http_client import Answer
from support.canned_reads import read_bits

INTERVAL_MS = 15_000


class Plenty:
    """Answers remote reads: many series, each with a sample every 15 s."""

    where = "the server"

    def __init__(self, series: int, end_ms: int) -> None:
        self._series = series
        self._end_ms = end_ms

    def post_bytes(self, _path: str, body: bytes, _headers: Mapping[str, str]) -> Answer:
        """Return what there is between the instants of the first query, and nothing to the others."""
        request: Any = CLASSES["ReadRequest"]()
        request.ParseFromString(bytes(cramjam.snappy.decompress_raw(body)))
        answer: Any = CLASSES["ReadResponse"]()
        first = answer.results.add()
        for _ in request.queries[1:]:
            answer.results.add()
        start_ms = -(-request.queries[0].start_timestamp_ms // INTERVAL_MS) * INTERVAL_MS
        alike: Any = CLASSES["TimeSeries"]()
        for at in range(start_ms, request.queries[0].end_timestamp_ms + 1, INTERVAL_MS):
            alike.samples.add(timestamp=at, value=read_bits(float(at)))
        samples = alike.SerializeToString()
        for number in range(self._series):
            series = first.timeseries.add()
            series.labels.add(name="__name__", value="a_total")
            series.labels.add(name="number", value=f"{number:05}")
            series.MergeFromString(samples)
        return Answer(bytes(cramjam.snappy.compress_raw(answer.SerializeToString())))


def main() -> None:
    """Record it."""
    series, samples = int(sys.argv[1]), int(sys.argv[2])
    share = float(sys.argv[3])
    recorder.WANTED_BYTES = round(recorder.WANTED_BYTES * share)
    spool.HELD_BYTES = round(spool.HELD_BYTES * share)
    end_ms = (samples - 1) * INTERVAL_MS
    server: Any = Plenty(series, end_ms)
    clock = Clock(speed=1.0, origin_s=0.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    recorded = recorder.record(server, ["a_total"], 0.0, end_ms / 1000, clock, Path(sys.argv[4]))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(recorded.samples, grown)  # noqa: T201


if __name__ == "__main__":
    main()
