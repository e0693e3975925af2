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

LATENCY = "MetisLLMCallLatencyP99High"
ERRORS = "MetisLLMErrorRateHigh"
AUTH = "MetisGatewayAuthFailureRateHigh"
COST = "MetisGatewayKeyCostSpike"

PAGE = "metis-page"
TICKET = "metis-ticket"

HEALTHY = {"latency": {"kind": "lognormal", "median_s": 1.2, "sigma": 0.3}}
COST_MODEL = "claude-3-opus"
COST_TOKENS = 4000
"""At 75 USD per million completion tokens, a call costs 0.30 USD."""

AUTH_FAILURES = frozenset({"authentication failures"})


def _pair(name: str) -> dict[str, str]:
    provider, _, model = name.partition(":")
    return {"provider": provider, "model": model}


def _tell(at_s: float, name: str, behaviour: Mapping[str, Any]) -> Tell:
    return Tell(at_s=at_s, **_pair(name), behaviour=behaviour)


def _slow(seconds: float) -> dict[str, Any]:
    return {"latency": {"kind": "constant", "s": seconds}}


def _call(
    drill: str, model: str, *stages: tuple[float, float], tells: tuple[Tell, ...] = ()
) -> tuple[Act, ...]:
    """Return one model's traffic, under a key named like the drill; stages: (seconds, calls a second)."""
    steady = len(stages) == 1
    return (
        Act(
            name=drill,
            scenario="steady" if steady else "burst",
            start_s=0,
            stages=tuple(Stage(duration_s=duration_s, rate_per_s=rate) for duration_s, rate in stages),
            tells=(_tell(0, model, HEALTHY), *tells),
            options={"models": [model], "key": drill, "stream_share": 0.3},
        ),
    )


def _scan(drill: str, start_s: float, duration_s: float, rate_per_s: float) -> tuple[Act, ...]:
    return (
        Act(
            name=drill,
            scenario="auth_scan",
            start_s=start_s,
            stages=(Stage(duration_s=duration_s, rate_per_s=rate_per_s),),
            options={"reason": "invalid_token"},
        ),
    )


def _spend(drill: str, *stages: tuple[float, float]) -> tuple[Act, ...]:
    """Return calls of 0.30 USD each under a key named like the drill."""
    return (
        Act(
            name=drill,
            scenario="cost_runaway",
            start_s=0,
            stages=tuple(Stage(duration_s=duration_s, rate_per_s=rate) for duration_s, rate in stages),
            tells=(_tell(0, f"anthropic:{COST_MODEL}", {**HEALTHY, "completion_tokens": COST_TOKENS}),),
            options={"models": [f"anthropic:{COST_MODEL}"], "key": drill, "max_tokens": COST_TOKENS},
        ),
    )


QUIET = (
    Drill(
        name="metis-quiet",
        system="metis",
        why="Half an hour of healthy mixed traffic: plain and streamed, four models, three providers.",
        traffic=(
            Act(
                name="metis-quiet",
                scenario="steady",
                start_s=0,
                stages=(Stage(duration_s=1800, rate_per_s=0.4),),
                arrivals="poisson",
                tells=tuple(
                    _tell(0, name, HEALTHY)
                    for name in (
                        "openai:gpt-4o",
                        "openai:gpt-4o-mini",
                        "anthropic:claude-haiku-4-5",
                        "ollama:phi4",
                    )
                ),
                options={
                    "models": [
                        "openai:gpt-4o",
                        "openai:gpt-4o-mini",
                        "anthropic:claude-haiku-4-5",
                        "ollama:phi4",
                    ],
                    "key": "metis-quiet",
                    "stream_share": 0.5,
                },
            ),
        ),
        expects=(),
        lasts_s=1800,
    ),
)

