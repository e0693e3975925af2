"""Tests of fingerprints, against what Alertmanager said of these label sets."""

from __future__ import annotations

import pytest

from alertdrill.core.fingerprint import fingerprint


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"alertname": "M"}, "d2d4efc389eb4683"),
        ({"alertname": "T"}, "d284efc389a5bf32"),
        ({"alertname": "S"}, "d288efc389a9a809"),
    ],
)
def test_it_is_what_alertmanager_computes(labels: dict[str, str], expected: str) -> None:
    """The digits are Alertmanager's own."""
    assert fingerprint(labels) == expected


def test_the_order_of_labels_does_not_matter() -> None:
    """Labels are sorted by name."""
    assert fingerprint({"a": "1", "b": "2"}) == fingerprint({"b": "2", "a": "1"})
    assert fingerprint({"a": "1", "b": "2"}) != fingerprint({"a": "1b", "": "2"})
