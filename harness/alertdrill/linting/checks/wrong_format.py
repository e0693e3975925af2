r"""A value that a template prints by a verb of another kind.

What happens: The value of an alert is a floating-point number. `printf "%d"` of it prints `%!d(float64=5)`,
and `printf "%s"` `%!s(float64=5)`; Go says so in the text and not when it loads the rule.

Instead: `{{ printf "%.0f" $value }}`, or `{{ $value | humanize }}`.

Wrong:

    expr: queue_depth > 100
    for: 5m
    annotations: {summary: '{{ printf "%d" $value }} jobs wait.'}

Right:

    expr: queue_depth > 100
    for: 5m
    annotations: {summary: '{{ printf "%.0f" $value }} jobs wait.'}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark
from alertdrill.linting.template_actions import list_actions

SEVERITY: Severity = "error"
_PRINTED = re.compile(
    r"""^\s*(?:printf\s+"(?P<first>[^"]*)"\s+(?:\$value|\.Value)\s*$|(?:\$value|\.Value)\s*\|\s*printf\s+"(?P<second>[^"]*)"\s*$)"""
)
_VERB = re.compile(r"%[-+# 0-9.]*([a-zA-Z%])")
_OF_NUMBERS = set("eEfFgGvxXbT%")


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find formats of the value whose verb is for integers or texts."""
    alert = rule.alert
    if alert is None:
        return
    for kind, texts in (("annotations", alert.annotations), ("labels", alert.labels)):
        for name, text in texts.items():
            for action in list_actions(text):
                found = _PRINTED.match(action)
                form = (found["first"] or found["second"] or "") if found else ""
                wrong = [verb for verb in _VERB.findall(form) if verb not in _OF_NUMBERS]
                if wrong:
                    yield Remark(
                        at=f"{kind}/{name}",
                        happens=(
                            f"The value is a floating-point number, which %{wrong[0]} does not print: the "
                            f"text says %!{wrong[0]}(float64=…)."
                        ),
                        instead='Write {{ printf "%.0f" $value }}, or {{ $value | humanize }}.',
                    )
