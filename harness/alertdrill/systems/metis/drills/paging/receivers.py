"""Drills of receivers that fail, for five minutes or for good."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill, Failing, ReceiverFault
from alertdrill.core.expectation import Delivery, Integration, Suppressed
from alertdrill.systems.metis.drills.paging.load import LONG_S, SHORT_S, Spending, make_drill

FAULT_S = 300.0
FAULT_FROM_S = 180.0
"""Before any of these alerts can fire."""
REDELIVERY_S = 780.0
"""What a page may take when its receiver has failed: between two attempts Alertmanager waits 0.5 s times 1.5
to the number of attempts, give or take a half, and it gives an attempt that hangs 10 s. That is compiled in
and wall time, so at speed 60 it looks like up to ten minutes."""
DEAF_S = 1000.0
"""What Alertmanager began to tell while the alert fired it goes on trying to tell for ten wall seconds, also
when the alert has resolved: a receiver that recovers by then is paged for what is over."""


def make_failing_receivers() -> Iterator[Drill]:
    """Yield a drill for each way to fail: for five minutes, from before the alert fires."""
    failures: tuple[tuple[str, Failing, Integration, str], ...] = (
        ("throttled", "rate_limit", "pagerduty", "answers 429"),
        ("erring", "error", "slack", "answers 500"),
        ("hanging", "timeout", "opsgenie", "takes what it is sent and does not answer"),
        ("dropping", "reset", "webhook", "resets the connection"),
        ("untrusted", "tls", "pagerduty", "has a certificate that nobody trusts"),
        ("closed", "refuse", "email", "takes no connection"),
    )
    for team, how, integration, does in failures:
        receiver = f"paging-{team}"
        spending = Spending(key=f"paging-critical-{team}", for_s=LONG_S + 240)
        # A connection that breaks before anything could be read leaves no notification.
        refused = (0, 0) if how in {"tls", "refuse"} else (1, 30)
        yield make_drill(
            f"paging-receiver-{team}",
            f"For five minutes a receiver ({integration}) {does}. Alertmanager tries until it is delivered: "
            "nothing is lost and nothing doubled. Its pauses between attempts are wall time and not dilated, "
            f"so the page may take {REDELIVERY_S / 60:g} minutes of rule time.",
            spending,
            spending.fires(
                "critical",
                receiver,
                Delivery(
                    receiver=receiver,
                    integration=integration,
                    group_labels=spending.group("critical"),
                    notifications=(1, 1),
                    refused=refused,
                ),
                pages_within_s=REDELIVERY_S,
            ),
            faults=(ReceiverFault(receiver=receiver, at_s=FAULT_FROM_S, for_s=FAULT_S, how=how),),
        )


def make_refused() -> Drill:
    """Return the drill of a page that is never delivered."""
    deaf = Spending(key="paging-critical-deaf", for_s=SHORT_S)
    receiver = "paging-deaf"
    return make_drill(
        "paging-not-delivered",
        "A receiver takes nothing from before the alert fires until Alertmanager has given up: nobody is "
        "paged, and every attempt is on record.",
        deaf,
        deaf.fires("critical", receiver, suppressed=Suppressed(why="refused")),
        faults=(ReceiverFault(receiver=receiver, at_s=0, for_s=DEAF_S, how="error"),),
    )
