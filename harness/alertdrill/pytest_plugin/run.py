"""A run of a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from alertdrill.reports import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What became of the drills that were held, and why others were left out, by name."""

    record: RunRecord
    left_out: Mapping[str, str] = field(default_factory=dict)
