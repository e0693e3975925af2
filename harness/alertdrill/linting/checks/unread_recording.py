"""A recording rule that no rule given reads.

What happens: It is evaluated and stored for nobody, unless a dashboard or another Prometheus reads it.

Instead: Take it out, or give the rules that read it, too.

Wrong:

    record: job:errors:rate1h
    expr: sum by (job) (rate(errors_total[1h]))

Right:

    record: job:errors:rate5m
    expr: sum by (job) (rate(errors_total[5m]))

With rules:

    groups:
    - name: readers
      rules:
      - alert: Errors
        expr: job:errors:rate5m > 1
        for: 5m
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import Known, LintedRule, Remark, once
from alertdrill.rules.promql.matchers import accepts

SEVERITY: Severity = "information"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find recorded names that nothing selects."""
    if rule.alert is not None or not any(one.alert is not None for one in rule.known.rules):
        return
    names, patterns = _find_read(rule.known)
    if rule.rule.name in names or any(accepts(how, text, rule.rule.name) for how, text in patterns):
        return
    yield Remark(
        at="record",
        happens=f"No rule given reads {rule.rule.name}.",
        instead="Take it out unless a dashboard or another Prometheus reads it.",
    )


@once
def _find_read(known: Known) -> tuple[set[str], set[tuple[str, str]]]:
    """Return the names and the patterns of names that rules select."""
    names: set[str] = set()
    patterns: set[tuple[str, str]] = set()
    for one in known.rules:
        for part in one.expr.list_selectors():
            names.add(part.name)
            patterns.update((how, text) for label, how, text in part.matchers if label == "__name__")
    return names, patterns
