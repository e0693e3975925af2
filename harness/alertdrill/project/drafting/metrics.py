"""What is known of the metrics that a target shows: names, labels, their values, bounds of buckets. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from prometheus_client.parser import text_string_to_metric_families

from alertdrill.core.rule import Labels
from alertdrill.core.wording import printable
from alertdrill.errors import BadInput

MAX_SERIES = 100_000
MAX_VALUES = 1000
"""Of one label of one metric, that are kept."""
MODEL_LABEL = re.compile(r"(?:\w+_)?model(?:_name|_group|_id)?|gen_ai_request_model")
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("", "_count", "_sum"),
}
"""What the series of a family are called, by its type; those of all other types as the family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The metrics that were seen, each with its labels' values; `source` is where.

    A metric without series is known by its name: nothing has been counted yet. `always` are the labels that
    each series of a metric had, and `types` the types that a target told, by the names of series. `models`
    has what one series names together by labels of models: a gateway's own name, and that of its provider.
    """

    source: str
    values: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    always: Mapping[str, frozenset[str]] = field(default_factory=dict)
    models: Mapping[str, frozenset[frozenset[str]]] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    samples: tuple[tuple[str, Labels, float], ...] = field(default=(), repr=False)
    """The latest sample of each series that was seen: metric, labels and value."""
    asked: frozenset[str] | None = None
    """The names that were asked for, where there may be others: of a recording; None: whatever there is."""

    @property
    def is_stored(self) -> bool:
        """Whether a Prometheus stored the series, with the labels that it adds to what a target shows."""
        return any("job" in labels and "instance" in labels for labels in self.values.values())

    def lacks(self, name: str) -> bool:
        """Say whether there is certainly no metric of that name."""
        return name not in self.values and (self.asked is None or name in self.asked)

    def has(self, name: str) -> bool:
        """Say whether there is a metric of that name."""
        return name in self.values

    def list_values(self, name: str, label: str) -> frozenset[str]:
        """Return the values that a label of a metric has been seen with."""
        return self.values.get(name, {}).get(label, frozenset())

    def list_bounds(self, name: str) -> tuple[float, ...]:
        """Return the finite upper bounds of a histogram's buckets, in order; none if nothing was seen."""
        bounds = set()
        for text in self.list_values(name, "le"):
            try:
                bounds.add(float(text))
            except ValueError:
                continue
        return tuple(sorted(bound for bound in bounds if bound < float("inf")))


def gather(
    source: str,
    series: Iterable[tuple[str, Labels]],
    names: Iterable[str] = (),
    types: Mapping[str, str] | None = None,
) -> Metrics:
    """Return what series tell; `names` are of metrics that are known to be, with or without series.

    Raises BadInput where there are too many.
    """
    found: dict[str, dict[str, set[str]]] = {name: {} for name in names}
    always: dict[str, set[str]] = {}
    models: dict[str, set[frozenset[str]]] = {}
    for number, (name, labels) in enumerate(series):
        if number >= MAX_SERIES:
            raise BadInput(f"{source}: there are more than {MAX_SERIES} series: give a file with fewer")
        of_name = found.setdefault(name, {})
        stated = {label for label, value in labels.items() if value}
        always[name] = always.get(name, stated) & stated
        together = models.setdefault(name, set())
        if len(together) < MAX_VALUES:
            together.add(frozenset(labels[label] for label in stated if MODEL_LABEL.fullmatch(label)))
        for label, value in labels.items():
            values = of_name.setdefault(label, set())
            if len(values) < MAX_VALUES:
                values.add(value)
    return Metrics(
        source=source,
        values={
            name: {label: frozenset(values) for label, values in labels.items()}
            for name, labels in found.items()
        },
        always={name: frozenset(labels) for name, labels in always.items()},
        models={name: frozenset(together) for name, together in models.items()},
        types=types or {},
    )


def read_exposition(text: str, source: str) -> Metrics:
    """Return what an exposition in Prometheus's text format tells; raises BadInput for what is none."""
    if text.count("\n") > 4 * MAX_SERIES:
        raise BadInput(f"{source}: there are more than {4 * MAX_SERIES} lines: give a file with fewer")
    types: dict[str, str] = {}
    samples: list[tuple[str, Labels, float]] = []
    try:
        for family in text_string_to_metric_families(text):
            types.update(
                dict.fromkeys((family.name + end for end in ENDINGS.get(family.type, ("",))), family.type)
            )
            samples += [(sample.name, sample.labels, sample.value) for sample in family.samples]
    except Exception as error:  # the parser raises whatever its lines make it trip over
        said = str(error) or f"it begins with {text.strip()[:20]!r}"
        shown = printable(" ".join(said.split())[:100])
        what = f"this is no exposition of metrics in Prometheus's text format ({shown})"
        raise BadInput(f"{source}: {what}: name the address, or a file, of the target's metrics") from error
    if not types:
        raise BadInput(f"{source}: there are no metrics in it")
    series = ((name, labels) for name, labels, _ in samples)
    return replace(gather(source, series, types, types), samples=tuple(samples))
