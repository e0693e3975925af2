"""A comment that ignores a check and does not do so, or no longer.

What happens: A comment without a check that exists, without a reason, without a rule to hold for, or with
an end that is past ignores nothing. The findings that it was about are there again.

Instead: `# alertdrill ignore CHECK until 2027-01-31: why`, in the rule, right above it, above its group, or
above `groups:` for the whole file. `until` and its date may be left out, and several checks stand with
commas between them.

Wrong:

    # alertdrill ignore no-for until 2020-01-31: it is to be mended this month
    expr: queue_depth > 100
    for: 5m

Right:

    # alertdrill ignore no-for: one sample of this batch job's gauge is all there is
    expr: batch_failed_jobs > 0
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"


def check(rule: LintedRule) -> Iterator[Remark]:  # noqa: ARG001 - as all checks have it
    """Find nothing in a rule: comments are those of a file, and `ignoring` reads them."""
    yield from ()
