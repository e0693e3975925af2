"""Reads which metrics a target shows: of its address, a file of them, or a recording."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from alertdrill.errors import BadInput, ComponentFailed, RequestRefused
from alertdrill.project.drafting.metrics import Metrics, gather, read_exposition
from alertdrill.recording.files import GZIP_MAGIC, read_recording
from alertdrill.rules.promql.expressions import metric_name, parse, selectors
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.reading import read_bytes
from alertdrill.runtime.server_options import check_url

MAX_BYTES = 64 * 1024 * 1024
WANTS_KEY = {401, 403}
MOVED = {301, 302, 307, 308}
READY_PATHS = ("/health/readiness", "/readyz", "/ready", "/healthz", "/health", "/v1/models", "/")
"""Where gateways say that they are ready, the most telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The metrics, and where they are scraped: the path, and the address if it is not the target's."""

    metrics: Metrics
    path: str | None = None
    address: str | None = None


def is_url(text: str) -> bool:
    """Say whether an address is meant, and no file."""
    return text.startswith(("http://", "https://"))


def ask_metrics(url: str, target: str, token: str | None) -> Found:
    """Return the metrics at an address; `token` goes to the target's own address only.

    Raises BadInput for what is no exposition, ComponentFailed where nothing usable is answered.
    """
    url = check_url("--metrics", url, None) + "/" * url.endswith("/")
    parts = urlsplit(url)
    is_own = parts.netloc == urlsplit(target).netloc
    api = Api("the target", f"{parts.scheme}://{parts.netloc}", token if is_own else None)
    path = parts.path or "/metrics"
    try:
        try:
            answer = api.get(path)
        except RequestRefused as refused:
            if refused.status not in MOVED or path.endswith("/"):
                raise
            path += "/"
            answer = api.get(path)
    except RequestRefused as refused:
        if refused.status in WANTS_KEY and token is None:
            raise ComponentFailed(f"{refused}: it wants a key, which --key-env names") from refused
        raise
    metrics = read_exposition(answer.text, f"{parts.scheme}://{parts.netloc}{path}")
    return Found(metrics=metrics, path=path, address=None if is_own else parts.netloc)


def read_metrics_file(path: Path) -> Metrics:
    """Return the metrics of a file: an exposition, or a recording. Raises BadInput."""
    try:
        content = read_bytes(path, MAX_BYTES)
    except OSError as error:
        raise BadInput(f"{path}: the metrics cannot be read: {error.strerror}") from error
    if content.startswith(GZIP_MAGIC):
        return _read_recorded(path)
    if len(content) > MAX_BYTES:
        raise BadInput(f"{path}: larger than {MAX_BYTES} bytes")
    text = content.decode(errors="replace")
    if text.rstrip().endswith("# EOF"):
        try:
            return _read_recorded(path)
        except BadInput:
            pass  # OpenMetrics, too, but of one scrape: its samples have no times
    return read_exposition(text, str(path))


def find_ready_path(url: str) -> tuple[str | None, str]:
    """Return the first path at which the target says that it is ready, asked as a run will: without a key.

    None where there is none, and what was asked then.
    """
    api = Api("the target", url)
    answers = []
    for path in READY_PATHS:
        try:
            api.get(path)
        except RequestRefused as refused:
            answers.append(f"{path} ({refused.status})")
            continue
        except ComponentFailed as failed:
            asked = f", after {', '.join(answers)}" if answers else ""
            return None, f"{url} was asked for {path}{asked}: {failed}"
        return path, ""
    return None, f"{url} was asked without a key for {', '.join(answers)}, and answers 2xx to none of them"


def _read_recorded(path: Path) -> Metrics:
    recording = read_recording(path)
    series = [
        (one.labels["__name__"], {name: value for name, value in one.labels.items() if name != "__name__"})
        for one in recording.series
    ]
    asked = [metric_name(one) for text in recording.selectors for one in selectors(parse(text))]
    is_partial = bool(asked) and None not in asked
    names = frozenset(name for name in asked if name is not None)
    latest = [
        (*named, one.values[-1]) for named, one in zip(series, recording.series, strict=True) if one.values
    ]
    return replace(gather(str(path), series), asked=names if is_partial else None, samples=tuple(latest))