LATENCY_DRILLS = (
    Drill(
        name="metis-latency-fires",
        system="metis",
        why="A model answers in 45 s for ten minutes.",
        traffic=_call(
            "metis-latency-fires",
            "openai:gpt-4.1",
            (1500, 0.2),
            tells=(_tell(300, "openai:gpt-4.1", _slow(45)), _tell(900, "openai:gpt-4.1", HEALTHY)),
        ),
        expects=(
            Expectation(
                alert=LATENCY,
                labels=_pair("openai:gpt-4.1"),
                fires_after_s=630,
                fires_within_s=780,
                receiver=TICKET,
                resolves_within_s=1350,
            ),
        ),
        lasts_s=1600,
    ),
    Drill(
        name="metis-latency-near-threshold",
        system="metis",
        why="A model answers in 22 s for twenty minutes: slow, but inside the budget of 30 s.",
        traffic=_call(
            "metis-latency-near-threshold",
            "anthropic:claude-sonnet-4-5",
            (1200, 0.2),
            tells=(_tell(1, "anthropic:claude-sonnet-4-5", _slow(22)),),
        ),
        expects=(
            NearMiss(alert=LATENCY, labels=_pair("anthropic:claude-sonnet-4-5"), reaches=0.9, pending=False),
        ),
        lasts_s=1500,
    ),
    Drill(
        name="metis-latency-near-for",
        system="metis",
        why=(
            "Two slow calls half a minute apart would stay in the window for longer than the `for`, were "
            "they not outnumbered by healthy calls after four minutes."
        ),
        traffic=_call(
            "metis-latency-near-for",
            "openai:o4-mini",
            (555, 1 / 30),
            (60, 4.5),
            (585, 1 / 30),
            tells=(_tell(300, "openai:o4-mini", _slow(45)), _tell(360, "openai:o4-mini", HEALTHY)),
        ),
        expects=(
            NearMiss(
                alert=LATENCY,
                labels=_pair("openai:o4-mini"),
                reaches=1.0,
                pending=True,
                pending_within_s=(150, 290),
            ),
        ),
        lasts_s=1200,
    ),
    Drill(
        name="metis-latency-one-slow-call",
        system="metis",
        why=(
            "One slow tall bar: a single call of 90 s. The window is as long as the `for`, so one call is "
            "seen for one scrape less than it takes to fire."
        ),
        traffic=_call(
            "metis-latency-one-slow-call",
            "anthropic:claude-opus-4-1",
            (900, 1 / 30),
            tells=(
                _tell(300, "anthropic:claude-opus-4-1", _slow(90)),
                _tell(330, "anthropic:claude-opus-4-1", HEALTHY),
            ),
        ),
        expects=(
            NearMiss(
                alert=LATENCY,
                labels=_pair("anthropic:claude-opus-4-1"),
                reaches=1.0,
                pending=True,
                pending_within_s=(200, 299),
            ),
        ),
        lasts_s=900,
    ),
    Drill(
        name="metis-latency-slow-minutes",
        system="metis",
        why=(
            "Three slow minutes are less than `for: 5m` and fire all the same: the window keeps them in "
            "sight for five minutes more."
        ),
        traffic=_call(
            "metis-latency-slow-minutes",
            "anthropic:claude-3-7-sonnet",
            (1200, 0.1),
            tells=(
                _tell(300, "anthropic:claude-3-7-sonnet", _slow(45)),
                _tell(480, "anthropic:claude-3-7-sonnet", HEALTHY),
            ),
        ),
        expects=(
            Expectation(
                alert=LATENCY,
                labels=_pair("anthropic:claude-3-7-sonnet"),
                fires_after_s=630,
                fires_within_s=780,
                receiver=TICKET,
                resolves_within_s=930,
            ),
        ),
        lasts_s=1200,
    ),
)

ERROR_CLASS = "server_error"

