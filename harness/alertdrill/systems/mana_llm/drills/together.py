"""mana-llm's drills of several models at once: what only their sum brings past a threshold, or near it.

Their calls are counted, so the quiet drill's would be too many: they need stillness.
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.errors import BadInput
from alertdrill.rules.values import Values
from alertdrill.systems.drill_building.behaviours import HEALTHY, failing, slow
from alertdrill.systems.drill_building.estimates import LULL, SCRAPE_S, choose_rate_for_failures
from alertdrill.systems.drill_building.near import NEARLY_ALL, near_threshold
from alertdrill.systems.drill_building.traffic import change_from_healthy
from alertdrill.systems.mana_llm.drills.load import (
    DEFAULT,
    ERRORS,
    FALLBACK,
    FIRST_FALLBACK,
    LEAD_S,
    MANA_LLM,
    RESTS_S,
    SLACK_S,
    SLOW,
    STILLNESS,
    SYSTEM,
    TRAFFIC,
    call,
    find_last_s,
    take_too_long,
)

OLLAMA = (DEFAULT, "ollama:llama3.1")
OLLAMA_HEALTHY = "ollama:gemma3:4b"
GOOGLE = (FIRST_FALLBACK, "google:gemini-2.5-pro")
OPENROUTER = "openrouter:llama-3.1-8b"
TOO_LONG = "context_overflow"
INVALID = "invalid_request"
"""No other provider is tried after either. Each is one drill's, which begins with its counters' birth."""
SLOW_SHARE = 0.075
"""Of the answers: a 95th percentile sees them, and a 90th does not."""
MOST_GOOGLE = 0.9
"""Of the answers, lest none of Ollama's be left."""
BARELY = 1.085
"""Of the share of Ollama's calls that may fail: one failure fewer in a window is still too many, and an alert
that lets a tenth more pass stays silent."""
OFTEN = 1.6
"""Of the share of all calls that may fail."""
FAILING = (4, 6)
"""Failures of Ollama and of Google that are nearly too many of either's calls, and of both's."""


def make_together_drills(values: Values) -> Iterator[Drill]:
    """Yield the drills of what several models do together; raises BadInput."""
    fallback, errors = values["ollamaProviderDown"], values["llmHighErrorRate"]
    if fallback.threshold >= MOST_GOOGLE:
        asked = f"{fallback.threshold:g}"
        raise BadInput(f"{fallback.key}.threshold: there are drills below {MOST_GOOGLE:g}, not for {asked}")
    yield _make_errors(values)
    calls = sum(FAILING) / errors.threshold
    google_calls = calls - FAILING[0] / fallback.number("failing")
    is_most = google_calls - FAILING[1] > 1.05 * fallback.threshold * (calls - sum(FAILING))
    if fallback.window_s == errors.window_s and is_most:
        yield _make_near(values)


