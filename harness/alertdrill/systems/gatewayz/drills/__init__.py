"""Gatewayz's drills: each alert fires and resolves, and stays silent just short of it.

Times are seconds of rule time from the drill's start, and are derived from the values: a cause lasts past
`window` and `for`, or stops in time. What a cause is seen by differs. The credit, rate limit and queue drills
have a key or a model of their own; those that share a provider, an endpoint or a cache queue.
"""

from __future__ import annotations

from typing import Any

from alertdrill.core.drill import Drill, LoadProfile, LoadStage
from alertdrill.rules.values import Values
from alertdrill.systems.building import wording
from alertdrill.systems.gatewayz.drills.accounts import (
    make_cache_drills,
    make_credit_drills,
    make_limit_drills,
)
from alertdrill.systems.gatewayz.drills.building import HEALTHY, make_profile
from alertdrill.systems.gatewayz.drills.endpoints import make_5xx_drills, make_latency_drills
from alertdrill.systems.gatewayz.drills.providers import (
    make_down_drills,
    make_error_drills,
    make_outage_drills,
    make_queue_drills,
)

FALLBACK = "openrouter:mistral-nemo"
QUIET_MODELS = ("openrouter:mistral-medium", "openrouter:mixtral-8x7b", "openrouter:pixtral-12b")


def _make_quiet_drills() -> tuple[Drill, ...]:
    """Return half an hour of everything that clients can ask for, at rates that weigh little elsewhere."""
    changes = tuple(
        wording.change(0, model, HEALTHY) for model in (*QUIET_MODELS, FALLBACK, "openrouter:codestral")
    )
    key = "gatewayz-quiet"
    other = {"models": ["openrouter:codestral"], "key": key}

    def ask(kind: str, rate: float, **options: Any) -> LoadProfile:
        return make_profile(f"{key}-{kind}", "text_apis", ((1800, rate),), ask=kind, **{**other, **options})

    chats = LoadProfile(
        name=key,
        scenario="steady",
        start_s=0,
        stages=(LoadStage(duration_s=1800, rate_per_s=0.1),),
        arrivals="poisson",
        changes=changes,
        options={"models": list(QUIET_MODELS), "key": key, "stream_share": 0.5},
    )
    cached = make_profile(
        f"{key}-cached",
        "cache_collapse",
        ((1800, 0.02),),
        models=["openrouter:codestral"],
        prompts=2,
        new_from=0,
        new_until=0,
    )
    return (
        Drill(
            name=key,
            system="gatewayz",
            traffic=(
                chats,
                cached,
                ask("completions", 0.02, plan="subscribed"),
                ask("responses", 0.02),
                ask("polling", 0.04),
                ask("statement", 0.03),
            ),
            expects=(),
            why="Half an hour of healthy traffic: chats, plain, streamed and cached, legacy completions, "
            "responses at once and in the background, and questions about a subscriber's credits.",
            lasts_s=1800,
        ),
    )


def make_drills(values: Values) -> tuple[Drill, ...]:
    """Return Gatewayz's drills on these values."""
    return (
        *_make_quiet_drills(),
        *make_down_drills(values["providerDown"]),
        *make_outage_drills(values["providerDown"]),
        *make_error_drills(values["providerErrorRate"]),
        *make_5xx_drills(values["http5xx"]),
        *make_latency_drills(values["latencyP95"]),
        *make_credit_drills(values["creditBurn"]),
        *make_limit_drills(values["rateLimited"]),
        *make_cache_drills(values["cacheHitRate"]),
        *make_queue_drills(values["queueBacklog"]),
    )
