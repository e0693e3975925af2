"""A panel of a dashboard whose query reads nothing.

What happens: The panel stays empty, and whoever looks at it during an incident takes that for quiet. The
query names a metric or a label that the target does not show, as `--metrics` tells; or its matchers
contradict each other; or the two sides of an operator never match. Dashboards are those of `--dashboard`.
Variables of Grafana's may have any value; a metric whose name has a colon comes from a recording rule, and is
known only where its rules are given.

Instead: The name that is there, or both sides by the same labels.

Wrong:

    {"title": "Requests", "type": "timeseries", "targets": [{"expr": "rate(http_request_total[5m])"}]}

Right:

    {"title": "Requests", "type": "timeseries", "targets": [{"expr": "rate(http_requests_total[5m])"}]}

With metrics:

    # TYPE http_requests_total counter
    http_requests_total{method="GET",status="200"} 3
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from alertdrill.linting.checks import empty_selector, never_matches, unknown_label, unknown_metric
from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedQuery, Remark

SEVERITY: Severity = "error"
_FINDING = (unknown_metric, unknown_label, empty_selector, never_matches)
"""The checks of rules that find what an expression does not read."""


def check_query(query: LintedQuery) -> Iterator[Remark]:
    """Find what a query asks for and does not get."""
    for of in _FINDING:
        for remark in of.check(query):
            if not _is_recorded(remark, query):
                yield replace(remark, severity=remark.severity or of.SEVERITY)


def _is_recorded(remark: Remark, query: LintedQuery) -> bool:
    """Say whether a metric may be recorded by rules that are not given: a target shows no such name."""
    metrics = query.known.metrics
    is_stored = metrics is not None and metrics.is_stored
    return (
        remark.part is not None
        and remark.part.kind == "selector"
        and ":" in remark.part.name
        and not is_stored
    )
