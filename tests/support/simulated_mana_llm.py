"""mana-llm's traffic by arithmetic: attempts, fallbacks, and what its rules read of them over a drill."""

from __future__ import annotations

import heapq
import math
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.gateway.models import SHIPPED, read_catalogue
from alertdrill.load.arrivals import draw_arrivals
from alertdrill.rules.values import Values
from alertdrill.systems.mana_llm.drills.load import (
    AS_WRITTEN_S,
    DEFAULT,
    ERRORS,
    FALLBACK,
    FALLBACK_AS_WRITTEN,
    OPEN_CHOICE,
    SLOW,
)
from alertdrill.systems.mana_llm.surface import LATENCY_BUCKETS_S
from support.drill_arithmetic import Readings, Rule, Simulation
from support.simulated_prometheus import Points, Series, evaluate, find_quantile

KEYS = {ERRORS: "llmHighErrorRate", FALLBACK: "ollamaProviderDown", SLOW: "llmSlowResponses"}


CHANGED = (
    "",
    *(
        f"{key}.{setting}"
        for key, settings in {
            "llmHighErrorRate": ("threshold=0.05", "threshold=0.15", "threshold=0.2"),
            "ollamaProviderDown": ("threshold=0.3", "threshold=0.4", "threshold=0.7"),
            "llmSlowResponses": ("threshold=15", "threshold=20", "threshold=45", "threshold=50"),
        }.items()
        for setting in settings
    ),
    *(
        f"{key}.{field}={seconds}s"
        for key in KEYS.values()
        for field in ("window", "for")
        for seconds in (240, 375)
    ),
    "llmHighErrorRate.threshold=0.2 ollamaProviderDown.threshold=0.4 llmSlowResponses.threshold=20",
)
"""Settings, several in one with blanks between."""


CATALOGUE = read_catalogue(SHIPPED, ["ollama", "google", "openrouter"])


FINAL = {"context_overflow", "invalid_request"}


OVERHEAD_S = 1.0


UNTOLD: Mapping[str, Any] = {"latency": {"kind": "constant", "s": 1.0}}


@dataclass(frozen=True)
class Attempt:
    """One attempt at a provider: when it ended, how long it took, and how it failed, if it did."""

    ended_s: float
    provider: str
    model: str
    latency_s: float
    error: str | None


class Providers:
    """The providers as a drill's behaviour changes govern them; ask in order of time."""

    def __init__(self, drill: Drill) -> None:
        self._changes: dict[str, list[tuple[float, Mapping[str, Any]]]] = defaultdict(list)
        for profile in drill.traffic:
            for change in profile.changes:
                model = f"{change.provider}:{change.model}"
                self._changes[model].append((profile.start_s + change.at_s, change.behaviour))
        for told in self._changes.values():
            told.sort(key=lambda one: one[0])
        self._counts: dict[tuple[str, int], int] = defaultdict(int)
        self._rng = random.Random(drill.name)  # noqa: S311 - repeatable, no secret

    def call(self, model: str, at_s: float) -> tuple[float, str | None]:
        """Return the latency of the next call and how it fails."""
        told = [(-math.inf, UNTOLD), *self._changes[model]]
        number = max(index for index, (since_s, _) in enumerate(told) if since_s <= at_s)
        behaviour = told[number][1]
        self._counts[model, number] += 1
        count = self._counts[model, number]
        errors = behaviour.get("errors", {})
        fails = (
            count % errors["every"] == 0
            if "every" in errors
            else count <= errors.get("next", 0) or errors.get("share") == 1
        )
        if fails:
            return 0.1 + OVERHEAD_S, errors["class"]
        latency = behaviour["latency"]
        drawn_s = latency.get("s") or latency["median_s"] * math.exp(self._rng.gauss(0, latency["sigma"]))
        return drawn_s + OVERHEAD_S, None


def simulate(drill: Drill) -> list[Attempt]:
    """Return the attempts that a drill's traffic brings about, fallbacks included."""
    providers = Providers(drill)
    fallbacks = [model.id for model in CATALOGUE.find_policy("mana_llm").fallbacks]
    due: list[tuple[float, int, str, tuple[str, ...]]] = []
    for profile in drill.traffic:
        stages = [(stage.duration_s, stage.rate_per_s) for stage in profile.stages]
        for index, at_s in enumerate(draw_arrivals(stages, kind=profile.arrivals, seed=f"1:{profile.name}")):
            asked = _choose(profile, index)
            heapq.heappush(
                due, (profile.start_s + at_s, len(due), asked, tuple(m for m in fallbacks if m != asked))
            )
    attempts = []
    while due:
        at_s, _, model, rest = heapq.heappop(due)
        latency_s, error = providers.call(model, at_s)
        provider, _, name = model.partition(":")
        attempts.append(Attempt(at_s + latency_s, provider, name, latency_s, error))
        if error is not None and error not in FINAL and rest:
            heapq.heappush(due, (at_s + latency_s, len(attempts) + 100_000, rest[0], rest[1:]))
    return attempts


