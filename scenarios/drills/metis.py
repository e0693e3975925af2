"""Metis's drills: each alert fires and resolves, stays silent just short of it, and its false positives.

Each drill has a model or a key of its own, so that most are held at the same time; those that move the one
series of authentication failures queue. Times are seconds of rule time from the drill's start.

Two facts shape the traffic. A counter that is born at 1 shows no increase, so what must be seen from its
first increment on is primed by one call before. And a value is over its threshold for as long as what
raised it is inside the window, which is why a short cause can outlast a `for`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.model import Act, Drill, Expectation, NearMiss, Stage, Tell
from harness.values import Values

LATENCY = "MetisLLMCallLatencyP99High"
ERRORS = "MetisLLMErrorRateHigh"
AUTH = "MetisGatewayAuthFailureRateHigh"
COST = "MetisGatewayKeyCostSpike"

RECEIVERS = {LATENCY: "metis-ticket", ERRORS: "metis-page", AUTH: "metis-ticket", COST: "metis-page"}

HEALTHY: Mapping[str, Any] = {"latency": {"kind": "lognormal", "median_s": 1.2, "sigma": 0.3}}
QUIET_MODELS = ("openai:gpt-4o", "openai:gpt-4o-mini", "anthropic:claude-haiku-4-5", "ollama:phi4")
COST_MODEL = "anthropic:claude-3-opus"
COST_TOKENS = 4000
"""At 75 USD per million completion tokens, a call costs 0.30 USD."""

THE_GATEWAY = {"system": "metis"}
AUTH_FAILURES = frozenset({"authentication failures"})

Stages = tuple[tuple[float, float], ...]
"""(seconds, calls per second) each."""


def _slow(seconds: float) -> dict[str, Any]:
    return {"latency": {"kind": "constant", "s": seconds}}


def _failing(**when: float) -> dict[str, Any]:
    """Return a behaviour that fails `every` n-th call or the `next` n."""
    return {**HEALTHY, "errors": {"class": "server_error", **when}}


def _pair(model: str) -> dict[str, str]:
    """Return the labels of `provider:name`."""
    provider, _, name = model.partition(":")
    return {"provider": provider, "model": name}


def _key(key_id: str) -> dict[str, str]:
    return {"gateway_key_id": key_id}


def _tell(at_s: float, model: str, behaviour: Mapping[str, Any]) -> Tell:
    return Tell(at_s=at_s, **_pair(model), behaviour=behaviour)


def _act(name: str, scenario: str, stages: Stages, *tells: Tell, **options: Any) -> Act:
    return Act(
        name=name,
        scenario=scenario,
        start_s=0,
        stages=tuple(Stage(duration_s=duration_s, rate_per_s=rate) for duration_s, rate in stages),
        tells=tells,
        options=options,
    )


def _call(name: str, model: str, stages: Stages, told: Mapping[float, Mapping[str, Any]]) -> Act:
    """Return one model's traffic, under a key named like the drill, and what its provider is told when."""
    tells = [_tell(at_s, model, behaviour) for at_s, behaviour in {0: HEALTHY, **told}.items()]
    scenario = "steady" if len(stages) == 1 else "burst"
    return _act(name, scenario, stages, *tells, models=[model], key=name, stream_share=0.3)


def _spend(name: str, *stages: tuple[float, float]) -> Act:
    """Return calls of 0.30 USD each, under a key named like the drill."""
    told = _tell(0, COST_MODEL, {**HEALTHY, "completion_tokens": COST_TOKENS})
    options = {"models": [COST_MODEL], "key": name, "max_tokens": COST_TOKENS}
    return _act(name, "cost_runaway", stages, told, **options)


def _scan(name: str, *stages: tuple[float, float]) -> Act:
    return _act(name, "auth_scan", stages, reason="invalid_token")