ERROR_DRILLS = (
    Drill(
        name="metis-errors-outage",
        system="metis",
        why=(
            "A provider's socket is closed for fifteen minutes. The gateway falls back and cools the "
            "provider down, so clients see nothing; the probes that still fail keep the error rate up."
        ),
        traffic=(
            Act(
                name="metis-errors-outage",
                scenario="outage",
                start_s=0,
                stages=(Stage(duration_s=2000, rate_per_s=0.2),),
                tells=(_tell(0, "openrouter:deepseek-chat", HEALTHY),),
                options={
                    "models": ["openrouter:deepseek-chat"],
                    "key": "metis-errors-outage",
                    "provider": "openrouter",
                    "down_at_s": 300,
                    "down_for_s": 900,
                },
            ),
        ),
        expects=(
            Expectation(
                alert=ERRORS,
                labels=_pair("openrouter:deepseek-chat"),
                fires_after_s=900,
                fires_within_s=1080,
                receiver=PAGE,
                resolves_within_s=1800,
            ),
        ),
        lasts_s=2050,
    ),
    Drill(
        name="metis-errors-near-threshold",
        system="metis",
        why="One call in 25 fails for 25 minutes: 4 %, under the threshold of 5 %.",
        traffic=_call(
            "metis-errors-near-threshold",
            "ollama:qwen3",
            (1500, 0.25),
            tells=(_tell(1, "ollama:qwen3", {**HEALTHY, "errors": {"class": ERROR_CLASS, "every": 25}}),),
        ),
        expects=(NearMiss(alert=ERRORS, labels=_pair("ollama:qwen3"), reaches=0.7, pending=False),),
        lasts_s=1500,
    ),
    Drill(
        name="metis-errors-near-for",
        system="metis",
        why="One call in eight fails for six minutes: over 5 % for eight and a half minutes, short of ten.",
        traffic=_call(
            "metis-errors-near-for",
            "ollama:mistral",
            (1500, 0.25),
            tells=(
                _tell(1, "ollama:mistral", {**HEALTHY, "errors": {"class": ERROR_CLASS, "next": 1}}),
                _tell(300, "ollama:mistral", {**HEALTHY, "errors": {"class": ERROR_CLASS, "every": 8}}),
                _tell(700, "ollama:mistral", HEALTHY),
            ),
        ),
        expects=(
            NearMiss(
                alert=ERRORS,
                labels=_pair("ollama:mistral"),
                reaches=1.0,
                pending=True,
                pending_within_s=(420, 585),
            ),
        ),
        lasts_s=1500,
    ),
    Drill(
        name="metis-errors-first-bad-call",
        system="metis",
        why=(
            "A model's very first call fails: error rate 100 % to a reader, nothing at all to Prometheus, "
            "since a counter born at 1 shows no increase."
        ),
        traffic=_call(
            "metis-errors-first-bad-call",
            "openrouter:command-r-plus",
            (15, 0),
            (30, 1 / 30),
            tells=(_tell(0, "openrouter:command-r-plus", {"errors": {"class": ERROR_CLASS, "next": 1}}),),
        ),
        expects=(
            NearMiss(alert=ERRORS, labels=_pair("openrouter:command-r-plus"), reaches=0.0, pending=False),
        ),
        lasts_s=900,
    ),
    Drill(
        name="metis-errors-one-bad-call",
        system="metis",
        why=(
            "One bad call on a model with one call a minute: 10 % for one scrape less than ten minutes, so "
            "`for: 10m` holds it back."
        ),
        traffic=_call(
            "metis-errors-one-bad-call",
            "ollama:gemma3",
            (1500, 1 / 60),
            tells=(
                _tell(0, "ollama:gemma3", {**HEALTHY, "errors": {"class": ERROR_CLASS, "next": 1}}),
                _tell(700, "ollama:gemma3", {**HEALTHY, "errors": {"class": ERROR_CLASS, "next": 1}}),
            ),
        ),
        expects=(
            NearMiss(
                alert=ERRORS,
                labels=_pair("ollama:gemma3"),
                reaches=1.0,
                pending=True,
                pending_within_s=(500, 599),
            ),
        ),
        lasts_s=1500,
    ),
    Drill(
        name="metis-errors-few-bad-calls",
        system="metis",
        why=(
            "Three bad calls in three minutes on a model with one call a minute fire: `for: 10m` filters one "
            "bad call, not a few."
        ),
        traffic=_call(
            "metis-errors-few-bad-calls",
            "ollama:deepseek-r1",
            (1800, 1 / 60),
            tells=(
                _tell(0, "ollama:deepseek-r1", {**HEALTHY, "errors": {"class": ERROR_CLASS, "next": 1}}),
                _tell(690, "ollama:deepseek-r1", {**HEALTHY, "errors": {"class": ERROR_CLASS, "next": 3}}),
            ),
        ),
        expects=(
            Expectation(
                alert=ERRORS,
                labels=_pair("ollama:deepseek-r1"),
                fires_after_s=1290,
                fires_within_s=1420,
                receiver=PAGE,
                resolves_within_s=1560,
            ),
        ),
        lasts_s=1800,
    ),
)

