"""A server that answers remote reads with samples that a test gives."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import cramjam

from alertdrill.recording.remote_read import CLASSES
from alertdrill.runtime.http_client import Answer


def read_bits(value: float) -> int:
    """Return a float's bits."""
    bits: int = struct.unpack("<Q", struct.pack("<d", value))[0]
    return bits


class CannedReads:
    """Stands for an Api; of each series it answers the samples (milliseconds, bits) that are in the range.

    Every query but the marks' selects all of them.
    """

    where = "the server"

    def __init__(self, series: Mapping[str, Sequence[tuple[int, int]]], *, histograms: int = 0) -> None:
        self.requests: list[tuple[int, int]] = []
        self._series = series
        self._histograms = histograms

    def post_bytes(self, _path: str, body: bytes, _headers: Mapping[str, str]) -> Answer:
        """Return the answer to a read."""
        request: Any = CLASSES["ReadRequest"]()
        request.ParseFromString(bytes(cramjam.snappy.decompress_raw(body)))
        answer: Any = CLASSES["ReadResponse"]()
        for query in request.queries:
            result = answer.results.add()
            if query.matchers[0].value.startswith("alertdrill_"):
                continue
            start_ms, end_ms = query.start_timestamp_ms, query.end_timestamp_ms
            self.requests.append((start_ms, end_ms))
            for name, samples in self._series.items():
                inside = [(at, bits) for at, bits in samples if start_ms <= at <= end_ms]
                if inside or self._histograms:
                    series = result.timeseries.add()
                    series.labels.add(name="__name__", value=name)
                    for at, bits in inside:
                        series.samples.add(timestamp=at, value=bits)
                    series.histograms.extend([b""] * self._histograms)
        return Answer(bytes(cramjam.snappy.compress_raw(answer.SerializeToString())))
