"""Findings as JSON: `{"schema": 1, "findings": […]}`. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from alertdrill.linting.finding import Finding


def render(findings: Sequence[Finding]) -> str:
    """Return all fields of all findings."""
    return json.dumps({"schema": 1, "findings": [asdict(one) for one in findings]}, indent=2) + "\n"
