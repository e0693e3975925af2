"""mana-llm's drills of what nearly fires: values just under their thresholds, or over them too shortly."""

from __future__ import annotations

import math
from collections.abc import Iterator

from alertdrill.core.drill import Drill
from alertdrill.rules.values import Values
from alertdrill.systems.drill_building.behaviours import HEALTHY, failing, slow
from alertdrill.systems.drill_building.near import NEARLY_ALL, near_for, near_threshold
from alertdrill.systems.drill_building.traffic import change_from_healthy
from alertdrill.systems.mana_llm.drills.load import (
    DEFAULT,
    ERRORS,
    FALLBACK,
    FIRST_FALLBACK,
    LEAD_S,
    MANA_LLM,
    OPEN_CHOICE,
    RESTS_S,
    SLOW,
    STILLNESS,
    SYSTEM,
    TRAFFIC,
    call,
    find_bucket,
    take_too_long,
)


def make_near_drills(values: Values) -> Iterator[Drill]:
    """Yield the drills just short of the thresholds, and of the `for`s."""
    yield _make_near_threshold(values)
    yield _make_near_for(values)


def _make_near_threshold(values: Values) -> Drill:
    """All three shares just below, of 0.4 attempts a second: Ollama's all fail, Google answers those too."""
    errors, fallback, latency = (
        values[key] for key in ("llmHighErrorRate", "ollamaProviderDown", "llmSlowResponses")
    )
    attempts = 0.4
    failed = 0.76 * errors.threshold * attempts
    answered = attempts - failed
    google = 0.96 * fallback.threshold * answered - failed
    rest = (1 - 0.96 * fallback.threshold) * answered
    low_s, high_s = find_bucket(latency, above=False)
    reads_s = low_s + (high_s - low_s) * (1 - 0.05 * answered / rest)
    sends_s = 2 * max(errors.window_s, fallback.window_s, latency.window_s)
    ends_s = sends_s + 2 * LEAD_S
    name, failing_model, slow_model = (
        "mana_llm-near-threshold",
        "ollama:llama3.1",
        "openrouter:llama-3.1-8b",
    )
    takes_long = slow(low_s + 0.3 * (high_s - low_s))
    return MANA_LLM.drill(
        name,
        "Ollama fails all of the few calls it gets, Google gives 48 % of the answers, and OpenRouter "
        "takes 23 s, which the histogram's bounds make a p95 of 29 s: three values just under their "
        "thresholds.",
        call(
            name,
            failing_model,
            [(sends_s, failed)],
            [
                *change_from_healthy(failing_model, {0.0: failing(share=1), sends_s: HEALTHY}),
                *change_from_healthy(FIRST_FALLBACK, {}),
            ],
            scenario="provider_fallback",
            start_s=LEAD_S,
        ),
        call(f"{name}-google", FIRST_FALLBACK, [(sends_s, google)], start_s=LEAD_S),
        call(
            f"{name}-slow",
            slow_model,
            [(ends_s, rest)],
            change_from_healthy(slow_model, {0.0: takes_long, ends_s: HEALTHY}),
        ),
        expects=(
            near_threshold(ERRORS, SYSTEM, reaches=0.6),
            near_threshold(FALLBACK, SYSTEM, reaches=NEARLY_ALL),
            near_threshold(SLOW, SYSTEM, reaches=0.95 * reads_s / latency.threshold),
        ),
        lasts_s=sends_s + 240,
        uses=[TRAFFIC],
    )


def _make_near_for(values: Values) -> Drill:
    """Few calls fail and fall back within seconds; many healthy calls come before that has been too long."""
    fallback, latency = values["ollamaProviderDown"], values["llmSlowResponses"]
    alerts = (values["llmHighErrorRate"], fallback, latency)
    window_s, for_s = max(alert.window_s for alert in alerts), min(alert.for_s for alert in alerts)
    base = 1 / 100
    breaks_s = LEAD_S + window_s + 90
    few = max(8, math.ceil(1.5 * base * window_s * fallback.threshold / (1 - fallback.threshold)))
    many_s = breaks_s + 2 / 3 * for_s
    heals_s = many_s - 20
    name = "mana_llm-near-for"
    return MANA_LLM.drill(
        name,
        f"{few} calls in {few} seconds, while there are few others, are failed by Ollama and answered "
        "slowly by Google. They would stay in the window for nearly as long as the `for`; healthy calls "
        "outnumber them before.",
        call(
            name,
            OPEN_CHOICE,
            [
                (LEAD_S, 0.4),
                (breaks_s - LEAD_S, base),
                (few, 1.0),
                (many_s - breaks_s - few, base),
                (80.0, 28 * few / 80),
            ],
            [
                *change_from_healthy(
                    DEFAULT, {0.0: failing(next=1), breaks_s - 20: failing(next=few), heals_s: HEALTHY}
                ),
                *change_from_healthy(
                    FIRST_FALLBACK, {LEAD_S: slow(take_too_long(latency)), heals_s: HEALTHY}
                ),
            ],
            scenario="provider_fallback",
        ),
        expects=(
            near_for(ERRORS, SYSTEM, over_s=(for_s / 2, for_s - 15)),
            near_for(FALLBACK, SYSTEM, over_s=(for_s * 0.3, for_s - 30)),
            near_for(SLOW, SYSTEM, over_s=(for_s * 0.4, for_s - 15)),
        ),
        lasts_s=many_s + 80 + LEAD_S + RESTS_S,
        uses=[TRAFFIC, STILLNESS],
    )
