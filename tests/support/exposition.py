"""An exposition in Prometheus's text format, taken apart.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

LabelSet = frozenset[tuple[str, str]]
PARTS = ("_bucket", "_count", "_sum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposition:
    """What was exposed; `types` is by the name on the TYPE line, `samples` by each sample's own name."""

    types: Mapping[str, str]
    helps: Mapping[str, str]
    samples: Mapping[str, Mapping[LabelSet, float]]

    def value(self, name: str, **labels: str) -> float:
        """Return the value of one series; 0 if it is not there."""
        return self.samples.get(name, {}).get(frozenset(labels.items()), 0.0)

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of the series that have these labels among theirs."""
        wanted = frozenset(labels.items())
        return sum(value for series, value in self.samples.get(name, {}).items() if wanted <= series)

    def list_series(self, name: str) -> dict[str, Mapping[LabelSet, float]]:
        """Return all samples of a metric, those of a histogram by its parts."""
        return {
            part: self.samples[part]
            for part in (name, *(f"{name}{part}" for part in PARTS))
            if part in self.samples
        }


def read_exposition(text: str) -> Exposition:
    """Return what a text exposes; types come from the TYPE lines as they stand, not from the parser."""
    types: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types, f"{name} is declared twice"
            types[name] = kind
    helps = {}
    samples: dict[str, dict[LabelSet, float]] = defaultdict(dict)
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        helps[name] = family.documentation
        for sample in family.samples:
            series = frozenset(sample.labels.items())
            assert series not in samples[sample.name], f"{sample.name}: {dict(series)} is there twice"
            samples[sample.name][series] = sample.value
    return Exposition(types=types, helps=helps, samples=dict(samples))
