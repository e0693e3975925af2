"""A system's table of metrics: `metrics.yml`, read strictly, for the table is held to its own rules too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.plain_yaml import read_yaml

OPEN = "open"
FIELDS = {"name", "type", "help", "unit", "labels", "buckets", "moves", "unseen"}
UNITS = frozenset({"seconds", "bytes", "ratio", "usd"})
"""What a metric can be measured in; a metric that counts things has the unit ''. See `find_unit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One row of the table; a label's values are None when it is open.

    `unseen` has the listed values that no traffic can bring about, and why.
    """

    name: str
    type: str
    help: str
    unit: str
    labels: Mapping[str, frozenset[str] | None]
    buckets: tuple[float, ...]
    moves: str
    unseen: Mapping[str, str]

    @property
    def counted(self) -> str | None:
        """The name of the samples that count something: a counter's own, a histogram's `_count`."""
        return {"counter": self.name, "histogram": f"{self.name}_count"}.get(self.type)


def read_table(path: Path) -> tuple[Metric, ...]:
    """Return the rows of a table, as they are written."""
    rows = read_yaml(path)
    assert isinstance(rows, list), f"{path} is not a list"
    return tuple(_read_metric(row) for row in rows)


def find_unit(name: str) -> str:
    """Return the unit that a name states, as Prometheus's conventions have it: last, but before `_total`."""
    last = name.removesuffix("_total").rpartition("_")[2]
    return last if last in UNITS else ""


def find_table_faults(table: tuple[Metric, ...]) -> list[str]:
    """Return what is wrong with a table in itself."""
    faults = []
    names = [metric.name for metric in table]
    faults += [f"{name} is listed twice" for name in sorted({n for n in names if names.count(n) > 1})]
    for metric in table:
        name = metric.name
        if metric.type not in {"counter", "gauge", "histogram"}:
            faults.append(f"{name}: {metric.type!r} is no type")
        if (metric.type == "counter") != name.endswith("_total"):
            faults.append(f"{name}: a counter's name ends in _total, and no other's does")
        if metric.unit not in {"", *UNITS}:
            faults.append(f"{name}: {metric.unit!r} is no unit")
        if (stated := find_unit(name)) and metric.unit != stated:
            faults.append(f"{name}: the name states the unit {stated!r}, the table {metric.unit!r}")
        if bool(metric.buckets) != (metric.type == "histogram"):
            faults.append(f"{name}: a histogram has buckets, and no other has")
        if list(metric.buckets) != sorted(set(metric.buckets)):
            faults.append(f"{name}: the buckets do not rise")
        if not metric.help or not metric.moves:
            faults.append(f"{name}: help and moves must say something")
        if "le" in metric.labels:
            faults.append(f"{name}: le is a histogram's own label")
        listed = {value for values in metric.labels.values() if values is not None for value in values}
        faults += [
            f"{name}: {value!r} is unseen but not listed" for value in metric.unseen if value not in listed
        ]
    return faults


def _read_metric(row: Mapping[str, object]) -> Metric:
    assert isinstance(row, dict), f"{row!r} is not an object"
    assert not (odd := row.keys() - FIELDS), f"{row.get('name')}: unknown fields {sorted(odd)}"
    labels = row.get("labels") or {}
    return Metric(
        name=row["name"],
        type=row["type"],
        help=row["help"],
        unit=row["unit"],
        labels={
            label: None if values == OPEN else frozenset(str(value) for value in values)
            for label, values in labels.items()
        },
        buckets=tuple(float(bound) for bound in row.get("buckets") or ()),
        moves=row["moves"],
        unseen={str(value): why for value, why in (row.get("unseen") or {}).items()},
    )
