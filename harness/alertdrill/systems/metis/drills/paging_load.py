"""What the drills of the paging path are made of: keys that spend, and what their alerts then do.

A key is called `paging-<severity>-<team>`; its severity chooses the rule, its team the route (see
`systems/metis/paging.yml` and `alertmanager/paging_routes.yml`). All spend alike, so the instants at which an
alert fires and resolves follow from its rule and from how long the key spends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alertdrill.core.drill import LoadProfile
from alertdrill.core.expectation import Delivery, Expectation, Suppressed
from alertdrill.systems.building import wording

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
CLOSES_S = 240.0
"""What the judge allows everybody between resolution and close."""

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
        return LoadProfile(
            name=self.key,
            scenario="cost_runaway",
            start_s=0,
            stages=wording.list_stages(((PRIMED_S, 1 / PRIMED_S), (self.for_s, CALLS_PER_S))),
            changes=(
                wording.change(
                    0, MODEL, {"latency": {"kind": "constant", "s": 1.0}, "completion_tokens": TOKENS}
                ),
            ),
            options={"models": [MODEL], "key": self.key, "max_tokens": TOKENS},
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
