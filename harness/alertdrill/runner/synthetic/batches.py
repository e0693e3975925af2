"""Which alerts can be sent at once: none meets another in a page, and none holds another back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alertdrill.runner.synthetic.destination import Destination
from alertdrill.runner.synthetic.inhibition import InhibitRule
from alertdrill.runner.synthetic.synthetic import SyntheticAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """An alert, and where it goes.

    `title` tells it from others of its name, if there are any. `has_routes` says whether the config has any
    route that could have taken it, besides the root.
    """

    alert: SyntheticAlert
    destination: Destination
    title: str = ""
    has_routes: bool = True

    @property
    def name(self) -> str:
        """What it is called among the others."""
        return self.title or self.alert.name

    @property
    def is_by_default_only(self) -> bool:
        """Whether no route but the root takes it."""
        return all(leg.is_root for leg in self.destination.legs)

    @property
    def is_left_over(self) -> bool:
        """Whether other routes might have taken it, and none does."""
        return self.is_by_default_only and self.has_routes


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