def _choose(profile: LoadProfile, index: int) -> str:
    models = profile.options["models"]
    asked = models[index % len(models)]
    return DEFAULT if asked == OPEN_CHOICE else asked


class Counters:
    """mana-llm's series over a drill, as Prometheus has them."""

    def __init__(self, attempts: list[Attempt]) -> None:
        self._attempts = attempts

    def rate(self, at_s: float, window_s: float, provider: str | None = None, **only: Any) -> float | None:
        """Return the sum of the rates of all series of attempts with these properties."""
        found = [series.rate(at_s, window_s) for series in self._find(provider, **only)]
        rates = [rate for rate in found if rate is not None]
        return sum(rates) if rates else None

    def _find(
        self, provider: str | None, *, failed: bool | None = None, le_s: float = math.inf
    ) -> list[Series]:
        key = (provider, failed, le_s)
        if key not in self._cache():
            born: dict[tuple[Any, ...], float] = {}
            moves: dict[tuple[Any, ...], list[tuple[float, float]]] = defaultdict(list)
            for attempt in self._attempts:
                if provider not in (None, attempt.provider) or failed not in (
                    None,
                    attempt.error is not None,
                ):
                    continue
                label = (attempt.provider, attempt.model, attempt.error if failed else None)
                born[label] = min(born.get(label, math.inf), attempt.ended_s)
                if attempt.latency_s <= le_s:
                    moves[label].append((attempt.ended_s, 1.0))
            self._cache()[key] = [Series(moves[label], since_s) for label, since_s in born.items()]
        return self._cache()[key]

    def _cache(self) -> dict[Any, list[Series]]:
        return self.__dict__.setdefault("cached", {})


def read_alert(alert: str, counters: Counters, values: Values, until_s: float) -> Points:
    """Return what an alert's rule compares with its threshold."""

    def read_errors(at_s: float) -> float | None:
        window_s = values[KEYS[ERRORS]].window_s
        return _divide(counters.rate(at_s, window_s, failed=True), counters.rate(at_s, window_s))

    def read_fallback(at_s: float) -> float | None:
        fallback = values[KEYS[FALLBACK]]
        window_s = fallback.window_s
        share = _divide(
            counters.rate(at_s, window_s, "google", failed=False), counters.rate(at_s, window_s, failed=False)
        )
        failing = _divide(
            counters.rate(at_s, window_s, "ollama", failed=True), counters.rate(at_s, window_s, "ollama")
        )
        if share is None or failing is None:
            return None
        return share * (failing > fallback.number("failing"))

    def read_as_written(at_s: float) -> float | None:
        google, total = counters.rate(at_s, AS_WRITTEN_S, "google"), counters.rate(at_s, AS_WRITTEN_S)
        return None if google is None or total is None else google / (total + 0.001)

    def read_p95(at_s: float) -> float | None:
        window_s = values[KEYS[SLOW]].window_s
        rates = [
            (bound, counters.rate(at_s, window_s, failed=False, le_s=bound))
            for bound in (*LATENCY_BUCKETS_S, math.inf)
        ]
        return None if rates[-1][1] is None else find_quantile(0.95, rates)

    readers = {
        ERRORS: read_errors,
        FALLBACK: read_fallback,
        FALLBACK_AS_WRITTEN: read_as_written,
        SLOW: read_p95,
    }
    return evaluate(readers[alert], until_s)


def _divide(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def read_alerts(drill: Drill, attempts: list[Attempt], values: Values) -> Readings:
    """Return what the rules read; the one that is kept as written only where the drill is about it."""
    rules = {
        alert: Rule(threshold=values[key].threshold, for_s=values[key].for_s) for alert, key in KEYS.items()
    }
    if FALLBACK_AS_WRITTEN in {one.alert for one in drill.expects}:
        rules[FALLBACK_AS_WRITTEN] = Rule(threshold=0.5, for_s=AS_WRITTEN_S)
    counters = Counters(attempts)
    return {
        alert: (rule, read_alert(alert, counters, values, drill.lasts_s)) for alert, rule in rules.items()
    }


def read(drill: Drill, values: Values) -> Readings | None:
    """Return what the rules read of a drill's attempts; outages of the gateway are not simulated."""
    return None if drill.outages else read_alerts(drill, simulate(drill), values)


MANA_LLM = Simulation(read=read, slack_s=60, closing_s=240)
