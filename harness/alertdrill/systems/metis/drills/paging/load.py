"""What the drills of the paging path are made of: keys that spend, and what their alerts then do.

A key is called `paging-<severity>-<team>`; its severity chooses the rule, its team the route (see
`systems/metis/paging.yml` and `alertmanager/paging_routes.yml`). All spend alike, so the instants at which an
alert fires and resolves follow from its rule and from how long the key spends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alertdrill.core.drill import Drill, LoadProfile, Maintenance, Outage, ReceiverFault
from alertdrill.core.expectation import Delivery, Expectation, Suppressed, Text
from alertdrill.systems.drill_building.behaviours import slow
from alertdrill.systems.drill_building.traffic import change, send
from alertdrill.systems.metis.drills.load import METIS

MODEL = "anthropic:claude-3-sonnet"
"""Nobody else's, so that what it is told stays."""
TOKENS = 1000
USD_PER_CALL = 0.0153
"""A thousand completion tokens at 15 USD a million, a hundred of the prompt at 3."""
CALLS_PER_S = 1 / 15
SPENDS_USD_PER_HOUR = USD_PER_CALL * CALLS_PER_S * 3600
WINDOW_S = 120.0

PRIMED_S = 60.0
"""One call in the first minute, because a counter's first increment is not seen; then the key spends."""
SLACK_S = 60.0
"""A scrape and an evaluation, and how calls lie in them."""
CLOSES_S = METIS.closes_s
"""What the judge allows everybody between resolution and close."""

ONCALL, CHANNEL, MAIL, LOG = "paging-oncall", "paging-channel", "paging-mail", "paging-log"
SHORT_S, LONG_S = 240.0, 840.0
"""For how long a key spends: minutes of firing, or as long as what holds its page back needs."""

Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What the drills know of a rule of paging.yml."""

    alert: str
    threshold: float
    for_s: float
    keep_firing_for_s: float = 0.0

    @property
    def crossing_s(self) -> float:
        """How long a key spends until the rule's value is at its threshold, or stops until it is again."""
        return WINDOW_S * self.threshold / SPENDS_USD_PER_HOUR

    @property
    def fires_s(self) -> float:
        """How long after the key begins to spend it fires, at the soonest but for half a scrape."""
        return self.crossing_s + self.for_s

    @property
    def lingers_s(self) -> float:
        """How long after the key has stopped it resolves, at the soonest."""
        return WINDOW_S - self.crossing_s + self.keep_firing_for_s


RULES: dict[Severity, Rule] = {
    "critical": Rule(alert="MetisSpendCritical", threshold=2, for_s=60, keep_firing_for_s=120),
    "warning": Rule(alert="MetisSpendWarning", threshold=0.5, for_s=120),
    "info": Rule(alert="MetisSpendInfo", threshold=0.5, for_s=60),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """A key that spends for `for_s`, after its first minute."""

    key: str
    for_s: float

    @property
    def until_s(self) -> float:
        """When it stops."""
        return PRIMED_S + self.for_s

    @property
    def team(self) -> str:
        """The team in its name."""
        return self.key.split("-", 2)[2]

    def profile(self) -> LoadProfile:
        """Return the calls."""
        return send(
            self.key,
            "cost_runaway",
            [(PRIMED_S, 1 / PRIMED_S), (self.for_s, CALLS_PER_S)],
            [change(0, MODEL, {**slow(1.0), "completion_tokens": TOKENS})],
            models=[MODEL],
            key=self.key,
            max_tokens=TOKENS,
        )

    def labels(self, severity: Severity) -> dict[str, str]:
        """Return the labels that its alert of that severity has."""
        return {"gateway_key_id": self.key, "team": self.team, "severity": severity}

    def group(self, severity: Severity) -> dict[str, str]:
        """Return the labels of its group: what the routes group by."""
        return {"alertname": RULES[severity].alert, "gateway_key_id": self.key}

    def fires(
        self,
        severity: Severity,
        receiver: str,
        *deliveries: Delivery,
        suppressed: Suppressed | None = None,
        pages_within_s: float | None = None,
    ) -> Expectation:
        """Return that its alert of that severity fires, pages and resolves."""
        rule = RULES[severity]
        return Expectation(
            alert=rule.alert,
            labels=self.labels(severity),
            fires_after_s=round(PRIMED_S + rule.fires_s - 30),
            fires_within_s=round(PRIMED_S + rule.fires_s + SLACK_S),
            receiver=receiver,
            resolves_within_s=self.resolves_s(severity),
            pages_within_s=pages_within_s,
            suppressed=suppressed,
            deliveries=deliveries,
        )

    def resolves_s(self, severity: Severity) -> float:
        """Return when its alert of that severity has resolved at the latest."""
        return round(self.until_s + RULES[severity].lingers_s + SLACK_S)


def make_drill(
    name: str,
    why: str,
    spending: Spending,
    *expects: Expectation,
    faults: tuple[ReceiverFault, ...] = (),
    maintenance: tuple[Maintenance, ...] = (),
    outages: tuple[Outage, ...] = (),
    starts_at: str | None = None,
    alertmanagers: Literal[1, 2] = 1,
) -> Drill:
    """Return a drill of one key, that lasts until all its pages must have closed, and its faults are over."""
    ends_s = METIS.find_end_s(expects)
    return METIS.drill(
        name,
        why,
        spending.profile(),
        expects=expects,
        lasts_s=max((ends_s, *(fault.at_s + fault.for_s for fault in faults))),
        faults=faults,
        maintenance=maintenance,
        outages=outages,
        starts_at=starts_at,
        alertmanagers=alertmanagers,
    )


def deliver_oncall(spending: Spending, pages: tuple[int, int] = (1, 1)) -> tuple[Delivery, Delivery]:
    """Return what a critical alert's receivers are told: the person on call, and the channel."""
    summary = rf"Key {spending.key} spends [\d.]+ USD per hour"
    return (
        Delivery(
            receiver=ONCALL,
            integration="pagerduty",
            group_labels=spending.group("critical"),
            title=Text(how="regex", text=rf"^\[FIRING\] {summary}$"),
            notifications=pages,
            alerts=(1, 1),
        ),
        Delivery(
            receiver=CHANNEL,
            integration="slack",
            group_labels=spending.group("critical"),
            title=Text(how="exact", text=f"{RULES['critical'].alert}: {spending.key}"),
            text=Text(how="contains", text="over the 2 that need somebody at once"),
            notifications=pages,
        ),
    )


def fire_oncall(spending: Spending, suppressed: Suppressed | None = None) -> Expectation:
    """Return that the critical alert fires, and that the person on call and the channel are told."""
    return spending.fires("critical", ONCALL, *deliver_oncall(spending), suppressed=suppressed)
