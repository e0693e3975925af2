"""A window that is too short for two scrapes.

What happens: `rate`, `increase`, `irate`, `delta`, `idelta` and `deriv` need two samples. A window shorter
than two scrape intervals has often one, so there is no value, and shorter than one interval never two. The
interval is the project's; where none is stated, only windows that are too short at 15 s are told.

Instead: A window of four scrape intervals, so that a missed scrape does not matter.

Wrong:

    expr: rate(requests_total[15s]) > 100

Right:

    expr: rate(requests_total[1m]) > 100
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.conditions import say_time
from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"
NEEDS_TWO = {"rate", "increase", "irate", "delta", "idelta", "deriv", "predict_linear"}


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find windows shorter than two intervals, of a scrape, or of the recording rule that is read."""
    for part in rule.parts:
        if part.kind != "call" or part.name not in NEEDS_TWO or part.children[0].kind != "range":
            continue
        window = part.children[0]
        interval_s, what = _find_interval(rule, window.name)
        if window.window_s < 2 * interval_s:
            how = "never" if window.window_s < interval_s else "often not"
            yield Remark(
                part=window,
                severity="error" if how == "never" else None,
                happens=(
                    f"{part.name}() needs two samples, and in {say_time(window.window_s)} there are "
                    f"{how} two: "
                    f"{what} every {say_time(interval_s)}."
                ),
                instead=f"Use a window of {say_time(4 * interval_s)} or more.",
            )


def _find_interval(rule: LintedRule, name: str) -> tuple[float, str]:
    """Return how often a metric gets a sample, and by what."""
    recorded = rule.known.recorded.get(name)
    if recorded:
        return max(one.rule.interval_s for one in recorded), f"{name} is recorded"
    stated = "targets are scraped" if rule.known.states_interval else "targets are scraped, as is assumed,"
    return rule.known.scrape_interval_s, stated
