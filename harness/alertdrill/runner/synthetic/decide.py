"""What Alertmanager's counters say about one alert: delivered, not delivered, or nothing certain. Pure.

Counters are of all notifications together. They speak of our alert only while nothing else can be notified
by the same integration: no other alert's group is there, and none that is about to be told of its end, which
Alertmanager counts among its groups without showing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from alertdrill.runner.synthetic.counters import Counts, Outlet

Outcome = Literal["delivered", "not delivered", "could not tell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of the notifications of one outlet; `evidence` is one sentence without a full stop."""

    outcome: Outcome
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivals:
    """What else may have been notified: groups of other alerts by outlet, and groups that are not shown."""

    groups: Mapping[Outlet, int]
    hidden: int

    def of(self, outlet: Outlet) -> str:
        """Return who else is notified by an outlet, in words; empty if nobody is."""
        known = self.groups.get(outlet, 0)
        parts = [f"{known} group{'s' if known > 1 else ''} of other alerts"] if known else []
        parts += [f"{self.hidden} of alerts that ended just now"] if self.hidden else []
        return " and ".join(parts)


def decide(
    outlet: Outlet, wanted: int, counts: Counts, rivals: Rivals, *, is_begin_over: bool, is_over: bool
) -> Decision | None:
    """Say what became of `wanted` notifications, given what was counted since; None: wait longer.

    `is_begin_over`: Alertmanager would have begun by now; `is_over`: it would have given up by now.
    """
    name = name_outlet(outlet)
    others = rivals.of(outlet)
    if counts.delivered >= wanted:
        if others:
            return _doubt(
                f"{name} took {_count(counts.delivered)}, but {others} may have been notified by it"
            )
        if counts.delivered > wanted:
            return _doubt(f"{name} took {_count(counts.delivered)} where {wanted} was to be expected")
        return Decision(outcome="delivered", evidence=f"{name} took {_count(counts.delivered)}")
    if counts.started == 0 and is_begin_over:
        # Whoever else is there: nothing at all was begun.
        return Decision(outcome="not delivered", evidence=f"Alertmanager did not begin to notify {name}")
    if is_over or (counts.given_up > 0 and not others):
        if others:
            return _doubt(f"{name} did not take every notification, and {others} may have been among them")
        return Decision(outcome="not delivered", evidence=_describe_failure(name, wanted, counts))
    return None


def _describe_failure(name: str, wanted: int, counts: Counts) -> str:
    reasons = f" ({', '.join(sorted(counts.reasons))})" if counts.reasons else ""
    if counts.attempts == 0:
        return f"{name} has not answered{reasons}"
    return (
        f"{name} refused {counts.refused:g} of {counts.attempts:g} attempts{reasons}, {wanted} was to arrive"
    )


def _doubt(evidence: str) -> Decision:
    return Decision(outcome="could not tell", evidence=evidence)


def name_outlet(outlet: Outlet) -> str:
    """Return an outlet in words."""
    integration, receiver = outlet
    return f"{integration} of {receiver}" if receiver else integration


def _count(number: float) -> str:
    return f"{number:g} notification{'' if number == 1 else 's'}"
