"""What of a heartbeat's receivers can be a dead-man's switch, and how soon it pages."""

from __future__ import annotations

import pytest

from alertdrill.runner.synthetic.destination import Destination, Leg
from alertdrill.runner.synthetic.integrations import Sender
from alertdrill.runner.synthetic.switch import find_switch


def lead(receiver: str, *kinds: str, repeat_s: float = 300, is_root: bool = False, why: str = "") -> Leg:
    """Return a leg to a receiver with integrations, which are not played if there is a reason `why`."""
    return Leg(
        receiver=receiver,
        path=("route",) if is_root else ("route", '{alertname="Watchdog"}'),
        group_labels={},
        group_wait_s=0,
        group_interval_s=60,
        repeat_interval_s=repeat_s,
        intervals=(),
        senders=tuple(Sender(integration=kind, sends_resolved=True, unplayed_because=why) for kind in kinds),
        where="am.yml:7",
    )


@pytest.mark.parametrize("kind", ["email", "slack", "pagerduty", "opsgenie", "telegram", "jira"])
def test_what_only_tells_what_it_is_sent_is_no_switch(kind: str) -> None:
    """It is a finding, with the route's place and what to do, and nothing is played."""
    switch = find_switch(Destination(legs=(lead("mail", kind),)), "Watchdog", None)
    (hop,) = switch.findings
    assert (hop.name, hop.outcome, switch.destination.legs) == ("switch", "not delivered", ())
    assert hop.evidence.startswith(
        f"mail of am.yml:7 notifies by {kind}: that tells what it is sent, and pages"
    )
    assert "Route Watchdog to the webhook" in hop.evidence


def test_of_a_webhook_it_is_said_what_is_assumed() -> None:
    """That a switch is behind it, and when that pages; nothing is found wrong."""
    switch = find_switch(Destination(legs=(lead("dead-man", "webhook"),)), "Watchdog", None)
    assert not switch.findings
    assert switch.assumed == (
        "what dead-man (webhook) notifies is a dead-man's switch, which no config tells, and pages once 2 "
        "heartbeats are missing, 12:00 after the last: they come every 5m, and nothing states how soon it "
        "has to page: --within does",
    )


@pytest.mark.parametrize(("within_s", "found"), [(720.0, []), (719.0, ["page in time"])])
def test_a_switch_that_pages_too_late_is_found(within_s: float, found: list[str]) -> None:
    """By what was demanded; the way to keep it is said."""
    switch = find_switch(Destination(legs=(lead("dead-man", "webhook"),)), "Watchdog", within_s)
    assert [hop.name for hop in switch.findings] == found
    late = "12:00 after the last heartbeat, which is not within 11:59"
    assert all(late in hop.evidence for hop in switch.findings)
    assert "--within" not in switch.assumed[0]


def test_a_heartbeat_that_no_route_takes_is_said_to_be_assumed() -> None:
    """It goes where all else goes that no route takes."""
    switch = find_switch(Destination(legs=(lead("any", "webhook", is_root=True),)), "Watchdog", None)
    assert switch.assumed[1].startswith("it is meant that Watchdog goes where all else goes")


def test_receivers_beside_the_switch_are_not_played_as_one() -> None:
    """A chat that has the heartbeat, too, pages nobody; nor does its slower repetition count."""
    legs = (lead("chat", "slack", repeat_s=14400), lead("dead-man", "webhook"))
    switch = find_switch(Destination(legs=legs), "Watchdog", 720.0)
    assert (switch.destination.legs, switch.findings) == (legs[1:], ())
    assert switch.assumed[-1] == "chat may have each heartbeat too, and is no switch"


def test_what_is_not_played_cannot_be_told() -> None:
    """It may be a switch; a receiver without an integration notifies nobody."""
    pigeon = find_switch(Destination(legs=(lead("loft", "pigeon", why="it is unknown"),)), "Watchdog", None)
    assert [(hop.outcome, hop.evidence) for hop in pigeon.findings] == [
        ("could not tell", "pigeon of loft is not played: it is unknown")
    ]
    nobody = find_switch(Destination(legs=(lead("null"),)), "Watchdog", None)
    assert [hop.evidence for hop in nobody.findings] == ["null has no integration: nobody is notified"]
