"""Where an alert goes, by the routing tree, and what may be wrong with going there. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from alertdrill.core.rule import Labels
from alertdrill.core.wording import say_names
from alertdrill.runner.synthetic.client import Group
from alertdrill.runner.synthetic.counters import Outlet, Reading
from alertdrill.runner.synthetic.integrations import Sender
from alertdrill.runner.synthetic.synthetic import SyntheticAlert, is_same_but_for_the_mark, show_labels

GroupKey = tuple[str, tuple[str, ...], tuple[tuple[str, str], ...], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One receiver that the routes lead to: the matchers on the way, how it is grouped, in seconds when.

    `intervals` are the time intervals that may mute it. `is_nobody` says that it is meant to notify nobody.
    """

    receiver: str
    path: tuple[str, ...]
    group_labels: Labels
    group_wait_s: float
    group_interval_s: float
    repeat_interval_s: float
    intervals: tuple[str, ...]
    senders: tuple[Sender, ...]
    is_nobody: bool = False
    where: str = ""
    """The `file:line` of the route that takes the alert, if there is a file."""
    apart: str = ""
    """The fingerprint of the alert that has this way for itself, if it has one."""

    @property
    def group(self) -> GroupKey:
        """What tells the group that a receiver is notified of from all others."""
        return self.receiver, self.path, tuple(sorted(self.group_labels.items())), self.apart

    @property
    def played(self) -> tuple[Sender, ...]:
        """The integrations that the pager plays."""
        return tuple(sender for sender in self.senders if sender.is_played)

    @property
    def is_root(self) -> bool:
        """Whether no route but the root took the alert."""
        return len(self.path) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """All legs, in the order of the routes.

    `is_there_to_inhibit` says that it is for an inhibit rule that the alert is there; `inhibits_by` is the
    `file:line` of that one, if there is a file.
    """

    legs: tuple[Leg, ...]
    is_there_to_inhibit: bool = False
    inhibits_by: str = ""

    @property
    def receivers(self) -> tuple[str, ...]:
        """The receivers, each once."""
        return tuple(dict.fromkeys(leg.receiver for leg in self.legs))

    @property
    def is_nowhere(self) -> bool:
        """Whether nobody is notified: no receiver has an integration."""
        return not any(leg.senders for leg in self.legs)

    @property
    def unplayed(self) -> tuple[str, ...]:
        """What the pager does not play of it, in words: `pigeon of loft is not played: …`."""
        return tuple(
            f"{sender.integration} of {leg.receiver} is not played: {sender.unplayed_because}"
            for leg in self.legs
            for sender in leg.senders
            if not sender.is_played
        )

    @property
    def is_meant_for_nobody(self) -> bool:
        """Whether nobody is notified, and that is meant: of an alert that is there to inhibit others, too."""
        return self.is_nowhere and (self.is_there_to_inhibit or all(leg.is_nobody for leg in self.legs))

    def without(self, receivers: Container[str]) -> Destination:
        """Return the legs that do not end at one of these receivers."""
        return replace(self, legs=tuple(leg for leg in self.legs if leg.receiver not in receivers))

    def count_wanted(self, reading: Reading, *, resolved: bool = False) -> dict[Outlet, int]:
        """Return how many notifications each outlet must deliver, of the firing or of the resolution."""
        wanted: dict[Outlet, int] = {}
        for leg in self.legs:
            for sender in leg.senders:
                if sender.sends_resolved or not resolved:
                    outlet = reading.name_outlet(sender.integration, leg.receiver)
                    wanted[outlet] = wanted.get(outlet, 0) + 1
        return wanted


def list_objections(
    alert: SyntheticAlert,
    destination: Destination,
    groups: Sequence[Group],
    *,
    named: Sequence[str],
    known: Iterable[str],
    is_loopback: bool,
) -> list[str]:
    """Return why the alert must not be sent, as sentences without a full stop.

    `named` are the receivers that the user allows, `known` all that the config has.
    """
    objections = [
        f"--receiver {name}: Alertmanager has no receiver of that name"
        for name in named
        if name not in set(known)
    ]
    if not objections:
        objections += _compare_receivers(destination, named, is_loopback=is_loopback)
    for seen in {seen.fingerprint: seen for group in groups for seen in group.alerts}.values():
        if is_same_but_for_the_mark(seen.labels, alert.labels):
            objections.append(f"the alert is active already: {show_labels(seen.labels)}")
    for leg in destination.legs:
        for group in groups:
            others = [
                seen for seen in group.alerts if not is_same_but_for_the_mark(seen.labels, alert.labels)
            ]
            if group.receiver == leg.receiver and group.labels == leg.group_labels and others:
                objections.append(
                    f"the alert would join {len(others)} other{'s' if len(others) > 1 else ''} in a page "
                    f"that is open at {leg.receiver}: {show_labels(group.labels)}"
                )
    return objections


def _compare_receivers(destination: Destination, named: Sequence[str], *, is_loopback: bool) -> list[str]:
    if not named and is_loopback:
        return []
    reached = destination.receivers
    more = [name for name in reached if name not in named]
    if more:
        return [
            f"the routes lead to {say_names(more)}, which no --receiver names: name every receiver that may "
            f"be notified"
        ]
    return [f"the routes do not lead to {name}" for name in named if name not in reached]


def count_rivals(
    groups: Sequence[Group], fingerprint: str, reading: Reading, senders: Mapping[str, Sequence[Sender]]
) -> dict[Outlet, int]:
    """Return how many groups of other alerts may be notified through each outlet; held ones are not."""
    rivals: dict[Outlet, int] = {}
    for group in groups:
        if all(seen.fingerprint == fingerprint or seen.is_held for seen in group.alerts):
            continue
        for outlet in {
            reading.name_outlet(one.integration, group.receiver) for one in senders.get(group.receiver, ())
        }:
            rivals[outlet] = rivals.get(outlet, 0) + 1
    return rivals
