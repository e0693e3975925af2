"""A metric that the target does not show.

What happens: Nothing is selected. A comparison with nothing has no result, so the alert never fires;
`absent` of it is always 1. Only metrics given by `--metrics` are known, and those that the rules record;
`up`, `ALERTS` and others that Prometheus makes itself are known always.

Instead: The name that is shown. A counter may lack its `_total`, a histogram its `_bucket`; a metric that
is shown only after the first event is best shown at 0 from the start.

Wrong:

    expr: rate(http_request_total[5m]) > 100

Right:

    expr: rate(http_requests_total[5m]) > 100

With metrics:

    # TYPE http_requests_total counter
    http_requests_total{method="GET",status="200"} 3
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import Remark, Stated
from alertdrill.rules.fields import say_nearest

SEVERITY: Severity = "error"
OWN = {"up", "ALERTS", "ALERTS_FOR_STATE", "scrape_duration_seconds", "scrape_samples_scraped"}
OWN |= {"scrape_samples_post_metric_relabeling", "scrape_series_added", "scrape_timeout_seconds"}
OWN |= {"scrape_sample_limit", "scrape_body_size_bytes"}
"""What Prometheus makes itself."""


def check(rule: Stated) -> Iterator[Remark]:
    """Find selectors of names that nobody shows."""
    metrics = rule.known.metrics
    if metrics is None:
        return
    for part in rule.expr.list_selectors():
        name = part.name
        if not name or name in OWN or not metrics.lacks(name) or name in rule.known.recorded:
            continue
        known = [*metrics.values, *rule.known.recorded]
        yield Remark(
            part=part,
            happens=f"There is no metric {name!r} in {metrics.source}: it selects nothing.",
            instead=f"Name a metric that is there{say_nearest(name, known) or '.'}",
        )