AUTH_DRILLS = (
    Drill(
        name="metis-auth-fires",
        system="metis",
        why="A scanner tries invalid tokens, two every five seconds, for six minutes.",
        traffic=_scan("metis-auth-fires", 60, 360, 0.4),
        expects=(
            Expectation(
                alert=AUTH,
                labels={"system": "metis"},
                fires_after_s=420,
                fires_within_s=540,
                receiver=TICKET,
                resolves_within_s=720,
            ),
        ),
        lasts_s=900,
        uses=AUTH_FAILURES,
    ),
    Drill(
        name="metis-auth-near-threshold",
        system="metis",
        why="0.09 failures a second for eleven minutes, under the threshold of 0.1.",
        traffic=_scan("metis-auth-near-threshold", 0, 660, 0.09),
        expects=(NearMiss(alert=AUTH, labels={"system": "metis"}, reaches=0.8, pending=False),),
        lasts_s=970,
        uses=AUTH_FAILURES,
    ),
    Drill(
        name="metis-auth-near-for",
        system="metis",
        why="0.12 failures a second, stopped after four minutes over the threshold.",
        traffic=_scan("metis-auth-near-for", 0, 440, 0.12),
        expects=(
            NearMiss(
                alert=AUTH,
                labels={"system": "metis"},
                reaches=1.0,
                pending=True,
                pending_within_s=(180, 285),
            ),
        ),
        lasts_s=780,
        uses=AUTH_FAILURES,
    ),
    Drill(
        name="metis-auth-rotation",
        system="metis",
        why=(
            "A planned key rotation that takes clients six minutes to follow: it fires, and resolves by "
            "itself within fifteen minutes of the rotation."
        ),
        traffic=(
            Act(
                name="metis-auth-rotation",
                scenario="auth_scan",
                start_s=0,
                stages=(Stage(duration_s=600, rate_per_s=0.3),),
                tells=(_tell(0, "openai:gpt-4.1-mini", HEALTHY),),
                options={
                    "reason": "rotation",
                    "models": ["openai:gpt-4.1-mini"],
                    "key": "metis-auth-rotation",
                    "rotate_at_s": 60,
                    "catch_up_s": 360,
                },
            ),
        ),
        expects=(
            Expectation(
                alert=AUTH,
                labels={"system": "metis"},
                fires_after_s=420,
                fires_within_s=560,
                receiver=TICKET,
                resolves_within_s=720,
            ),
        ),
        lasts_s=860,
        uses=AUTH_FAILURES,
    ),
    Drill(
        name="metis-auth-one-volley",
        system="metis",
        why=(
            "Sixty failures within three seconds, twice what the threshold allows in five minutes, and "
            "silent: what happens between two scrapes is seen for one scrape less than it takes to fire."
        ),
        traffic=_scan("metis-auth-one-volley", 20, 3, 20),
        expects=(
            NearMiss(
                alert=AUTH,
                labels={"system": "metis"},
                reaches=1.0,
                pending=True,
                pending_within_s=(200, 300),
            ),
        ),
        lasts_s=420,
        uses=AUTH_FAILURES,
    ),
)


def _key(drill: str) -> dict[str, str]:
    return {"gateway_key_id": drill}


COST_DRILLS = (
    Drill(
        name="metis-cost-fires",
        system="metis",
        why="A key spends 13.50 USD in three minutes, after two minutes of ordinary use.",
        traffic=_spend("metis-cost-fires", (120, 1 / 40), (180, 0.25)),
        expects=(
            Expectation(
                alert=COST,
                labels=_key("metis-cost-fires"),
                fires_after_s=780,
                fires_within_s=960,
                receiver=PAGE,
                resolves_within_s=3840,
            ),
        ),
        lasts_s=4080,
    ),
    Drill(
        name="metis-cost-bulk-load",
        system="metis",
        why=(
            "A new key loads in bulk for two minutes, 14 USD, and stops. It pages eight minutes after the "
            "last call: on a rate over one hour, `for: 10m` filters no burst, however short."
        ),
        traffic=_spend("metis-cost-bulk-load", (120, 0.4)),
        expects=(
            Expectation(
                alert=COST,
                labels=_key("metis-cost-bulk-load"),
                fires_after_s=630,
                fires_within_s=780,
                receiver=PAGE,
                resolves_within_s=3780,
            ),
        ),
        lasts_s=4020,
    ),
    Drill(
        name="metis-cost-near-threshold",
        system="metis",
        why="A key spends 9.30 USD within an hour, under the threshold of 10 USD.",
        traffic=_spend("metis-cost-near-threshold", (900, 1 / 225), (300, 0.09)),
        expects=(
            NearMiss(alert=COST, labels=_key("metis-cost-near-threshold"), reaches=0.85, pending=False),
        ),
        lasts_s=2100,
    ),
    Drill(
        name="metis-cost-near-for",
        system="metis",
        why=(
            "Two spends that share the window for eight minutes only. One burst cannot come near: once over, "
            "it stays over for an hour."
        ),
        traffic=_spend("metis-cost-near-for", (60, 1 / 60), (30, 0), (60, 1 / 3), (3000, 0), (60, 17 / 60)),
        expects=(
            NearMiss(
                alert=COST,
                labels=_key("metis-cost-near-for"),
                reaches=1.0,
                pending=True,
                pending_within_s=(400, 585),
            ),
        ),
        lasts_s=3960,
    ),
)

DRILLS = (*QUIET, *LATENCY_DRILLS, *ERROR_DRILLS, *AUTH_DRILLS, *COST_DRILLS)
