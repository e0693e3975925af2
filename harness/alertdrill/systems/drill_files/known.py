"""What the drills of a file can be about, as far as that is known while they are read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from alertdrill.core.drill import BehaviourChange, LoadProfile, Outage, ReceiverFault
from alertdrill.core.expectation import Expectation, Expected, Grouped
from alertdrill.rules.fields import Fields, say_nearest
from alertdrill.systems.drill_files.scenario_needs import find_needs, say_needs
from alertdrill.systems.drill_files.scenario_options import check_wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names that drills can state; of what is None nobody knows, and it is not looked at.

    `is_own_gateway` says that traffic goes to somebody's own gateway, rather than to the reference gateway.
    `find_closing_s` says of a receiver how long after an alert resolved it is told of that, at the latest.
    """

    alerts: Collection[str] | None = None
    receivers: Collection[str] | None = None
    providers: Collection[str] | None = None
    parts: Collection[str] | None = None
    scenarios: Collection[str] | None = None
    is_own_gateway: bool = False
    find_closing_s: Callable[[str], float] | None = None

    def check_expected(self, fields: Fields, drill: str, expected: Expected) -> None:
        """Raise BadInput for an alert that no rule has, and for a receiver that there is not."""
        _demand(fields, expected.alert, self.alerts, f"{drill} expects", "no alert of the rules")
        for receiver in list_receivers(expected):
            who = f"{drill} expects {expected.alert} to page"
            _demand(fields, receiver, self.receivers, who, "no receiver of the Alertmanager config")

    def check_fault(self, fields: Fields, drill: str, fault: ReceiverFault) -> None:
        """Raise BadInput for a receiver that there is not."""
        who = f"{drill} has a fault of"
        _demand(fields, fault.receiver, self.receivers, who, "no receiver of the Alertmanager config")

    def check_outage(self, fields: Fields, drill: str, outage: Outage) -> None:
        """Raise BadInput for a part that the stack does not have."""
        _demand(fields, outage.part, self.parts, f"{drill} puts out", "no part of the stack")

    def check_change(self, fields: Fields, drill: str, change: BehaviourChange) -> None:
        """Raise BadInput for a provider that the project does not start."""
        who = f"{drill} changes the provider"
        _demand(fields, change.provider, self.providers, who, "no [[provider]] of the project")

    def check_profile(self, fields: Fields, drill: str, profile: LoadProfile) -> None:
        """Raise BadInput for a scenario that there is not, or that lacks what it needs, of the target too.

        A file of the user's is found when it is sent. Where nothing is, nothing is wanted.
        """
        if self.scenarios is not None and not profile.scenario.endswith(".py"):
            _demand(fields, profile.scenario, self.scenarios, f"{drill} sends", "no scenario")
            needs = find_needs(profile.scenario, profile.options) if self.is_own_gateway else ""
            if needs:
                raise fields.fail(f"{drill}: {say_needs(profile.scenario, needs)}")
            check_wanted(fields, profile.scenario, profile.options)


def list_receivers(expected: Expected) -> Sequence[str]:
    """Return whom an alert pages, each once."""
    if isinstance(expected, Expectation):
        return tuple(dict.fromkeys((expected.receiver, *(one.receiver for one in expected.deliveries))))
    return (expected.receiver,) if isinstance(expected, Grouped) else ()


def list_told_of_the_end(expected: Expected) -> Iterator[str]:
    """Yield the receivers whose pages have to close."""
    if isinstance(expected, Expectation):
        if expected.suppressed is not None and expected.suppressed.until_s is None:
            return
        mute = {one.receiver for one in expected.deliveries if not one.closes}
        yield from (one for one in list_receivers(expected) if one not in mute)
    else:
        yield from list_receivers(expected)


def _demand(fields: Fields, name: str, known: Collection[str] | None, who: str, what: str) -> None:
    if known is not None and name not in known:
        near = say_nearest(name, sorted(known)) or f"; there are: {', '.join(sorted(known)) or 'none'}"
        raise fields.fail(f"{who} {name}, which is {what}{near}")
