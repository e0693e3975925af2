"""What Alertmanager counts of its deliveries, read from its metrics. Pure.

`notifications_total` counts deliveries that were begun, at their beginning, and also resolved ones that
the receiver does not want; `notifications_failed_total` those that were given up. Only
`notification_requests_total`, counted after each attempt, less `notification_requests_failed_total`, tells
what was delivered (notify/notify.go, both generations). All have the label `integration`; `receiver_name`
stands beside it with `--enable-feature=receiver-name-in-metrics` only (0.27 and later).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from alertdrill.errors import CouldNotTell

STARTED = "alertmanager_notifications_total"
GIVEN_UP = "alertmanager_notifications_failed_total"
ATTEMPTS = "alertmanager_notification_requests_total"
REFUSED = "alertmanager_notification_requests_failed_total"
COUNTERS = (STARTED, GIVEN_UP, ATTEMPTS, REFUSED)
GROUPS = "alertmanager_dispatcher_aggregation_groups"
START = "process_start_time_seconds"
RECEIVER = "receiver_name"

Outlet = tuple[str, str]
"""The kind of an integration, and the receiver; `""` where receivers are not told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of one outlet: deliveries begun and given up, attempts, and those of them that were refused."""

    started: float = 0.0
    given_up: float = 0.0
    attempts: float = 0.0
    refused: float = 0.0
    reasons: Mapping[str, float] = field(default_factory=dict)
    """Why they were given up, where it is said (0.26 and later)."""

    @property
    def delivered(self) -> float:
        """How many notifications a receiver took."""
        return self.attempts - self.refused

    def since(self, before: Counts) -> Counts:
        """Return what came on top of an earlier reading."""
        return Counts(
            started=self.started - before.started,
            given_up=self.given_up - before.given_up,
            attempts=self.attempts - before.attempts,
            refused=self.refused - before.refused,
            reasons={
                reason: more
                for reason, count in self.reasons.items()
                if (more := count - before.reasons.get(reason, 0.0)) > 0
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All counts at one instant; `groups` is how many alert groups there are, `started_s` when it started."""

    outlets: Mapping[Outlet, Counts]
    groups: int
    started_s: float
    changes_receivers: bool

    def at(self, outlet: Outlet) -> Counts:
        """Return the counts of an outlet, zero for one that nothing was counted of."""
        return self.outlets.get(outlet, Counts())

    def name_outlet(self, integration: str, receiver: str) -> Outlet:
        """Return the outlet that counts an integration of a receiver."""
        return (integration, receiver if self.changes_receivers else "")


def read_counters(text: str) -> Reading:
    """Return what a page of metrics says. Raises CouldNotTell when it is not that of an Alertmanager."""
    counted: dict[str, dict[Outlet, float]] = {}
    reasons: dict[Outlet, dict[str, float]] = {}
    single: dict[str, float] = {}
    changes_receivers = False
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = sample.labels
                if sample.name in COUNTERS:
                    changes_receivers = changes_receivers or RECEIVER in labels
                    outlet = (labels["integration"], labels.get(RECEIVER, ""))
                    column = counted.setdefault(sample.name, {})
                    column[outlet] = column.get(outlet, 0.0) + sample.value
                    if sample.name == GIVEN_UP and "reason" in labels:
                        reasons.setdefault(outlet, {})[labels["reason"]] = sample.value
                elif sample.name in {GROUPS, START}:
                    single[sample.name] = sample.value
        # All are there from the start, at zero, for every kind (or receiver) that there is.
        names = {outlet for name in COUNTERS for outlet in counted[name]}
        return Reading(
            outlets={
                name: Counts(
                    started=counted[STARTED].get(name, 0.0),
                    given_up=counted[GIVEN_UP].get(name, 0.0),
                    attempts=counted[ATTEMPTS].get(name, 0.0),
                    refused=counted[REFUSED].get(name, 0.0),
                    reasons=reasons.get(name, {}),
                )
                for name in names
            },
            groups=int(single[GROUPS]),
            started_s=single[START],
            changes_receivers=changes_receivers,
        )
    except (ValueError, LookupError) as error:
        raise CouldNotTell(
            f"the metrics of Alertmanager are not as those of 0.22 or later ({error}): "
            f"what it delivers cannot be followed"
        ) from error
