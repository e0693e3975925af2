"""Follows one alert through an Alertmanager: handed in, delivered, resolved, its resolution delivered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from alertdrill.core.wording import say_names
from alertdrill.errors import CouldNotTell
from alertdrill.runner.synthetic.client import Alertmanager, Group, Seen, Status
from alertdrill.runner.synthetic.counters import Outlet, Reading
from alertdrill.runner.synthetic.decide import Decision, decide, name_outlet
from alertdrill.runner.synthetic.destination import Destination, Leg
from alertdrill.runner.synthetic.firing import Firing, Say
from alertdrill.runner.synthetic.hops import Hop
from alertdrill.runner.synthetic.synthetic import SyntheticAlert
from alertdrill.runner.synthetic.watch import Look, Watch

MARGIN_S = 15.0
"""What Alertmanager may be late by."""
MIN_NOTIFY_S = 10.0
"""For how long it tries to deliver at the least, however short the group interval is (dispatch.go)."""
PEER_WAIT_S = 15.0
"""How long each member of a cluster waits for the one before it (--cluster.peer-timeout)."""
QUIET_WITHIN_S = 40.0
"""Groups without alerts are forgotten every 30 s."""


class Follower:
    """Sends an alert along its way; `status`, `destination` and objections were looked at before.

    `say` is told each hop as it happens, and what goes wrong on the way.
    """

    def __init__(
        self,
        alertmanager: Alertmanager,
        alert: SyntheticAlert,
        destination: Destination,
        status: Status,
        say: Say,
    ) -> None:
        self._alertmanager = alertmanager
        self._alert = alert
        self._destination = destination
        self._status = status
        self._say = say
        self._hops: list[Hop] = []
        self._watch = self._open_watch(own_groups=0)
        peers_s = (status.members - 1) * PEER_WAIT_S
        interval_s = max(leg.group_interval_s for leg in destination.legs)
        wait_s = max(leg.group_wait_s for leg in destination.legs)
        self._begin_within_s = wait_s + peers_s + MARGIN_S
        # A round may have begun just before, and waits for its turn too.
        self._end_begins_within_s = interval_s + 2 * peers_s + MARGIN_S
        self._try_for_s = max(interval_s, MIN_NOTIFY_S)

    def follow(self) -> tuple[Hop, ...]:
        """Return the hops; the alert is resolved in the end, whatever happens.

        Raises ComponentFailed or CouldNotTell when it cannot be followed.
        """
        before = self._await_quiet()
        self._watch = self._open_watch(own_groups=len(self._destination.legs), started_s=before.started_s)
        with Firing(self._alertmanager, self._alert, self._say) as firing:
            handed_in_s, received_s = firing.begin()
            self._note(Hop(name="handed in", took_s=handed_in_s, outcome="done"))
            self._note(Hop(name="received", took_s=received_s, outcome="done"))
            open_outlets = self._follow_firing(firing, before)
            self._watch.forget_rivals()
            before = self._watch.look_on(firing.keep).reading
            began = time.monotonic()
            if why := firing.resolve():
                raise CouldNotTell(why)
            self._note(Hop(name="resolved", took_s=time.monotonic() - began, outcome="done"))
        self._follow_resolution(before, open_outlets)
        return tuple(self._hops)

    def _await_quiet(self) -> Reading:
        """Wait until no group is left over whose alerts ended before, and return what is counted."""
        give_up_at = time.monotonic() + QUIET_WITHIN_S
        watch = self._watch
        look = watch.look()
        if watch.rivals.hidden:
            self._say(f"waits up to {QUIET_WITHIN_S:.0f} s for notifications of alerts that have just ended")
        while watch.rivals.hidden and time.monotonic() < give_up_at:
            watch.forget_rivals()
            look = watch.look_on(lambda: None)
        return look.reading

    def _open_watch(self, *, own_groups: int, started_s: float | None = None) -> Watch:
        return Watch(
            self._alertmanager,
            fingerprint=self._alert.fingerprint,
            own_groups=own_groups,
            senders=self._status.senders,
            started_s=started_s,
        )

    def _follow_firing(self, firing: Firing, before: Reading) -> set[Outlet]:
        """Follow until every notification is decided on; return the outlets to be told of the end."""
        held: dict[str, str] = {}

        def find_wanted(look: Look) -> Mapping[Outlet, int]:
            self._check_receivers(look)
            for leg in self._destination.legs:
                if leg.receiver not in held and (why := explain_held(leg, look.groups, self._alert)):
                    held[leg.receiver] = why
                    self._note(
                        Hop(
                            name=f"suppressed from {leg.receiver}",
                            took_s=None,
                            outcome="suppressed",
                            evidence=why,
                        )
                    )
            return self._destination.without(held).count_wanted(look.reading)

        return {
            outlet
            for outlet, decision in self._await_deliveries(
                "delivered", before, find_wanted, firing.keep, begin_within_s=self._begin_within_s
            )
            if decision.outcome != "not delivered"
        }

    def _follow_resolution(self, before: Reading, outlets: set[Outlet]) -> None:
        def find_wanted(look: Look) -> Mapping[Outlet, int]:
            wanted = self._destination.count_wanted(look.reading, resolved=True)
            return {outlet: count for outlet, count in wanted.items() if outlet in outlets}

        deliveries = self._await_deliveries(
            "resolution delivered",
            before,
            find_wanted,
            lambda: None,
            begin_within_s=self._end_begins_within_s,
        )
        told = {outlet for outlet, _ in deliveries}
        for outlet in sorted(outlets - told):
            self._note(
                Hop(
                    name=f"resolution not wanted by {name_outlet(outlet)}",
                    took_s=None,
                    outcome="done",
                    evidence="send_resolved is false",
                )
            )

    def _await_deliveries(
        self,
        what: str,
        before: Reading,
        find_wanted: Callable[[Look], Mapping[Outlet, int]],
        keep: Callable[[], None],
        *,
        begin_within_s: float,
    ) -> list[tuple[Outlet, Decision]]:
        """Look on until there is a decision on every outlet that is wanted to deliver something."""
        began = time.monotonic()
        decided: dict[Outlet, Decision] = {}
        while True:
            look = self._watch.look_on(keep)
            took_s = time.monotonic() - began
            wanted = find_wanted(look)
            for outlet, count in wanted.items():
                decision = decided.get(outlet) or decide(
                    outlet,
                    count,
                    look.reading.at(outlet).since(before.at(outlet)),
                    self._watch.rivals,
                    is_begin_over=took_s > begin_within_s,
                    is_over=took_s > begin_within_s + self._try_for_s,
                )
                if decision is not None and outlet not in decided:
                    decided[outlet] = decision
                    self._note(self._describe(f"{what} by {name_outlet(outlet)}", took_s, decision))
            if wanted.keys() <= decided.keys():
                return list(decided.items())

    def _describe(self, name: str, took_s: float, decision: Decision) -> Hop:
        if decision.outcome == "delivered":
            return Hop(name=name, took_s=took_s, outcome="done", evidence=decision.evidence)
        evidence = decision.evidence
        intervals = sorted({name for leg in self._destination.legs for name in leg.intervals})
        if intervals and decision.outcome == "not delivered":
            evidence += f"; time intervals of the route may mute it now: {', '.join(intervals)}"
        return Hop(name=name, took_s=None, outcome=decision.outcome, evidence=evidence)

    def _check_receivers(self, look: Look) -> None:
        """Raise CouldNotTell when the alert is about to reach somebody else; it is resolved at once then."""
        reached = {group.receiver for group in look.groups if group.find(self._alert.fingerprint)}
        if more := reached - set(self._destination.receivers):
            raise CouldNotTell(
                f"Alertmanager leads the alert to {say_names(sorted(more))}, where its config does not: "
                f"was it given another one meanwhile?"
            )

    def _note(self, hop: Hop) -> None:
        self._hops.append(hop)
        took = "" if hop.took_s is None else f" after {hop.took_s:.1f} s"
        self._say(f"{hop.name}{took}{': ' if hop.evidence else ''}{hop.evidence}")


def explain_held(leg: Leg, groups: tuple[Group, ...], alert: SyntheticAlert) -> str | None:
    """Return why the receiver of a leg is not told of the alert, as far as Alertmanager says so."""
    seen = next(_find_seen(leg, groups, alert), None)
    if seen is None or not seen.is_held:
        return None
    if seen.silenced_by:
        return f"silenced by {', '.join(seen.silenced_by)}"
    if seen.inhibited_by:
        names = {other.fingerprint: other.labels for group in groups for other in group.alerts}
        by = [names.get(one, {}).get("alertname", one) for one in seen.inhibited_by]
        return f"inhibited by {', '.join(sorted(by))}"
    if seen.muted_by:
        return f"muted by the time interval {', '.join(seen.muted_by)}"
    return "Alertmanager does not say by what"


def _find_seen(leg: Leg, groups: tuple[Group, ...], alert: SyntheticAlert) -> Iterator[Seen]:
    for group in groups:
        if group.receiver == leg.receiver and (seen := group.find(alert.fingerprint)):
            yield seen
