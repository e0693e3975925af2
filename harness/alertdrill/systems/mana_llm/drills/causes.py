"""mana-llm's drills of what makes its alerts fire: failing and slow providers, and clients' mistakes."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill
from alertdrill.rules.values import Values
from alertdrill.systems.drill_building.behaviours import HEALTHY, failing, slow
from alertdrill.systems.drill_building.near import blind
from alertdrill.systems.drill_building.traffic import change_from_healthy
from alertdrill.systems.mana_llm.drills.load import (
    AS_WRITTEN_S,
    DEFAULT,
    ERRORS,
    FALLBACK,
    FALLBACK_AS_WRITTEN,
    FIRST_FALLBACK,
    LEAD_S,
    MANA_LLM,
    OPEN_CHOICE,
    SLACK_S,
    SLOW,
    SYSTEM,
    TRAFFIC,
    call,
    find_last_s,
    take_too_long,
)


def make_cause_drills(values: Values) -> Iterator[Drill]:
    """Yield a drill of each cause."""
    yield _make_fallback(values)
    yield _make_latency(values)


def _make_fallback(values: Values) -> Drill:
    """Ollama fails all calls with an error: 0.18 of 0.22 calls a second go to Google after it."""
    fallback, errors = values["ollamaProviderDown"], values["llmHighErrorRate"]
    local, other = 0.18, 0.04
    share = max(fallback.threshold * (local + other) / local, fallback.number("failing"))
    crosses_s = min(LEAD_S * share / (1 - share), fallback.window_s * share)
    heals_s = LEAD_S + crosses_s + max(fallback.for_s, errors.for_s) + SLACK_S + 60
    falls_back = MANA_LLM.fires(
        FALLBACK,
        SYSTEM,
        between_s=(LEAD_S + fallback.for_s, LEAD_S + crosses_s + fallback.for_s + SLACK_S),
        resolves_within_s=heals_s + (1 - share) * fallback.window_s + SLACK_S,
    )
    fails = MANA_LLM.fires(
        ERRORS,
        SYSTEM,
        between_s=(LEAD_S + errors.for_s, LEAD_S + errors.for_s + SLACK_S + 60),
        resolves_within_s=heals_s + errors.window_s + SLACK_S,
    )
    name, other_model = "mana_llm-fallback-fires", "openrouter:llama-3.1-8b"
    last_s = find_last_s(falls_back, fails)
    return MANA_LLM.drill(
        name,
        "Ollama answers every call with an error and Google takes over. An attempt at each: Google has "
        "less than half of the attempts however long it lasts, so the rule as written sees nothing, "
        "though Google has four in five of the answers. One cause, two tickets: the error rate fires as "
        "well.",
        call(
            name,
            OPEN_CHOICE,
            [(last_s, local)],
            [
                *change_from_healthy(DEFAULT, {LEAD_S: failing(share=1), heals_s: HEALTHY}),
                *change_from_healthy(FIRST_FALLBACK, {}),
            ],
            scenario="provider_fallback",
        ),
        call(f"{name}-other", other_model, [(last_s, other)], change_from_healthy(other_model, {})),
        expects=(falls_back, fails, blind(FALLBACK_AS_WRITTEN, SYSTEM)),
        lasts_s=last_s + MANA_LLM.closes_s,
        uses=[TRAFFIC],
    )


def _make_latency(values: Values) -> Drill:
    """Google is asked for by name, 0.2 of 0.24 calls a second, and takes longer than the threshold."""
    alert = values["llmSlowResponses"]
    slow_s = take_too_long(alert)
    ends_s = LEAD_S + max(alert.for_s, AS_WRITTEN_S) + 180
    fires = MANA_LLM.fires(
        SLOW,
        SYSTEM,
        between_s=(LEAD_S + alert.for_s, LEAD_S + slow_s + alert.for_s + SLACK_S + 30),
        resolves_within_s=ends_s + slow_s + alert.window_s + SLACK_S,
    )
    fires_as_written = MANA_LLM.fires(
        FALLBACK_AS_WRITTEN,
        SYSTEM,
        # What is left in the window of an earlier drill may hold it back for as long as the window is.
        between_s=(AS_WRITTEN_S, 2 * AS_WRITTEN_S + LEAD_S),
        resolves_within_s=ends_s + slow_s + AS_WRITTEN_S + SLACK_S,
    )
    name, model, local_model = "mana_llm-latency-fires", "google:gemini-2.5-pro", "ollama:llama3.1"
    last_s = find_last_s(fires, fires_as_written)
    return MANA_LLM.drill(
        name,
        "Clients ask for Google by name, and it is slow. The rule as written takes their choice for a "
        "fallback and says that Ollama is down, which has not failed once.",
        call(
            name,
            model,
            [(ends_s, 0.2)],
            change_from_healthy(model, {LEAD_S: slow(slow_s), ends_s + 30: HEALTHY}),
        ),
        call(f"{name}-local", local_model, [(last_s, 0.04)], change_from_healthy(local_model, {})),
        expects=(fires, fires_as_written),
        lasts_s=last_s + MANA_LLM.closes_s,
        uses=[TRAFFIC],
    )