def _fires(
    alert: str, labels: Mapping[str, str], *, between_s: tuple[float, float], resolves_within_s: float
) -> Expectation:
    after_s, within_s = between_s
    return Expectation(
        alert=alert,
        labels=labels,
        fires_after_s=after_s,
        fires_within_s=within_s,
        receiver=RECEIVERS[alert],
        resolves_within_s=resolves_within_s,
    )


def _stays_below(alert: str, labels: Mapping[str, str], *, reaches: float) -> NearMiss:
    return NearMiss(alert=alert, labels=labels, reaches=reaches, pending=False)


def _stays_pending(alert: str, labels: Mapping[str, str], *, over_s: tuple[float, float]) -> NearMiss:
    return NearMiss(alert=alert, labels=labels, reaches=1.0, pending=True, pending_within_s=over_s)


def _drill(
    name: str,
    why: str,
    traffic: Act,
    *expects: Expectation | NearMiss,
    lasts_s: float,
    uses: frozenset[str] = frozenset(),
) -> Drill:
    return Drill(
        name=name, system="metis", traffic=(traffic,), expects=expects, why=why, lasts_s=lasts_s, uses=uses
    )


QUIET_DRILLS = (
    _drill(
        "metis-quiet",
        "Half an hour of healthy mixed traffic: plain and streamed, four models, three providers.",
        Act(
            name="metis-quiet",
            scenario="steady",
            start_s=0,
            stages=(Stage(duration_s=1800, rate_per_s=0.4),),
            arrivals="poisson",
            tells=tuple(_tell(0, model, HEALTHY) for model in QUIET_MODELS),
            options={"models": list(QUIET_MODELS), "key": "metis-quiet", "stream_share": 0.5},
        ),
        lasts_s=1800,
    ),
)

LATENCY_DRILLS = (
    _drill(
        "metis-latency-fires",
        "A model answers in 45 s for ten minutes.",
        _call("metis-latency-fires", "openai:gpt-4.1", ((1500, 0.2),), {300: _slow(45), 900: HEALTHY}),
        _fires(LATENCY, _pair("openai:gpt-4.1"), between_s=(630, 780), resolves_within_s=1350),
        lasts_s=1600,
    ),
    _drill(
        "metis-latency-near-threshold",
        "A model answers in 14 s for twenty minutes. The histogram has no bound between 10 and 30 s, so its "
        "p99 reads as 29.8 s: just under the threshold.",
        _call("metis-latency-near-threshold", "anthropic:claude-sonnet-4-5", ((1200, 0.2),), {1: _slow(14)}),
        _stays_below(LATENCY, _pair("anthropic:claude-sonnet-4-5"), reaches=0.95),
        lasts_s=1500,
    ),
    _drill(
        "metis-latency-near-for",
        "Two slow calls half a minute apart would stay in the window for longer than the `for`, were they "
        "not outnumbered by healthy calls after four minutes.",
        _call(
            "metis-latency-near-for",
            "openai:o4-mini",
            ((555, 1 / 30), (60, 4.5), (585, 1 / 30)),
            {300: _slow(45), 360: HEALTHY},
        ),
        _stays_pending(LATENCY, _pair("openai:o4-mini"), over_s=(150, 290)),
        lasts_s=1200,
    ),
    _drill(
        "metis-latency-one-slow-call",
        "One slow tall bar: a single call of 90 s. The window is as long as the `for`, so one call is seen "
        "for one scrape less than it takes to fire.",
        _call(
            "metis-latency-one-slow-call",
            "anthropic:claude-opus-4-1",
            ((900, 1 / 30),),
            {300: _slow(90), 330: HEALTHY},
        ),
        _stays_pending(LATENCY, _pair("anthropic:claude-opus-4-1"), over_s=(200, 299)),
        lasts_s=900,
    ),
    _drill(
        "metis-latency-slow-minutes",
        "Three slow minutes are less than `for: 5m` and fire all the same: the window keeps them in sight "
        "for five minutes more.",
        _call(
            "metis-latency-slow-minutes",
            "anthropic:claude-3-7-sonnet",
            ((1200, 0.1),),
            {300: _slow(45), 480: HEALTHY},
        ),
        _fires(LATENCY, _pair("anthropic:claude-3-7-sonnet"), between_s=(630, 780), resolves_within_s=930),
        lasts_s=1200,
    ),
)

