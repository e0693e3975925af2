"""What of a heartbeat's receivers can be a dead-man's switch, what is assumed of it, and when it pages. Pure.

A switch is a service that pages when heartbeats stop. A webhook may be one, whatever listens there; mail,
chat and pagers only ever tell what they are sent, and are silent when nothing is sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from alertdrill.core.clock import format_s
from alertdrill.core.wording import say_names
from alertdrill.rules.promql.expressions import format_duration
from alertdrill.runner.synthetic.destination import Destination, Leg
from alertdrill.runner.synthetic.hops import Hop

SWITCH_KINDS = frozenset({"webhook", "sns"})
"""Integrations behind which any service may be."""
MISSED = 2.0
"""The switch is taken to page when this many heartbeats are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """The part of a heartbeat's destination that may be a switch, findings, and what is assumed.

    Where `destination` has no legs, there is nothing to be played.
    """

    destination: Destination
    findings: tuple[Hop, ...]
    assumed: tuple[str, ...] = ()


def find_period_s(destination: Destination) -> float:
    """Return how far heartbeats are apart at the most, in rule time."""
    return max(leg.repeat_interval_s + leg.group_interval_s for leg in destination.legs)


def find_switch(heard: Destination, alert: str, within_s: float | None) -> Switch:
    """Return what of a heartbeat's destination may be a switch; it has to page `within_s`, if stated."""
    findings = []
    if heard.unplayed:
        evidence = "; ".join(dict.fromkeys(heard.unplayed))
        findings.append(Hop(name="route", took_s=None, outcome="could not tell", evidence=evidence))
    legs = tuple(leg for leg in heard.legs if _list_able(leg))
    destination = Destination(legs=legs)
    if not legs:
        if not heard.unplayed:
            findings.append(_refuse(heard, alert))
        return Switch(destination=destination, findings=tuple(findings))
    page_s = MISSED * find_period_s(destination)
    named = " and ".join(dict.fromkeys(f"{leg.receiver} ({', '.join(_list_able(leg))})" for leg in legs))
    every = format_duration(max(leg.repeat_interval_s for leg in legs))
    assumed = [
        f"what {named} notifies is a dead-man's switch, which no config tells, and pages once "
        f"{MISSED:g} heartbeats are missing, {format_s(page_s)} after the last: they come every {every}"
        + (", and nothing states how soon it has to page: --within does" if within_s is None else "")
    ]
    if all(leg.is_root for leg in legs):
        assumed.append(f"it is meant that {alert} goes where all else goes that no route takes: to the root")
    others = [leg.receiver for leg in heard.legs if leg not in legs]
    if others:
        assumed.append(f"{', '.join(dict.fromkeys(others))} may have each heartbeat too, and is no switch")
    if within_s is not None and page_s > within_s:
        evidence = (
            f"{format_s(page_s)} after the last heartbeat, which is not within {format_s(within_s)}: give "
            f"the route of {alert} a repeat_interval and a group_interval that are half of that together"
        )
        findings.append(Hop(name="page in time", took_s=None, outcome="not delivered", evidence=evidence))
    return Switch(destination=destination, findings=tuple(findings), assumed=tuple(assumed))


def _list_able(leg: Leg) -> list[str]:
    """Return the kinds of a receiver that may be a switch, and that are played."""
    return list(dict.fromkeys(one.integration for one in leg.played if one.integration in SWITCH_KINDS))


def _refuse(heard: Destination, alert: str) -> Hop:
    """Return the finding that nothing of a destination can be a switch."""
    if heard.is_nowhere:
        evidence = f"{say_names(heard.receivers)} has no integration: nobody is notified"
        return Hop(name="route", took_s=None, outcome="not delivered", evidence=evidence)
    said = "; ".join(
        f"{leg.receiver}{f' of {leg.where}' if leg.where else ''} notifies by "
        + ", ".join(dict.fromkeys(one.integration for one in leg.senders))
        for leg in heard.legs
        if leg.senders
    )
    evidence = (
        f"{said}: that tells what it is sent, and pages nobody when heartbeats stop. Route {alert} to the "
        "webhook of a service that does"
    )
    return Hop(name="switch", took_s=None, outcome="not delivered", evidence=evidence)
