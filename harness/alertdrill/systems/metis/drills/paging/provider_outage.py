"""The drill of one cause of many alerts."""

from __future__ import annotations

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.core.expectation import Grouped
from alertdrill.systems.drill_building.traffic import change, send
from alertdrill.systems.metis.drills.load import METIS

PROVIDER = "openrouter"
# fmt: off
PROVIDER_MODELS = tuple(f"{PROVIDER}:qwen3-{variant}" for variant in (
    "0.6b", "1.7b", "4b", "8b", "14b", "30b-a3b", "30b-a3b-thinking", "235b-a22b", "235b-a22b-thinking",
    "coder", "coder-30b-a3b", "coder-flash", "coder-plus", "max", "next-80b-a3b", "next-80b-a3b-thinking",
    "vl-8b", "vl-30b-a3b", "vl-32b", "vl-235b-a22b",
))
# fmt: on
PROVIDER_ERRORS = ("server_error", "rate_limit")
NEW_FOR_S = 300.0
"""For how long an error of a new class is news; see MetisProviderFails."""


def make_provider_outage() -> Drill:
    """Return the drill of a provider that fails for all of its models, in two ways."""
    traffic = [_fail(number, error) for number, error in enumerate(PROVIDER_ERRORS, start=1)]
    last_s = traffic[-1].end_s
    return METIS.drill(
        "paging-provider-outage",
        "A provider fails for all of its 20 models, in two ways: 40 alerts within two minutes, and one "
        "incident, which grows, instead of forty pages.",
        *traffic,
        expects=Grouped(
            alert="MetisProviderFails",
            labels={"provider": PROVIDER},
            alerts=len(PROVIDER_MODELS) * len(PROVIDER_ERRORS),
            fires_within_s=last_s + 60,
            resolves_within_s=last_s + NEW_FOR_S + 60,
            receiver="paging-providers",
            integration="pagerduty",
            notifications=4,
        ),
    )


def _fail(number: int, error: str) -> LoadProfile:
    """Return a call of every model that fails so; the second time it does, a minute later."""
    behaviour = {"errors": {"class": error, "next": 1}}
    return send(
        f"paging-provider-outage-{number}",
        "outage",
        # What 20 models are told takes a moment, so the first call comes later.
        [(30, 0), (20, 1)],
        [change(0, model, behaviour) for model in PROVIDER_MODELS],
        start_s=60.0 * (number - 1),
        models=list(PROVIDER_MODELS),
        key="paging-provider-outage",
    )
