"""The alert stays silent although its rule's value came near. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alertdrill.core.clock import format_s
from alertdrill.core.documents import take, take_number, write_number
from alertdrill.core.expectation import NearMiss
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Curve, Timeline
from alertdrill.core.verdict import Finding
from alertdrill.judging.claims import Claim
from alertdrill.judging.findings import Miss, make_finding
from alertdrill.judging.kinds.kind import Kind
from alertdrill.judging.nearness import describe_peak, find_longest_over_s, find_reach, has_share
from alertdrill.judging.needs import Need, Weighed


class NearMissKind(Kind[NearMiss]):
    """A `NearMiss` is judged by the silence, and by the value that makes it worth something."""

    asks_for_value = True

    def judge(self, expected: NearMiss, timeline: Timeline) -> Finding:
        """Check that it was silent, and that its rule's value came near enough for that to say something."""
        hops: dict[str, float] = {
            event.kind: event.at_s
            for event in reversed(timeline.events)
            if event.kind in {"pending", "firing", "paged"}
        }
        return make_finding(expected, hops, _check_silence(expected, hops, timeline.curves))

    def say(self, expected: NearMiss) -> str:
        """Say how near the value comes, or for how long it is over the threshold."""
        reached = f"its value reaches {expected.reaches:.0%} of the threshold"
        if expected.reaches_at_most is not None:
            reached += f", and at most {expected.reaches_at_most:.0%}"
        if not expected.pending:
            return f"stays inactive although {reached}"
        if expected.pending_within_s is None:
            return f"stays at pending although {reached}"
        least_s, most_s = expected.pending_within_s
        return f"stays at pending, over the threshold for {format_s(least_s)} to {format_s(most_s)}"

    def list_claims(self, expected: NearMiss) -> tuple[Claim, ...]:
        """Claim the near miss."""
        return (Claim(alert=expected.alert, hop="near miss"),)

    def list_needs(self, expected: NearMiss, weighed: Weighed) -> Iterator[Need]:  # noqa: ARG002 - as all
        """Yield what the traffic passes through until the end of the drill."""
        yield weighed.need_silence()

    def write(self, expected: NearMiss) -> dict[str, Any]:
        """Mark it as a silence."""
        silence = {"silent": True, "reaches": write_number(expected.reaches), "pending": expected.pending}
        if expected.pending_within_s is not None:
            least_s, most_s = expected.pending_within_s
            silence |= {"pending_least_s": write_number(least_s), "pending_most_s": write_number(most_s)}
        if expected.reaches_at_most is not None:
            silence["reaches_at_most"] = write_number(expected.reaches_at_most)
        return silence

    def is_written(self, document: Mapping[str, Any]) -> bool:
        """Look for a silence that is not a blind one's."""
        return bool(document.get("silent")) and not document.get("blind")

    def read(self, alert: str, labels: Labels, document: Mapping[str, Any]) -> NearMiss:
        """Leave out how long it may be pending."""
        return NearMiss(
            alert=alert,
            labels=labels,
            reaches=take_number(document, "reaches"),
            pending=take(document, "pending", bool),
        )


def _check_silence(near: NearMiss, hops: Mapping[str, float], curves: Sequence[Curve]) -> Miss:
    """Check silence and value; `hops` are the instants at which it was pending, firing or paged."""
    for kind in ("firing", "paged"):
        if kind in hops:
            return "unexpected", f"{kind} at {format_s(hops[kind])}, though it should stay silent"
    if not any(curve.points for curve in curves):
        return "missing", "the rule's value was never seen, so that it stayed inactive proves nothing"
    if near.reaches and not has_share(curves):
        below = "no threshold above 0, of which a value could be a share"
        return "unobserved", f"the rule has {below}: state reaches: 0"
    if find_reach(curves) < near.reaches:
        return "missing", f"{describe_peak(curves)}, too far away to prove anything"
    if near.reaches_at_most is not None and find_reach(curves) > near.reaches_at_most:
        return "mismatched", f"{describe_peak(curves)}, more than {near.reaches_at_most:.0%}"
    if not near.pending:
        if "pending" in hops:
            return "unexpected", f"pending at {format_s(hops['pending'])}, though it should stay inactive"
        return "met", f"silent; {describe_peak(curves)}"
    if "pending" not in hops:
        return "missing", f"was never pending; {describe_peak(curves)}"
    over_s = max(find_longest_over_s(curve) for curve in curves)
    if near.pending_within_s is not None:
        least_s, most_s = near.pending_within_s
        if not least_s <= over_s <= most_s:
            return (
                "mismatched",
                f"was over the threshold for {over_s:.0f} s instead of {least_s:.0f} to {most_s:.0f} s",
            )
    return "met", f"silent; over the threshold for {over_s:.0f} s"
