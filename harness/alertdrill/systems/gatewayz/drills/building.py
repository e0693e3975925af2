"""What Gatewayz's drills are built of: traffic, instructions to providers, and expectations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile
from alertdrill.core.expectation import BlindRule, Expectation, NearMiss
from alertdrill.rules.values import AlertValues
from alertdrill.systems.building import wording

CRITICAL = frozenset({"GatewayzProviderDown", "GatewayzHTTP5xxRateHigh", "GatewayzCreditBurnHigh"})
HEALTHY: Mapping[str, Any] = {"latency": {"kind": "lognormal", "median_s": 1.2, "sigma": 0.3}}
SLACK_S = 90.0
CLOSE_S = 270.0
START_S = 120.0
"""When a cause begins, so that all that is read from counters has been there for a while."""


def list_changes(model: str, changes: Mapping[float, Mapping[str, Any]]) -> tuple[BehaviourChange, ...]:
    """Return what a model's provider is told: to be healthy, then the changes."""
    return tuple(
        wording.change(at_s, model, behaviour) for at_s, behaviour in {0.0: HEALTHY, **changes}.items()
    )


def make_profile(
    name: str,
    scenario: str,
    stages: tuple[tuple[float, float], ...],
    changes: tuple[BehaviourChange, ...] = (),
    **options: Any,
) -> LoadProfile:
    """Return traffic of (seconds, calls per second) stages, under a key named like it."""
    return LoadProfile(
        name=name,
        scenario=scenario,
        start_s=0,
        stages=wording.list_stages(stages),
        changes=changes,
        options={"key": name, **options},
    )


def make_failing(error: str, every: int) -> dict[str, Any]:
    """Return a behaviour of which every so many calls fail."""
    return {**HEALTHY, "errors": {"class": error, "every": every}}


def expect_firing(
    alert: str, labels: Mapping[str, str], *, seen_s: float, gone_s: float, values: AlertValues
) -> Expectation:
    """Expect an alert that begins within a window after `seen_s`, and ends within one after `gone_s`."""
    return Expectation(
        alert=alert,
        labels=labels,
        fires_after_s=seen_s + values.for_s,
        fires_within_s=seen_s + values.for_s + values.window_s + SLACK_S,
        receiver="gatewayz-page" if alert in CRITICAL else "gatewayz-ticket",
        resolves_within_s=gone_s + values.window_s + SLACK_S,
    )


def expect_below(alert: str, labels: Mapping[str, str], *, reaches: float) -> NearMiss:
    """Expect that an alert never fires while its value comes near."""
    return NearMiss(alert=alert, labels=labels, reaches=reaches, pending=False)


def expect_pending(alert: str, labels: Mapping[str, str], *, least_s: float, values: AlertValues) -> NearMiss:
    """Expect that an alert is pending for at least so long, and not long enough."""
    within_s = (least_s, values.for_s - 10)
    return NearMiss(alert=alert, labels=labels, reaches=1.0, pending=True, pending_within_s=within_s)


def make_drill(
    name: str,
    why: str,
    traffic: LoadProfile,
    *expects: Expectation | NearMiss | BlindRule,
    lasts_s: float,
    uses: str | None = None,
    comes_first: bool = False,
    calls_within_s: float | None = None,
) -> Drill:
    """Return a drill; those that use the same thing queue."""
    return Drill(
        name=name,
        system="gatewayz",
        traffic=(traffic,),
        expects=expects,
        why=why,
        lasts_s=lasts_s,
        uses=frozenset({uses} if uses else ()),
        comes_first=comes_first,
        calls_within_s=calls_within_s,
    )


def compute_length(expected: Expectation) -> float:
    """Return how long a drill lasts: until its page has had the time to close."""
    return expected.resolves_within_s + CLOSE_S


def expect_blindness(alert: str, labels: Mapping[str, str] | None = None) -> BlindRule:
    """Expect that the rule as written does not notice."""
    return BlindRule(alert=f"{alert}AsWritten", labels={"edition": "as_written", **(labels or {})})
