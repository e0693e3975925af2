"""Reads the data that a report's page carries, and draws."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from alertdrill.reports import RunRecord, html


def read_document(page: str) -> dict[str, Any]:
    """Return the document in a page."""
    (text,) = re.findall(r'<script type="application/json" id="run-data">(.*?)</script>', page, re.DOTALL)
    document: dict[str, Any] = json.loads(text)
    return document


def describe(record: RunRecord) -> dict[str, Any]:
    """Return the document in the page of a run."""
    return read_document(html.render(record))


def list_texts(value: Any) -> Iterator[str]:
    """Yield every text of a document, names of fields among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from list_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from list_texts(item)


def say_all(value: Any) -> str:
    """Return all texts of a document, a line each."""
    return "\n".join(list_texts(value))


def find_alert(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an alert of a document."""
    (alert,) = [alert for alert in document["alerts"] if alert["name"] == name]
    return dict(alert)


def find_drill(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a drill of a document."""
    (drill,) = [drill for drill in document["drills"] if drill["name"] == name]
    return dict(drill)


def unpack(points: dict[str, Any]) -> list[tuple[float, Any]]:
    """Return the (at_s, value) points of a packed curve, as the page's script does."""
    at, unpacked = 0, []
    for way, value in zip(points["t"], points["v"], strict=True):
        at += way * points["step"]
        unpacked.append((at / 10, value))
    return unpacked
