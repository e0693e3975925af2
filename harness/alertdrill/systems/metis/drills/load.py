"""What Metis's drills are made of: load profiles, behaviour changes and expectations of its alerts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile
from alertdrill.core.expectation import Expectation, NearMiss
from alertdrill.systems.building import wording

LATENCY = "MetisLLMCallLatencyP99High"
ERRORS = "MetisLLMErrorRateHigh"
AUTH = "MetisGatewayAuthFailureRateHigh"
COST = "MetisGatewayKeyCostSpike"

RECEIVERS = {LATENCY: "metis-ticket", ERRORS: "metis-page", AUTH: "metis-ticket", COST: "metis-page"}

HEALTHY: Mapping[str, Any] = {"latency": {"kind": "lognormal", "median_s": 1.2, "sigma": 0.3}}
COST_MODEL = "anthropic:claude-3-opus"
COST_USD_PER_MILLION = 75.0
"""What a million of its completion tokens cost; see models.yml."""

THE_GATEWAY = {"system": "metis"}

Stages = tuple[tuple[float, float], ...]
"""(seconds, calls per second) each."""


def failing(**when: float) -> dict[str, Any]:
    """Return a behaviour that fails `every` n-th call or the `next` n."""
    return {**HEALTHY, "errors": {"class": "server_error", **when}}


def pair(model: str) -> dict[str, str]:
    """Return the labels of `provider:name`."""
    provider, _, name = model.partition(":")
    return {"provider": provider, "model": name}


def label_key(key_id: str) -> dict[str, str]:
    """Return the labels of a key."""
    return {"gateway_key_id": key_id}


def make_profile(
    name: str, scenario: str, stages: Stages, *changes: BehaviourChange, **options: Any
) -> LoadProfile:
    """Return traffic of a scenario."""
    return LoadProfile(
        name=name,
        scenario=scenario,
        start_s=0,
        stages=wording.list_stages(stages),
        changes=changes,
        options=options,
    )


def call(name: str, model: str, stages: Stages, told: Mapping[float, Mapping[str, Any]]) -> LoadProfile:
    """Return one model's traffic, under a key named like the drill, and what its provider is told when."""
    changes = [wording.change(at_s, model, behaviour) for at_s, behaviour in {0: HEALTHY, **told}.items()]
    scenario = "steady" if len(stages) == 1 else "burst"
    return make_profile(name, scenario, stages, *changes, models=[model], key=name, stream_share=0.3)


def spend(name: str, tokens: int, *stages: tuple[float, float]) -> LoadProfile:
    """Return calls of so many tokens each, under a key named like the drill."""
    told = wording.change(0, COST_MODEL, {**HEALTHY, "completion_tokens": tokens})
    options = {"models": [COST_MODEL], "key": name, "max_tokens": tokens}
    return make_profile(name, "cost_runaway", stages, told, **options)


def scan(name: str, *stages: tuple[float, float]) -> LoadProfile:
    """Return a scan with invalid tokens."""
    return make_profile(name, "auth_scan", stages, reason="invalid_token")


def fires(
    alert: str, labels: Mapping[str, str], *, between_s: tuple[float, float], resolves_within_s: float
) -> Expectation:
    """Return that the alert fires between two instants and resolves in time."""
    return wording.fires(
        alert,
        labels,
        receiver=RECEIVERS[alert],
        between_s=between_s,
        resolves_within_s=resolves_within_s,
    )


def stays_below(alert: str, labels: Mapping[str, str], *, reaches: float) -> NearMiss:
    """Return that the alert is silent though its value comes near."""
    return NearMiss(alert=alert, labels=labels, reaches=round(reaches, 2), pending=False)


def stays_pending(alert: str, labels: Mapping[str, str], *, over_s: tuple[float, float]) -> NearMiss:
    """Return that the alert is pending, over its threshold for a time between two, and silent."""
    return NearMiss(alert=alert, labels=labels, reaches=1.0, pending=True, pending_within_s=over_s)


def make_drill(
    name: str,
    why: str,
    traffic: LoadProfile,
    *expects: Expectation | NearMiss,
    lasts_s: float,
    uses: frozenset[str] = frozenset(),
    shares: frozenset[str] = frozenset(),
    calls_within_s: float | None = None,
) -> Drill:
    """Return a drill of one load profile."""
    return Drill(
        name=name,
        system="metis",
        traffic=(traffic,),
        expects=expects,
        why=why,
        lasts_s=lasts_s,
        uses=uses,
        shares=shares,
        calls_within_s=calls_within_s,
    )
