"""The synthetic alert, and what marks it as a drill. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alertdrill.core.fingerprint import fingerprint
from alertdrill.core.rule import Labels
from alertdrill.core.wording import say_label_name

DRILL_LABEL = "alertdrill"
DRILL_VALUE = "drill"
DRILL_ANNOTATION = "alertdrill"
DRILL_TEXT = (
    "This is a drill: alertdrill raised this alert on purpose to prove that pages arrive. "
    "Nothing is wrong, and nobody has to act."
)
BROKEN_TEMPLATE = "<error expanding template"
"""What Prometheus writes in place of a text that it could not render."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticAlert:
    """An alert as Prometheus would send it, marked as a drill; `source` is the rule's `file:line`."""

    labels: Labels
    annotations: Labels
    generator_url: str
    source: str

    @property
    def name(self) -> str:
        """The alert's name."""
        return self.labels["alertname"]

    @property
    def fingerprint(self) -> str:
        """By which Alertmanager names it."""
        return fingerprint(self.labels)

    @property
    def broken_annotations(self) -> tuple[str, ...]:
        """The annotations that Prometheus could not render, mostly for want of data that they query."""
        return tuple(name for name, text in self.annotations.items() if text.startswith(BROKEN_TEMPLATE))

    def write(self, starts_s: float, ends_s: float) -> dict[str, Any]:
        """Return it as `POST /api/v2/alerts` takes it; the instants are epoch seconds."""
        return {
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
            "generatorURL": self.generator_url,
            "startsAt": write_instant(starts_s),
            "endsAt": write_instant(ends_s),
        }


def mark(*, labels: Labels, annotations: Labels, generator_url: str, source: str) -> SyntheticAlert:
    """Return what Prometheus made of a rule as a synthetic alert, marked as a drill."""
    return SyntheticAlert(
        labels={**labels, DRILL_LABEL: DRILL_VALUE},
        annotations={**annotations, DRILL_ANNOTATION: DRILL_TEXT},
        generator_url=generator_url,
        source=source,
    )


def is_same_but_for_the_mark(labels: Labels, others: Labels) -> bool:
    """Tell whether two label sets are those of one alert, as a drill or in earnest."""
    return _without_mark(labels) == _without_mark(others)


def show_labels(labels: Labels) -> str:
    """Return labels as PromQL shows them."""
    return (
        "{" + ", ".join(f'{say_label_name(name)}="{value}"' for name, value in sorted(labels.items())) + "}"
    )


def write_instant(epoch_s: float) -> str:
    """Return an instant as RFC 3339 has it, to the millisecond."""
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _without_mark(labels: Labels) -> dict[str, str]:
    return {name: value for name, value in labels.items() if (name, value) != (DRILL_LABEL, DRILL_VALUE)}
