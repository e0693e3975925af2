"""Limits on what a key, a user or a team may use in a day or a month of rule time. Pure: `now_s` comes in.

A day is 86,400 s and a month 30 days, counted from rule time 0, so that a drill's outcome does not depend
on the date. Usage lives as long as the process. A request counts when it is admitted, its cost when it is
known: calls in flight can overdraw a limit in dollars, as they can at any provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from alertdrill.gateway.events import IdentityKind

Unit = Literal["usd", "requests"]
Period = Literal["day", "month"]
Identity = tuple[IdentityKind, str]
PERIODS_S: dict[Period, float] = {"day": 86_400.0, "month": 30 * 86_400.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `amount` (above 0) dollars or requests in a period."""

    unit: Unit
    period: Period
    amount: Decimal


@dataclass(slots=True)
class _Usage:
    index: int = -1
    spent: dict[Unit, Decimal] = field(default_factory=lambda: {"usd": Decimal(0), "requests": Decimal(0)})


class Quotas:
    """What each identity may use and has used."""

    def __init__(self) -> None:
        self._limits: dict[Identity, tuple[Limit, ...]] = {}
        self._usage: dict[tuple[Identity, Period], _Usage] = {}

    def limits(self, identity: Identity) -> tuple[Limit, ...]:
        """Return an identity's limits; empty if it has none."""
        return self._limits.get(identity, ())

    def count_limited(self) -> int:
        """Return how many identities have limits."""
        return len(self._limits)

    def set_limits(self, identity: Identity, limits: tuple[Limit, ...]) -> None:
        """Replace an identity's limits; what it has used stays used."""
        if limits:
            self._limits[identity] = limits
        else:
            self._limits.pop(identity, None)

    def inherit(self, successor: Identity, predecessor: Identity) -> None:
        """Give a rotated key's successor its limits and its usage, so that rotating is no way round them."""
        self.set_limits(successor, self.limits(predecessor))
        for period in PERIODS_S:
            if usage := self._usage.get((predecessor, period)):
                self._usage[successor, period] = _Usage(usage.index, dict(usage.spent))

    def ratio(self, identity: Identity, now_s: float) -> float:
        """Return the largest used share of any of an identity's limits, at most 1; 0 without limits."""
        shares = (
            float(self._current(identity, limit.period, now_s).spent[limit.unit] / limit.amount)
            for limit in self.limits(identity)
        )
        return min(1.0, max(shares, default=0.0))

    def admit(self, identities: Sequence[Identity], now_s: float) -> Identity | None:
        """Count a request for all of them, or return the first that has used a limit up."""
        for identity in identities:
            if self.ratio(identity, now_s) >= 1:
                return identity
        self._add(identities, "requests", Decimal(1), now_s)
        return None

    def spend(self, identities: Sequence[Identity], usd: Decimal, now_s: float) -> None:
        """Count the cost of a call for all of them."""
        self._add(identities, "usd", usd, now_s)

    def _add(self, identities: Sequence[Identity], unit: Unit, amount: Decimal, now_s: float) -> None:
        for identity in identities:
            for period in PERIODS_S:
                self._current(identity, period, now_s).spent[unit] += amount

    def _current(self, identity: Identity, period: Period, now_s: float) -> _Usage:
        index = int(now_s // PERIODS_S[period])
        usage = self._usage.get((identity, period))
        if usage is None or usage.index != index:
            usage = self._usage[identity, period] = _Usage(index)
        return usage
