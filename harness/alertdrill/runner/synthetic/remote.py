"""One synthetic alert through somebody's Alertmanager: what is to be sent is looked at first."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from alertdrill.core.wording import say_names
from alertdrill.errors import BadInput
from alertdrill.runner.synthetic.client import Alertmanager, Group, Status
from alertdrill.runner.synthetic.destination import Destination, list_objections
from alertdrill.runner.synthetic.firing import Say
from alertdrill.runner.synthetic.follow import Follower
from alertdrill.runner.synthetic.hops import Hop
from alertdrill.runner.synthetic.inhibition import find_inhibited, read_inhibit_rules
from alertdrill.runner.synthetic.route import check_nobody, demand_agreement, find_destination
from alertdrill.runner.synthetic.synthetic import SyntheticAlert, show_labels
from alertdrill.runtime.http_client import Api


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be sent where, and why it must not be (`objections`), if there is a reason."""

    alert: SyntheticAlert
    destination: Destination
    status: Status
    objections: tuple[str, ...]


class Remote:
    """Somebody's Alertmanager; `headers` are sent with every request, their values are secrets."""

    def __init__(self, url: str, headers: Mapping[str, str], amtool: Path) -> None:
        self._is_loopback = is_loopback(url)
        self._alertmanager = Alertmanager(Api("Alertmanager", url, headers=headers))
        self._amtool = amtool

    def plan(self, alert: SyntheticAlert, named: Sequence[str], nobody: Sequence[str] = ()) -> Plan:
        """Look at where the alert would go, and who is there; `named` are the receivers that may be told.

        `nobody` are those that are meant to notify nobody.

        Raises ComponentFailed when Alertmanager cannot be asked, CouldNotTell when amtool sees it otherwise.
        """
        status = self._alertmanager.read_status()
        check_nobody(nobody, status.senders)
        destination = find_destination(status.routing, status.senders, alert.labels, nobody)
        demand_agreement(self._amtool, status.routing, tuple(status.senders), alert.labels, destination)
        groups = self._alertmanager.read_groups()
        objections = list_objections(
            alert,
            destination,
            groups,
            named=named,
            known=status.senders,
            is_loopback=self._is_loopback,
        )
        return Plan(
            alert=alert,
            destination=destination,
            status=status,
            objections=(*objections, *_list_inhibited(alert, status, groups)),
        )

    def check(self, plan: Plan) -> tuple[Hop, ...]:
        """Return what is known without sending anything: a way that ends nowhere has failed already."""
        if not plan.destination.is_nowhere:
            return ()
        if plan.destination.is_meant_for_nobody:
            evidence = f"{say_names(plan.destination.receivers)} notifies nobody, as is meant"
            return (Hop(name="route", took_s=None, outcome="done", evidence=evidence),)
        evidence = f"{say_names(plan.destination.receivers)} has no integration: nobody is notified"
        return (Hop(name="route", took_s=None, outcome="not delivered", evidence=evidence),)

    def send(self, plan: Plan, say: Say) -> tuple[Hop, ...]:
        """Send the alert, follow it there and back, and return the hops.

        Nothing is sent where nobody would be told. Raises BadInput, with nothing sent, for a plan with
        objections; else as `Follower.follow`.
        """
        if plan.objections:
            raise BadInput("; ".join(plan.objections))
        follower = Follower(self._alertmanager, plan.alert, plan.destination, plan.status, say)
        return self.check(plan) or follower.follow()


def is_loopback(url: str) -> bool:
    """Tell whether an address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _list_inhibited(alert: SyntheticAlert, status: Status, groups: Sequence[Group]) -> list[str]:
    """Return why the alert must not fire: it would suppress alerts that are meant."""
    active = [seen.labels for group in groups for seen in group.alerts if not seen.is_held]
    held = find_inhibited(read_inhibit_rules(status.routing), alert.labels, active)
    names = sorted({show_labels(labels) for labels in held})
    return [f"while it fires it would inhibit {', '.join(names[:3])}"] if names else []