def _make_errors(values: Values) -> Drill:
    """Have prompts too long for Ollama just too often, for Google far; its share just does; few are slow."""
    fallback, errors, latency = (
        values[key] for key in ("ollamaProviderDown", "llmHighErrorRate", "llmSlowResponses")
    )
    share = fallback.threshold + min(0.025, (MOST_GOOGLE - fallback.threshold) / 2)
    # One failure of Ollama's between any two scrapes, so that each window has as many.
    every = int(1 / (1.1 * fallback.number("failing")))
    calls = 1 / (BARELY * fallback.number("failing"))
    answers = (calls - 1) / SCRAPE_S / (1 - SLOW_SHARE - share)
    failures = answers / (1 - min(0.45, OFTEN * errors.threshold)) - answers
    google_every = max(2, int(share * answers / (failures - 1 / SCRAPE_S) + 1))
    google = share * answers * google_every / (google_every - 1)
    slow_s = take_too_long(latency)
    # When enough of what a window sees is over the threshold, which healthy calls before hold back.
    over_s = {
        FALLBACK: LEAD_S + fallback.window_s + 2 * SCRAPE_S,
        ERRORS: LEAD_S + 0.7 * errors.window_s,
        SLOW: LEAD_S + 0.9 * latency.window_s,
    }
    alerts = {FALLBACK: fallback, ERRORS: errors, SLOW: latency}
    heals_s = max(over_s[alert] + of.for_s for alert, of in alerts.items()) + SLACK_S
    expects = [
        MANA_LLM.fires(
            alert,
            SYSTEM,
            between_s=(LEAD_S + of.for_s, over_s[alert] + of.for_s + 0.75 * SLACK_S),
            resolves_within_s=heals_s + slow_s + 0.75 * of.window_s + SLACK_S,
        )
        for alert, of in alerts.items()
    ]
    name, last_s = "mana_llm-errors-fires", find_last_s(*expects)

    def send(number: int, model: str, rate: float, every: int, *, start_s: float = 0.0) -> LoadProfile:
        overflows = {
            1.0: failing(TOO_LONG, next=1),
            LEAD_S: failing(TOO_LONG, every=every),
            heals_s - start_s: HEALTHY,
        }
        return call(
            f"{name}-{number}",
            model,
            [(last_s - start_s, rate)],
            change_from_healthy(model, overflows),
            start_s=start_s,
        )

    return MANA_LLM.drill(
        name,
        f"A client's new release sends prompts that are too long, one in {every}, to two models of Ollama, "
        f"which is hardly more than may fail, and one in {google_every} to two of Google, whose answers are "
        "just over half of all; one answer in thirteen is slow. No provider is at fault, nothing falls back, "
        "and no model alone is too much: three alerts fire all the same.",
        *(
            send(number, model, every / SCRAPE_S / 2, every, start_s=(number - 1) * SCRAPE_S)
            for number, model in enumerate(OLLAMA, 1)
        ),
        *(send(number, model, google / 2, google_every) for number, model in enumerate(GOOGLE, 3)),
        call(
            f"{name}-healthy",
            OLLAMA_HEALTHY,
            [(last_s, (calls - every) / SCRAPE_S)],
            change_from_healthy(OLLAMA_HEALTHY, {}),
        ),
        call(
            f"{name}-slow",
            OPENROUTER,
            [(last_s, SLOW_SHARE * answers)],
            change_from_healthy(OPENROUTER, {0.0: slow(slow_s), heals_s: HEALTHY}),
        ),
        expects=expects,
        lasts_s=last_s + MANA_LLM.closes_s + RESTS_S,
        uses=[TRAFFIC, STILLNESS],
    )


def _make_near(values: Values) -> Drill:
    """Nearly too many calls of Ollama and of Google fail, before a lull; three answers come slowly in it."""
    fallback, errors = values["ollamaProviderDown"], values["llmHighErrorRate"]
    window_s = max(fallback.window_s, errors.window_s)
    lull_s, quiet_s = window_s / 3, window_s + 15
    all_calls = choose_rate_for_failures(sum(FAILING), errors.threshold, window_s, lull_s)
    ollama = choose_rate_for_failures(FAILING[0], fallback.number("failing"), window_s, lull_s)
    fails_s, ends_s = quiet_s - 25, quiet_s + lull_s + window_s
    name = "mana_llm-near-failing"

    def stages(rate: float) -> list[tuple[float, float]]:
        return [(quiet_s, rate), (lull_s, LULL * rate), (ends_s - quiet_s - lull_s, rate)]

    def overflows(failures: int) -> dict[float, dict[str, object]]:
        return {1.0: failing(INVALID, next=1), fails_s: failing(INVALID, next=failures)}

    return MANA_LLM.drill(
        name,
        "Google gives most of the answers, since clients ask for it, and nearly one call in ten fails, of "
        "Ollama's as of all: as many as are allowed. Three answers are slow: a 99th percentile would "
        "see them.",
        *(
            call(
                f"{name}-{number}",
                model,
                stages(ollama / 2),
                change_from_healthy(model, overflows(FAILING[0] // 2)),
            )
            for number, model in enumerate(OLLAMA, 1)
        ),
        call(
            f"{name}-google",
            FIRST_FALLBACK,
            stages(all_calls - ollama),
            change_from_healthy(FIRST_FALLBACK, overflows(FAILING[1])),
        ),
        call(
            f"{name}-slow",
            OPENROUTER,
            [(20, 1 / 20), (quiet_s - 60, 0), (20, 3 / 20)],
            change_from_healthy(
                OPENROUTER, {30.0: slow(take_too_long(values["llmSlowResponses"])), quiet_s: HEALTHY}
            ),
        ),
        expects=(
            near_threshold(ERRORS, SYSTEM, reaches=NEARLY_ALL),
            # Of too few failures, Google's share counts for nothing.
            near_threshold(FALLBACK, SYSTEM, reaches=0.0),
            near_threshold(SLOW, SYSTEM, reaches=0.0),
        ),
        lasts_s=ends_s,
        uses=[TRAFFIC, STILLNESS],
    )
