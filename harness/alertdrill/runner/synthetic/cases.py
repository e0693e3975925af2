"""What became of synthetic alerts as cases of JUnit: of one alert a case for each hop. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from alertdrill.reports.junit_cases import Case
from alertdrill.runner.synthetic.hops import Hop
from alertdrill.runner.synthetic.pages import Row

Outcome = Literal["failure", "error"]


def list_hop_cases(alert: str, hops: Sequence[Hop]) -> Iterator[Case]:
    """Yield a case for each hop of an alert; what was suppressed did not arrive."""
    for hop in hops:
        outcome: Outcome | None = None
        if hop.outcome != "done":
            outcome = "error" if hop.outcome == "could not tell" else "failure"
        said = f"{hop.name}: {hop.outcome}" + (f": {hop.evidence}" if hop.evidence else "")
        yield Case(of=f"page.{alert}", name=hop.name, outcome=outcome, said=said, output=hop.evidence)


def list_row_cases(rows: Sequence[Row]) -> Iterator[Case]:
    """Yield a case for each alert."""
    for row in rows:
        outcome: Outcome | None = "failure" if row.is_unmet else None
        if row.outcome == "unobserved" and outcome is None:
            outcome = "error"
        said = f"{row.outcome}: {row.evidence}" if row.evidence else row.outcome
        pages = [f"{page.receiver} by {page.integration}: {page.title}" for page in row.pages]
        yield Case(
            of="page", name=row.bound.name, outcome=outcome, said=said, output="\n".join([said, *pages])
        )