ERROR_DRILLS = (
    _drill(
        "metis-errors-outage",
        "A provider's socket is closed for fifteen minutes. The gateway falls back and cools the provider "
        "down, so clients see nothing; the probes that still fail keep the error rate up.",
        _act(
            "metis-errors-outage",
            "outage",
            ((2000, 0.2),),
            _tell(0, "openrouter:deepseek-chat", HEALTHY),
            models=["openrouter:deepseek-chat"],
            key="metis-errors-outage",
            provider="openrouter",
            down_at_s=300,
            down_for_s=900,
        ),
        _fires(ERRORS, _pair("openrouter:deepseek-chat"), between_s=(900, 1080), resolves_within_s=1800),
        lasts_s=2050,
    ),
    _drill(
        "metis-errors-near-threshold",
        "One call in 25 fails for 25 minutes: 4 %, under the threshold of 5 %.",
        _call("metis-errors-near-threshold", "ollama:qwen3", ((1500, 0.25),), {1: _failing(every=25)}),
        _stays_below(ERRORS, _pair("ollama:qwen3"), reaches=0.7),
        lasts_s=1500,
    ),
    _drill(
        "metis-errors-near-for",
        "One call in eight fails for six minutes: over 5 % for eight and a half minutes, short of ten.",
        _call(
            "metis-errors-near-for",
            "ollama:mistral",
            ((1500, 0.25),),
            {1: _failing(next=1), 300: _failing(every=8), 700: HEALTHY},
        ),
        _stays_pending(ERRORS, _pair("ollama:mistral"), over_s=(420, 585)),
        lasts_s=1500,
    ),
    _drill(
        "metis-errors-first-bad-call",
        "A model's very first call fails: error rate 100 % to a reader, nothing at all to Prometheus, since "
        "a counter born at 1 shows no increase.",
        _call(
            "metis-errors-first-bad-call",
            "openrouter:command-r-plus",
            ((15, 0), (30, 1 / 30)),
            {0: _failing(next=1)},
        ),
        _stays_below(ERRORS, _pair("openrouter:command-r-plus"), reaches=0.0),
        lasts_s=900,
    ),
    _drill(
        "metis-errors-one-bad-call",
        "One bad call on a model with one call a minute: 10 % for one scrape less than ten minutes, so "
        "`for: 10m` holds it back.",
        _call(
            "metis-errors-one-bad-call",
            "ollama:gemma3",
            ((1500, 1 / 60),),
            {0: _failing(next=1), 700: _failing(next=1)},
        ),
        _stays_pending(ERRORS, _pair("ollama:gemma3"), over_s=(500, 599)),
        lasts_s=1500,
    ),
    _drill(
        "metis-errors-few-bad-calls",
        "Three bad calls in three minutes on a model with one call a minute fire: `for: 10m` filters one bad "
        "call, not a few.",
        _call(
            "metis-errors-few-bad-calls",
            "ollama:deepseek-r1",
            ((1800, 1 / 60),),
            {0: _failing(next=1), 690: _failing(next=3)},
        ),
        _fires(ERRORS, _pair("ollama:deepseek-r1"), between_s=(1290, 1420), resolves_within_s=1560),
        lasts_s=1800,
    ),
)

