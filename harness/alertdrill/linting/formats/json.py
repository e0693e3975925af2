"""Findings as JSON: `{"schema": 1, "findings": […], "refused": […]}`. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from alertdrill.linting.finding import Finding


def render(findings: Sequence[Finding], refused: Sequence[str]) -> str:
    """Return all fields of all findings, and why files could not be read."""
    document = {"schema": 1, "findings": [asdict(one) for one in findings], "refused": list(refused)}
    return json.dumps(document, indent=2) + "\n"
