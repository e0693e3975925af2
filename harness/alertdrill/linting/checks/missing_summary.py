"""An alert without a text.

What happens: Whoever is notified reads a name and labels, and has to look up what is wrong.

Instead: An annotation `summary`, in one sentence with the labels and the value.

Wrong:

    expr: queue_depth > 100
    for: 5m

Right:

    expr: queue_depth > 100
    for: 5m
    annotations: {summary: "{{ $value }} jobs of {{ $labels.queue }} wait."}
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "information"
NAMES = {"summary", "description", "message", "title", "text"}


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find alerts without an annotation that says what is wrong."""
    if rule.alert is not None and not any(rule.alert.annotations.get(name) for name in NAMES):
        yield Remark(
            at="alert",
            happens=(
                "The alert has neither a summary nor a description: who is notified reads a name and labels."
            ),
            instead="Give it an annotation summary that says what is wrong, with $labels and $value.",
        )
