"""Gatewayz's drills: each alert fires and resolves, and stays silent just short of it.

Times are seconds of rule time from the drill's start, and are derived from the values: a cause lasts past
`window` and `for`, or stops in time. What a cause is seen by differs. The credit, rate limit and queue drills
have a key or a model of their own; those that share a provider, an endpoint or a cache queue.
"""

from __future__ import annotations

from typing import Any

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.rules.values import Values
from alertdrill.systems.drill_building.behaviours import HEALTHY
from alertdrill.systems.drill_building.traffic import change
from alertdrill.systems.gatewayz.drills.accounts import make_credit_drills, make_limit_drills
from alertdrill.systems.gatewayz.drills.bursts import (
    make_5xx_burst,
    make_credit_burst,
    make_error_burst,
    make_limit_burst,
    make_queue_burst,
)
from alertdrill.systems.gatewayz.drills.caches import FEW_LOOKUPS, make_cache_drills
from alertdrill.systems.gatewayz.drills.endpoints import make_5xx_drills, make_latency_drills
from alertdrill.systems.gatewayz.drills.load import FALLBACK, GATEWAYZ, send_as
from alertdrill.systems.gatewayz.drills.providers import (
    make_down_drills,
    make_error_drills,
    make_outage_drills,
)
from alertdrill.systems.gatewayz.drills.queues import make_queue_drills

QUIET = "gatewayz-quiet"
QUIET_MODELS = ("openrouter:mistral-medium", "openrouter:mixtral-8x7b", "openrouter:pixtral-12b")
QUIET_TEXT_MODEL = "openrouter:codestral"


def make_drills(values: Values) -> tuple[Drill, ...]:
    """Return Gatewayz's drills on these values."""
    return (
        _make_quiet(),
        *make_down_drills(values["providerDown"]),
        *make_outage_drills(values["providerDown"]),
        *make_error_drills(values["providerErrorRate"]),
        *make_5xx_drills(values["http5xx"]),
        *make_latency_drills(values["latencyP95"]),
        *make_credit_drills(values["creditBurn"]),
        *make_limit_drills(values["rateLimited"]),
        *make_cache_drills(values["cacheHitRate"]),
        *make_queue_drills(values["queueBacklog"]),
        *make_5xx_burst(values["http5xx"]),
        *make_error_burst(values["providerErrorRate"]),
        *make_credit_burst(values["creditBurn"]),
        *make_limit_burst(values["rateLimited"]),
        *make_queue_burst(values["queueBacklog"]),
    )


def _make_quiet() -> Drill:
    """Return half an hour of everything that clients can ask for, at rates that weigh little elsewhere."""
    return GATEWAYZ.drill(
        QUIET,
        "Half an hour of healthy traffic: chats, plain, streamed and cached, legacy completions, "
        "responses at once and in the background, and questions about a subscriber's credits.",
        send_as(
            QUIET,
            "steady",
            [(1800, 0.1)],
            [change(0, model, HEALTHY) for model in (*QUIET_MODELS, FALLBACK, QUIET_TEXT_MODEL)],
            arrivals="poisson",
            models=list(QUIET_MODELS),
            stream_share=0.5,
        ),
        send_as(
            f"{QUIET}-cached",
            "cache_collapse",
            [(1800, 0.02)],
            models=[QUIET_TEXT_MODEL],
            prompts=2,
            new_from=0,
            new_until=0,
        ),
        _ask("completions", 0.02, plan="subscribed"),
        _ask("responses", 0.02),
        _ask("polling", 0.04),
        _ask("statement", 0.03),
        lasts_s=1800,
        shares=[FEW_LOOKUPS],
    )


def _ask(kind: str, rate: float, **options: Any) -> LoadProfile:
    """Return what else than chats the quiet client asks for."""
    return send_as(
        f"{QUIET}-{kind}",
        "text_apis",
        [(1800, rate)],
        ask=kind,
        models=[QUIET_TEXT_MODEL],
        key=QUIET,
        **options,
    )
