"""A value in a label.

What happens: An alert is told from others by its labels. With `$value` in one, each new value is a new
alert: its `for` starts anew, so with a `for` it fires only while the value stands still, and without one
each change notifies again.

Instead: The value in an annotation.

Wrong:

    expr: queue_depth > 100
    for: 5m
    labels: {depth: "{{ $value }}"}

Right:

    expr: queue_depth > 100
    for: 5m
    annotations: {summary: "{{ $value }} jobs wait."}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark
from alertdrill.linting.template_actions import list_actions

SEVERITY: Severity = "error"
_VALUE = re.compile(r"\$value\b|\.Value\b")
_CHOOSES = re.compile(r"^\s*(?:if|else if|with)\b|\b(?:gt|lt|ge|le|eq|ne)\b")


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find labels that print the value."""
    if rule.alert is None:
        return
    for name, text in rule.alert.labels.items():
        for action in list_actions(text):
            if _VALUE.search(action) and not _CHOOSES.search(action):
                yield Remark(
                    at=f"labels/{name}",
                    happens=(
                        f"The label {name} changes with the value, and each change is a new alert with a "
                        "new `for`."
                    ),
                    instead="Put the value into an annotation.",
                )
                break
