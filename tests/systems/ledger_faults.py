"""Where what is shown differs from what the ledger says. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from exercises import Count, add_up
from exposition import Exposition, LabelSet
from metric_table import Metric
from sent_ledger import Ledger

CLOSE = 1e-9
"""Relative; sums of dollars are floats where they are shown."""


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


def _write(labels: LabelSet) -> str:
    return "{" + ", ".join(f'{label}="{value}"' for label, value in sorted(labels)) + "}"
