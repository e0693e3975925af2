"""Sends what a run found out to a Pushgateway, or to a server that takes Prometheus's remote write.

Protocols: the Pushgateway's README ("API"), where PUT replaces a whole group; Prometheus Remote-Write 1.0
(https://prometheus.io/docs/specs/prw/remote_write_spec/), whose messages are prompb/remote.proto and
prompb/types.proto of Prometheus, in snappy's block format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from alertdrill.reports.metrics import Sample, render

Protocol = Literal["Pushgateway", "remote write"]
JOB = "alertdrill"
"""The label `job` of what is sent by remote write; a Pushgateway takes it from the address."""
MAX_SERIES = 2_000
"""In one request, as many as Prometheus itself sends by default."""
TEXT_HEADERS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
WRITE_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PushTarget:
    """Where metrics are sent, and the headers that it wants, whose values are secrets."""

    protocol: Protocol
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def push(target: PushTarget, samples: Sequence[Sample], at_ms: int) -> None:
    """Send metrics, as of an instant in milliseconds since 1970; raises ComponentFailed.

    A Pushgateway knows no instants: what it has is what was sent last.
    """
    # Only here: reports that are not sent anywhere do without.
    from alertdrill.runtime.http_client import Api

    parts = urlsplit(target.url)
    api = Api(target.protocol, f"{parts.scheme}://{parts.netloc}", headers=target.headers)
    if target.protocol == "Pushgateway":
        api.put_bytes(parts.path, render(samples).encode(), TEXT_HEADERS)
        return
    for begin in range(0, len(samples), MAX_SERIES):
        body = write_request(samples[begin : begin + MAX_SERIES], at_ms)
        api.post_bytes(parts.path, body, WRITE_HEADERS)


def write_request(samples: Iterable[Sample], at_ms: int) -> bytes:
    """Return the body of a remote write; labels are sorted by name, as the protocol wants them."""
    import cramjam  # only here, for the same reason

    from alertdrill.runtime.protobuf import DOUBLE, INT64, STRING, make_messages

    request = make_messages(
        "remote_write",
        {
            "WriteRequest": [("timeseries", 1, "TimeSeries", True)],
            "TimeSeries": [("labels", 1, "Label", True), ("samples", 2, "Sample", True)],
            "Label": [("name", 1, STRING, False), ("value", 2, STRING, False)],
            "Sample": [("value", 1, DOUBLE, False), ("timestamp", 2, INT64, False)],
        },
    )["WriteRequest"]()
    for sample in samples:
        series = request.timeseries.add()
        labels = {**sample.labels, "__name__": sample.metric, "job": JOB}
        for name, value in sorted(labels.items()):
            series.labels.add(name=name, value=value)
        series.samples.add(value=sample.value, timestamp=at_ms)
    return bytes(cramjam.snappy.compress_raw(request.SerializeToString()))
