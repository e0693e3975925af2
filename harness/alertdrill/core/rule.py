"""An alerting rule, and the labels that say which rules are kept for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Labels = Mapping[str, str]
AS_WRITTEN: Mapping[str, str] = {"edition": "as_written"}
"""The label of rules that are kept as their authors wrote them, to prove what is wrong with them."""
PAGING: Mapping[str, str] = {"edition": "paging"}
"""The label of rules that are there to drill the paging path; the reference routing has routes for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """One alerting rule as its file states it; `source` is `file:line`."""

    name: str
    expr: str
    for_s: float
    keep_firing_for_s: float
    labels: Labels
    annotations: Labels
    group: str
    interval_s: float
    source: str


def take_alert_labels(state: Labels) -> dict[str, str]:
    """Return the labels of an alert, of those of its series ALERTS without `alertstate`.

    A label whose template came out empty is no label of the alert, but has the template's text in its series
    (`sample` in Prometheus's rules/alerting.go).
    """
    return {name: value for name, value in state.items() if not ("{{" in value and "}}" in value)}
