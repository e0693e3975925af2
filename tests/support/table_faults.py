"""What an exposition has that its table does not allow, or lacks that it demands. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from support.exposition import Exposition, LabelSet
from support.metric_table import Metric


def find_faults(table: Sequence[Metric], shown: Exposition) -> list[str]:
    """Return every way in which an exposition departs from its table, each as a sentence."""
    listed = {metric.name for metric in table}
    faults = [f"{name} is exported and not in the table" for name in shown.types if name not in listed]
    for metric in table:
        if metric.name not in shown.types:
            faults.append(f"{metric.name} is in the table and not exported")
            continue
        if shown.types[metric.name] != metric.type:
            faults.append(f"{metric.name} is a {shown.types[metric.name]}, not a {metric.type}")
        elif metric.type == "histogram":
            faults += _find_bucket_faults(metric, shown)
        if shown.helps.get(metric.name) != metric.help:
            faults.append(f"{metric.name}: help is {shown.helps.get(metric.name)!r}, not {metric.help!r}")
        faults += _find_label_faults(metric, shown)
    return faults


def find_unmoved(table: Sequence[Metric], snapshots: Sequence[Exposition]) -> list[str]:
    """Return the metrics that no snapshot shows to have changed.

    What counts is 0 before it is there; a gauge must be seen at two values of one series.
    """
    faults = []
    for metric in table:
        parts = [snapshot.list_series(metric.name) for snapshot in snapshots]
        seen: dict[tuple[str, LabelSet], set[float]] = {}
        for part in parts:
            for name, series in part.items():
                for labels, value in series.items():
                    born = {0.0} if metric.type != "gauge" else set()
                    seen.setdefault((name, labels), born).add(value)
        if not any(len(values) > 1 for values in seen.values()):
            faults.append(f"{metric.name} was never seen to move")
    return faults


def find_unseen(table: Sequence[Metric], snapshots: Sequence[Exposition]) -> list[str]:
    """Return the listed label values that never appeared on something that had happened.

    A counter that is 0 has counted nothing. Values with a reason not to be seen must not be.
    """
    faults = []
    for metric in table:
        name = metric.counted or metric.name
        happened = [
            labels
            for snapshot in snapshots
            for labels, value in snapshot.samples.get(name, {}).items()
            if value > 0 or metric.type == "gauge"
        ]
        for label, values in metric.labels.items():
            seen = {value for labels in happened for key, value in labels if key == label}
            for value in sorted(values or ()):
                if value in metric.unseen and value in seen:
                    faults.append(
                        f"{metric.name}: {label}={value!r} was seen, though the table says it is not"
                    )
                if value not in metric.unseen and value not in seen:
                    faults.append(f"{metric.name}: {label}={value!r} was never seen")
    return faults


def _find_label_faults(metric: Metric, shown: Exposition) -> list[str]:
    faults = set()
    for name, series in shown.list_series(metric.name).items():
        own = {"le"} if name.endswith("_bucket") and metric.type == "histogram" else set()
        for labels in series:
            names = {label for label, _ in labels} - own
            if names != set(metric.labels):
                faults.add(f"{name}: the labels are {sorted(names)}, not {sorted(metric.labels)}")
            for label, value in labels:
                values = metric.labels.get(label)
                if values is not None and value not in values:
                    faults.add(f"{name}: {label}={value!r} is not among the listed values")
                if value == "":
                    faults.add(f"{name}: {label} is empty, which Prometheus takes for absent")
    return sorted(faults)


def _find_bucket_faults(metric: Metric, shown: Exposition) -> list[str]:
    """Return how the buckets differ from the table's, do not rise, or disagree with the count."""
    faults = []
    by_series: dict[LabelSet, dict[float, float]] = {}
    for labels, value in shown.samples.get(f"{metric.name}_bucket", {}).items():
        bound = next((float(value) for label, value in labels if label == "le"), math.nan)
        rest = frozenset(pair for pair in labels if pair[0] != "le")
        by_series.setdefault(rest, {})[bound] = value
    counts: Mapping[LabelSet, float] = shown.samples.get(f"{metric.name}_count", {})
    if set(by_series) != set(counts):
        faults.append(f"{metric.name}: not every series has both buckets and a count")
    for labels, buckets in by_series.items():
        if tuple(sorted(buckets)) != (*metric.buckets, math.inf):
            faults.append(f"{metric.name}: the buckets are {sorted(buckets)}, not {list(metric.buckets)}")
        rising = [buckets[bound] for bound in sorted(buckets)]
        if rising != sorted(rising) or rising[-1] != counts.get(labels):
            faults.append(f"{metric.name}: the buckets of {dict(labels)} do not add up to its count")
    return faults
