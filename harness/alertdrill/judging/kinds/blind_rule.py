"""The rule is blind: its alert neither becomes pending nor fires. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alertdrill.core.clock import format_s
from alertdrill.core.documents import take_number, write_number
from alertdrill.core.expectation import BlindRule
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Event, Timeline
from alertdrill.core.verdict import Finding
from alertdrill.judging.claims import Claim
from alertdrill.judging.findings import Miss, make_finding
from alertdrill.judging.kinds.kind import Kind
from alertdrill.judging.needs import Need, Weighed


class BlindRuleKind(Kind[BlindRule]):
    """A `BlindRule` is judged by whatever its rule saw after all."""

    must_stay_unseen = True

    def judge(self, expected: BlindRule, timeline: Timeline) -> Finding:
        """Find whatever the rule saw, from the instant on."""
        hops: dict[str, float] = {
            event.kind: event.at_s
            for event in reversed(timeline.events)
            if _is_sight(event, expected.after_s)
        }
        seen = ", ".join(f"{kind} at {format_s(at_s)}" for kind, at_s in hops.items())
        said: Miss = "met", "blind: never even pending"
        if hops:
            said = "unexpected", f"{seen}, though the rule should see nothing"
        return make_finding(expected, hops, said)

    def say(self, expected: BlindRule) -> str:
        """Say from when on it is blind."""
        since = f" from {format_s(expected.after_s)} on" if expected.after_s else ""
        return f"is blind{since}: not even pending"

    def list_claims(self, expected: BlindRule) -> tuple[Claim, ...]:  # noqa: ARG002 - every kind is asked
        """Claim nothing: it proves a defect."""
        return ()

    def list_needs(self, expected: BlindRule, weighed: Weighed) -> Iterator[Need]:
        """Yield what the traffic passes through until the end of the drill."""
        yield weighed.need_silence(expected.after_s)

    def write(self, expected: BlindRule) -> dict[str, Any]:
        """Mark it as a silence, and as a blind one."""
        return {"silent": True, "blind": True, "after_s": write_number(expected.after_s)}

    def is_written(self, document: Mapping[str, Any]) -> bool:
        """Look for the mark."""
        return bool(document.get("blind"))

    def read(self, alert: str, labels: Labels, document: Mapping[str, Any]) -> BlindRule:
        """Read all of it."""
        return BlindRule(alert=alert, labels=labels, after_s=take_number(document, "after_s"))


def _is_sight(event: Event, after_s: float) -> bool:
    """Say whether the rule saw something; what ended at the very instant was seen before."""
    if event.kind in {"resolved", "page_resolved"}:
        return event.at_s > after_s or not after_s
    return event.at_s >= after_s
