"""How a drill came out, finding by finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from alertdrill.core.expectation import Expected
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import EventKind

Outcome = Literal["met", "late", "missing", "mismatched", "unexpected", "unobserved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one expectation came out; without an expectation, an unexpected event.

    `observed` maps the hops seen (`pending`, `firing`, `paged`, `resolved`, `page_resolved`) to their
    instants; `evidence` is one sentence. `broke_at` is the first hop that is not as expected, where the alert
    was to fire and one is to blame. With a `doubt` nobody can tell how it came out, and the outcome is
    `unobserved`: the sentence says why.
    """

    outcome: Outcome
    alert: str
    labels: Labels
    expectation: Expected | None
    observed: Mapping[str, float]
    evidence: str
    broke_at: EventKind | None = None
    doubt: str = ""

    @property
    def is_unmet(self) -> bool:
        """Whether it came out otherwise than expected, and somebody can tell."""
        return self.outcome not in {"met", "unobserved"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judge says of one drill; the outcome is derived from the findings.

    A quiet drill in which nothing fired has no finding; its `doubt` says why nobody can tell.
    """

    drill: str
    findings: tuple[Finding, ...]
    doubt: str = ""

    @property
    def outcome(self) -> Literal["met", "unmet", "unobserved"]:
        """`unmet` if any finding is, else `unobserved` if any hop could not be seen, else `met`."""
        outcomes = {finding.outcome for finding in self.findings}
        if outcomes - {"met", "unobserved"}:
            return "unmet"
        return "unobserved" if "unobserved" in outcomes or self.doubt else "met"

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why nobody can tell how it came out, or some of it; each sentence once."""
        said = (self.doubt, *(finding.doubt for finding in self.findings))
        return tuple(dict.fromkeys(doubt for doubt in said if doubt))
