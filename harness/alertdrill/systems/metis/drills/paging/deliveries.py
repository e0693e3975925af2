"""Drills of what a page says and to whom: of each severity and integration, repeated, and without an end."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import Delivery, Text
from alertdrill.systems.metis.drills.paging.load import LOG, MAIL, SHORT_S, Spending, fire_oncall, make_drill

REPEATS_S = (585.0, 690.0)
"""The route's repeat_interval of 10 m; the group is looked at every group_interval of 1 m only."""


def make_severities() -> Iterator[Drill]:
    """Yield a drill for each severity, and for each integration that none of them uses."""
    critical = Spending(key="paging-critical-everybody", for_s=SHORT_S)
    yield make_drill(
        "paging-critical",
        "A critical alert goes to the person on call and, by `continue`, to the channel: one incident each, "
        "their texts rendered with the rule's value.",
        critical,
        fire_oncall(critical),
    )
    warning = Spending(key="paging-warning-billing", for_s=SHORT_S)
    yield make_drill(
        "paging-warning",
        "A warning is a mail to the team that its label names, and pages nobody.",
        warning,
        warning.fires(
            "warning",
            MAIL,
            Delivery(
                receiver=MAIL,
                integration="email",
                group_labels=warning.group("warning"),
                title=Text(how="exact", text="FIRING: MetisSpendWarning of billing"),
                text=Text(
                    how="regex", text=rf"Key {warning.key} spends more than usual: [\d.]+ USD per hour"
                ),
                notifications=(1, 1),
            ),
        ),
    )
    info = Spending(key="paging-info-everybody", for_s=SHORT_S)
    yield make_drill(
        "paging-info",
        "What is only worth knowing goes to the log, with everything that the webhook's payload has.",
        info,
        info.fires(
            "info",
            LOG,
            Delivery(
                receiver=LOG,
                integration="webhook",
                group_labels=info.group("info"),
                group_key=Text(how="contains", text=f'gateway_key_id="{info.key}"'),
                notifications=(1, 1),
            ),
        ),
    )
    yield _make_desk()


def _make_desk() -> Drill:
    desk = Spending(key="paging-critical-desk", for_s=SHORT_S)
    return make_drill(
        "paging-opsgenie",
        "A team that is paged by Opsgenie: its own route wins over that of all critical alerts.",
        desk,
        desk.fires(
            "critical",
            "paging-desk",
            Delivery(
                receiver="paging-desk",
                integration="opsgenie",
                group_labels=desk.group("critical"),
                title=Text(how="regex", text=rf"^Key {desk.key} spends [\d.]+ USD per hour$"),
                text=Text(how="contains", text="The desk team's key"),
                notifications=(1, 1),
            ),
        ),
    )


def make_announced() -> Drill:
    """Return the drill of a receiver that is not told of the end."""
    info = Spending(key="paging-info-announced", for_s=SHORT_S)
    receiver = "paging-announcements"
    return make_drill(
        "paging-unresolved",
        "A receiver with `send_resolved: false` is told what begins, and never that it is over.",
        info,
        info.fires(
            "info",
            receiver,
            Delivery(
                receiver=receiver,
                integration="slack",
                title=Text(how="exact", text=f"Key {info.key} is in use"),
                text=Text(how="exact", text="announced"),
                notifications=(1, 1),
                closes=False,
            ),
        ),
    )


def make_repeats() -> Drill:
    """Return the drill of a page to which nobody reacts."""
    # The third page comes 20 to 22 minutes after the first, a fourth would come 30 minutes after it.
    sleepy = Spending(key="paging-critical-sleepy", for_s=1440)
    return make_drill(
        "paging-repeats",
        "Nobody reacts: the page is repeated every ten minutes for as long as the alert fires, as updates of "
        "one incident.",
        sleepy,
        sleepy.fires(
            "critical",
            "paging-sleepy",
            Delivery(
                receiver="paging-sleepy",
                integration="pagerduty",
                notifications=(3, 3),
                repeats_after_s=REPEATS_S,
            ),
        ),
    )
