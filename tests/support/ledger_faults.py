"""Where what is shown differs from what the ledger says. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from support.exercises import Count, add_up
from support.exposition import Exposition, LabelSet
from support.metric_table import Metric
from support.sent_ledger import Ledger

CLOSE = 1e-9
"""Relative; sums of dollars are floats where they are shown."""
MOST_TIMES = 100
"""A time that is so many times what it must be at least is not in seconds of rule time."""


def find_uncounted(table: Sequence[Metric], counts: Mapping[str, Count]) -> list[str]:
    """Return the counters for which an exercise does not say how to compute them."""
    return [f"{metric.counted} is not computed" for metric in table if metric.counted not in (None, *counts)]


def find_differences(counts: Mapping[str, Count], ledger: Ledger, shown: Exposition) -> list[str]:
    """Return every series that is not what the ledger says; what it says nothing of must be 0."""
    faults = []
    for name, count in counts.items():
        expected = add_up(count(ledger))
        seen = shown.samples.get(name, {})
        for labels in {*expected, *seen}:
            want, have = expected.get(labels, 0.0), seen.get(labels)
            if have is None or not math.isclose(want, have, rel_tol=CLOSE, abs_tol=CLOSE):
                faults.append(f"{name}{_write(labels)} is {have}, the ledger says {want:g}")
    return sorted(faults)


def find_untimed(table: Sequence[Metric], least: Mapping[str, Count]) -> list[str]:
    """Return the histograms in seconds of which an exercise does not say how much they must be at least."""
    timed = [
        f"{metric.name}_sum" for metric in table if metric.type == "histogram" and metric.unit == "seconds"
    ]
    return [f"{name} has no least value" for name in timed if name not in least]


def find_wrong_times(least: Mapping[str, Count], ledger: Ledger, shown: Exposition) -> list[str]:
    """Return every sum of times that is less than what was waited for, or out of all proportion to it."""
    faults = []
    for name, count in least.items():
        for labels, want in add_up(count(ledger)).items():
            have = shown.samples.get(name, {}).get(labels, 0.0)
            if have < want * (1 - CLOSE):
                faults.append(f"{name}{_write(labels)} is {have}, at least {want:g} was waited for")
            if 0 < want * MOST_TIMES < have:
                faults.append(f"{name}{_write(labels)} is {have}, though {want:g} was waited for")
    return sorted(faults)


def _write(labels: LabelSet) -> str:
    return "{" + ", ".join(f'{label}="{value}"' for label, value in sorted(labels)) + "}"
