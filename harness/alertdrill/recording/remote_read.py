"""Prometheus's remote read: raw samples with their staleness markers, which the query API does not show.

Protocol: https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/, its messages:
prompb/remote.proto and prompb/types.proto of Prometheus. The answer is of the type SAMPLES, in snappy's block
format. Instants are in milliseconds since the epoch.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import cramjam
import promql_parser as ast
from google.protobuf.message import DecodeError

from alertdrill.errors import ComponentFailed, CouldNotTell, RequestRefused
from alertdrill.recording.openmetrics import SeriesKey, make_key
from alertdrill.runtime.http_client import MAX_ANSWER_BYTES, AnswerTooLarge, Api
from alertdrill.runtime.protobuf import BYTES, FIXED64, INT32, INT64, STRING, make_messages

PATH = "/api/v1/read"
HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Read-Version": "0.1.0",
}
LIMITED = {400, 413, 422}
"""What servers answer when an answer would hold more samples than they allow, saying `limit`."""
STALE_BITS = 0x7FF0000000000002
"""Prometheus's staleness marker (model/value): a NaN that is told from others by its bits only."""

RawSeries = tuple[SeriesKey, "array[int]", "array[float]", "array[int]"]
"""A series with the instants and values of its samples, and the instants at which it was marked stale."""

CLASSES = make_messages(
    "remote_read",
    {
        "ReadRequest": [("queries", 1, "Query", True)],
        "Query": [
            ("start_timestamp_ms", 1, INT64, False),
            ("end_timestamp_ms", 2, INT64, False),
            ("matchers", 3, "LabelMatcher", True),
        ],
        "LabelMatcher": [("type", 1, INT32, False), ("name", 2, STRING, False), ("value", 3, STRING, False)],
        "ReadResponse": [("results", 1, "QueryResult", True)],
        "QueryResult": [("timeseries", 1, "TimeSeries", True)],
        "TimeSeries": [
            ("labels", 1, "Label", True),
            ("samples", 2, "Sample", True),
            ("histograms", 4, BYTES, True),
        ],
        "Label": [("name", 1, STRING, False), ("value", 2, STRING, False)],
        # The value is a double; as an integer of the same size, its bits are certain to stay what they are.
        "Sample": [("value", 1, FIXED64, False), ("timestamp", 2, INT64, False)],
    },
)
"""The messages, by name."""
_KINDS: list[ast.MatchOp] = [ast.MatchOp.Equal, ast.MatchOp.NotEqual, ast.MatchOp.Re, ast.MatchOp.NotRe]
"""The protocol's numbers of the kinds of matchers."""


def read_remotely(
    api: Api, selectors: Sequence[ast.VectorSelector], start_ms: int, end_ms: int
) -> tuple[int, Iterator[tuple[int, RawSeries]]]:
    """Return how many bytes an answer has, and its series, each with the number of its selector.

    Both instants are included. Raises AnswerTooLarge where a shorter time may be answered, RequestRefused and
    ComponentFailed; reading the series raises CouldNotTell for one that is a native histogram.
    """
    request = CLASSES["ReadRequest"]()
    for selector in selectors:
        query = request.queries.add(start_timestamp_ms=start_ms, end_timestamp_ms=end_ms)
        if selector.name is not None:
            query.matchers.add(name="__name__", value=selector.name)
        for matcher in selector.matchers.matchers:
            kind = next(number for number, op in enumerate(_KINDS) if op == matcher.op)
            query.matchers.add(type=kind, name=matcher.name, value=matcher.value)
    body = bytes(cramjam.snappy.compress_raw(request.SerializeToString()))
    try:
        packed = api.post_bytes(PATH, body, HEADERS).body
    except RequestRefused as error:
        if error.status in LIMITED and "limit" in str(error):
            raise AnswerTooLarge(str(error)) from error
        raise
    answer = CLASSES["ReadResponse"]()
    try:
        size = cramjam.snappy.decompress_raw_len(packed)
        if size > MAX_ANSWER_BYTES:
            raise AnswerTooLarge(
                f"{api.where} answered more than {MAX_ANSWER_BYTES // 1024**2} MiB to {PATH}"
            )
        answer.ParseFromString(bytes(cramjam.snappy.decompress_raw(packed)))
    except (cramjam.DecompressionError, DecodeError) as error:
        raise ComponentFailed(
            f"{api.where} answered {PATH} with something that is no remote read, or was cut off"
        ) from error
    if len(answer.results) != len(selectors):
        raise ComponentFailed(f"{api.where} answered {len(answer.results)} of {len(selectors)} queries")
    return size, _list_series(answer)


def _list_series(answer: Any) -> Iterator[tuple[int, RawSeries]]:
    for number, result in enumerate(answer.results):
        for series in result.timeseries:
            key = make_key({label.name: label.value for label in series.labels})
            if series.histograms:
                raise refuse_histogram(key)
            yield (
                number,
                split_stale(
                    key,
                    array("q", [sample.timestamp for sample in series.samples]),
                    array("Q", [sample.value for sample in series.samples]),
                ),
            )


def split_stale(key: SeriesKey, times_ms: array[int], bits: array[int]) -> RawSeries:
    """Return a series of samples, given as bits, with its staleness markers apart."""
    stale = array("q")
    if STALE_BITS in bits:
        stale = array("q", [at for at, one in zip(times_ms, bits, strict=True) if one == STALE_BITS])
        times_ms = array("q", [at for at, one in zip(times_ms, bits, strict=True) if one != STALE_BITS])
        bits = array("Q", [one for one in bits if one != STALE_BITS])
    values = array("d")
    values.frombytes(bits.tobytes())
    return key, times_ms, values, stale


def refuse_histogram(key: SeriesKey) -> CouldNotTell:
    """Return why a native histogram cannot be recorded."""
    return CouldNotTell(f"{key[0]} is a native histogram, which OpenMetrics text cannot hold")
