"""A link to a file of the checkout, or to a heading in it, that is not there.

What happens: Whoever is notified follows the link to the runbook and finds nothing, or its top. Links are
relative to the folder that lint is started in, or to the rule file's. Addresses elsewhere are not looked
at.

Instead: The heading as it is written there, in small letters, with hyphens for blanks.

Wrong:

    expr: queue_depth > 100
    for: 5m
    annotations: {runbook_url: "runbook.md#queue"}

Right:

    expr: queue_depth > 100
    for: 5m
    annotations: {runbook_url: "runbook.md#the-queue-is-deep"}

With runbook.md:

    # The queue is deep
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.links import split_link
from alertdrill.linting.surroundings import LintedRule, Remark
from alertdrill.rules.fields import say_nearest

SEVERITY: Severity = "warning"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find links of annotations that lead nowhere."""
    if rule.alert is None:
        return
    for name, text in rule.alert.annotations.items():
        link = split_link(text)
        if link is None or link[0] not in rule.known.headings:
            continue
        path, anchor = link
        anchors = rule.known.headings[path]
        if anchors is None:
            yield Remark(
                at=f"annotations/{name}",
                severity="information",  # whoever is notified may read it from elsewhere
                happens=f"There is no file {path}, neither here nor beside the rules.",
                instead="Name the file from the top of the checkout, or from the rule file's folder.",
            )
        elif anchor and anchor not in anchors:
            yield Remark(
                at=f"annotations/{name}",
                happens=f"{path} has no heading #{anchor}.",
                instead=f"Name a heading that it has{say_nearest(anchor, sorted(anchors)) or '.'}",
            )
