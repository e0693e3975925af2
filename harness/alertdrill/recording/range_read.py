"""Raw samples through Prometheus's query API, for servers without remote read; staleness markers do not show.

An instant query for a range, as in `up[5m]`, answers the samples as they are stored (Prometheus
documentation, "HTTP API"). Instants are in milliseconds since the epoch.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import promql_parser as ast

from alertdrill.recording.openmetrics import make_key
from alertdrill.recording.remote_read import RawSeries, refuse_histogram
from alertdrill.rules.promql.expressions import render_selector
from alertdrill.runtime.http_client import MAX_ANSWER_BYTES, AnswerTooLarge, Api

SAMPLE_BYTES = 32
"""About what a sample takes in an answer."""


def read_ranges(
    api: Api, selectors: Sequence[ast.VectorSelector], start_ms: int, end_ms: int
) -> tuple[int, Iterator[tuple[int, RawSeries]]]:
    """Return about how many bytes the answers have, and the series, each with the number of its selector.

    Raises AnswerTooLarge where a shorter time may be answered, ComponentFailed otherwise, and CouldNotTell
    for a native histogram.
    """
    found = []
    size = 0
    for number, selector in enumerate(selectors):
        # One millisecond more: Prometheus 3 leaves out what is exactly as old as the range, Prometheus 2 not.
        query = f"{render_selector(selector)}[{end_ms - start_ms + 1}ms]"
        for series in api.query_as(_read_matrix, "/api/v1/query", query=query, time=f"{end_ms / 1000:.3f}"):
            kept = _cut_start(series, start_ms)
            if kept[1]:
                found.append((number, kept))
                size += len(kept[1]) * SAMPLE_BYTES
        if size > MAX_ANSWER_BYTES:
            raise AnswerTooLarge(f"{api.where} answered more than {MAX_ANSWER_BYTES // 1024**2} MiB")
    return size, iter(found)


def _read_matrix(item: Any) -> RawSeries:
    key = make_key(item["metric"])
    if item.get("histograms"):
        raise refuse_histogram(key)
    times = array("q", [round(float(at) * 1000) for at, _ in item["values"]])
    return key, times, array("d", [float(value) for _, value in item["values"]]), array("q")


def _cut_start(series: RawSeries, start_ms: int) -> RawSeries:
    key, times, values, stale = series
    first = next((index for index, at in enumerate(times) if at >= start_ms), len(times))
    return key, times[first:], values[first:], stale
