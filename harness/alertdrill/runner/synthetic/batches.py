"""Which alerts can be sent at once: none meets another in a page, and none holds another back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alertdrill.runner.synthetic.destination import Destination
from alertdrill.runner.synthetic.inhibition import InhibitRule
from alertdrill.runner.synthetic.synthetic import SyntheticAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """An alert, and where it goes."""

    alert: SyntheticAlert
    destination: Destination

    @property
    def is_by_default_only(self) -> bool:
        """Whether no route but the root takes it."""
        return all(leg.is_root for leg in self.destination.legs)


def plan_batches(bound: Sequence[Bound], rules: Sequence[InhibitRule]) -> list[list[Bound]]:
    """Return the alerts in as few batches as come by taking each into the first that it fits in."""
    batches: list[list[Bound]] = []
    for one in bound:
        for batch in batches:
            if not any(_meet(one, other, rules) for other in batch):
                batch.append(one)
                break
        else:
            batches.append([one])
    return batches


def _meet(one: Bound, other: Bound, rules: Sequence[InhibitRule]) -> bool:
    first, second = one.alert.labels, other.alert.labels
    return any(rule.inhibits(first, second) or rule.inhibits(second, first) for rule in rules) or any(
        mine.group == theirs.group for mine in one.destination.legs for theirs in other.destination.legs
    )