AUTH_DRILLS = (
    _drill(
        "metis-auth-fires",
        "A scanner tries invalid tokens, two every five seconds, for six minutes.",
        _scan("metis-auth-fires", (60, 0), (360, 0.4)),
        _fires(AUTH, THE_GATEWAY, between_s=(420, 540), resolves_within_s=720),
        lasts_s=900,
        uses=AUTH_FAILURES,
    ),
    _drill(
        "metis-auth-near-threshold",
        "0.09 failures a second for eleven minutes, under the threshold of 0.1.",
        _scan("metis-auth-near-threshold", (660, 0.09)),
        _stays_below(AUTH, THE_GATEWAY, reaches=0.8),
        lasts_s=970,
        uses=AUTH_FAILURES,
    ),
    _drill(
        "metis-auth-near-for",
        "0.12 failures a second, stopped after four minutes over the threshold.",
        _scan("metis-auth-near-for", (440, 0.12)),
        _stays_pending(AUTH, THE_GATEWAY, over_s=(180, 285)),
        lasts_s=780,
        uses=AUTH_FAILURES,
    ),
    _drill(
        "metis-auth-rotation",
        "A planned key rotation that takes clients six minutes to follow: it fires, and resolves by itself "
        "within fifteen minutes of the rotation.",
        _act(
            "metis-auth-rotation",
            "auth_scan",
            ((600, 0.3),),
            _tell(0, "openai:gpt-4.1-mini", HEALTHY),
            reason="rotation",
            models=["openai:gpt-4.1-mini"],
            key="metis-auth-rotation",
            rotate_at_s=60,
            catch_up_s=360,
        ),
        _fires(AUTH, THE_GATEWAY, between_s=(420, 560), resolves_within_s=720),
        lasts_s=860,
        uses=AUTH_FAILURES,
    ),
    _drill(
        "metis-auth-one-volley",
        "Sixty failures within three seconds, twice what the threshold allows in five minutes, and silent: "
        "what happens between two scrapes is seen for one scrape less than it takes to fire.",
        _scan("metis-auth-one-volley", (20, 0), (3, 20)),
        _stays_pending(AUTH, THE_GATEWAY, over_s=(200, 300)),
        lasts_s=420,
        uses=AUTH_FAILURES,
    ),
)

COST_DRILLS = (
    _drill(
        "metis-cost-fires",
        "A key spends 13.50 USD in three minutes, after two minutes of ordinary use.",
        _spend("metis-cost-fires", (120, 1 / 40), (180, 0.25)),
        _fires(COST, _key("metis-cost-fires"), between_s=(780, 960), resolves_within_s=3840),
        lasts_s=4080,
    ),
    _drill(
        "metis-cost-bulk-load",
        "A new key loads in bulk for two minutes, 14 USD, and stops. It pages eight minutes after the last "
        "call: on a rate over one hour, `for: 10m` filters no burst, however short.",
        _spend("metis-cost-bulk-load", (120, 0.4)),
        _fires(COST, _key("metis-cost-bulk-load"), between_s=(630, 780), resolves_within_s=3780),
        lasts_s=4020,
    ),
    _drill(
        "metis-cost-near-threshold",
        "A key spends 9.30 USD within an hour, under the threshold of 10 USD.",
        _spend("metis-cost-near-threshold", (900, 1 / 225), (300, 0.09)),
        _stays_below(COST, _key("metis-cost-near-threshold"), reaches=0.85),
        lasts_s=2100,
    ),
    _drill(
        "metis-cost-near-for",
        "Two spends that share the window for eight minutes only. One burst cannot come near: once over, it "
        "stays over for an hour.",
        _spend("metis-cost-near-for", (60, 1 / 60), (30, 0), (60, 1 / 3), (3000, 0), (60, 17 / 60)),
        _stays_pending(COST, _key("metis-cost-near-for"), over_s=(400, 585)),
        lasts_s=3960,
    ),
)

DRILLS = (*QUIET_DRILLS, *LATENCY_DRILLS, *ERROR_DRILLS, *AUTH_DRILLS, *COST_DRILLS)


def make_drills(_values: Values) -> tuple[Drill, ...]:
    """Return Metis's drills."""
    return DRILLS
