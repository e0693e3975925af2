"""A gateway that is only imagined: what it would have counted in a drill, as a recording, in no time."""

from __future__ import annotations

import random
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.recording.recording import RecordedSeries, Recording

SCRAPE_S = 15
SCRAPED_AT_S = 7
HEALTHY: Mapping[str, Any] = {"latency": {"kind": "constant", "s": 0.05}}
BOUNDS = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
STATUSES = {"server_error": "503", "rate_limit": "429", "timeout": "504"}
USD_PER_TOKEN = (2e-6, 8e-6)
LATE_S = 0.005
METRICS = (
    "auth_failures_total",
    "calls_total",
    "call_duration_seconds_sum",
    "call_duration_seconds_count",
    "call_duration_seconds_bucket",
    "tokens_total",
    "spend_usd_total",
    "litellm_deployment_state",
)

Key = tuple[str, tuple[tuple[str, str], ...]]


class ImaginedGateway:
    """Counts the calls of a drill when they end, and is scraped every 15 s.

    It counts what a text of rules names, and nothing else: all that there is takes ten times as long.
    """

    def __init__(self, drill: Drill, rules: str) -> None:
        self._drill = drill
        # What is not seen for a while counts as a gap of the recording, so calls are there in any case.
        self._named = {"calls_total", *(name for name in METRICS if name in rules)}
        self._rng = random.Random(1)  # noqa: S311 - chance, the same each time
        self._counted: list[tuple[float, Key, float]] = []
        self._asked: dict[int, int] = defaultdict(int)
        self._states: dict[Key, float] = defaultdict(float)
        for profile in drill.traffic:
            for at_s in _list_arrivals(profile):
                self._call(profile, at_s)

    def record(self) -> Recording:
        """Return what Prometheus has of it."""
        counted = sorted(self._counted)
        until_s = int(self._drill.lasts_s) + 60
        totals: dict[Key, float] = {}
        samples: dict[Key, list[tuple[int, float]]] = defaultdict(list)
        index = 0
        for at_s in range(SCRAPED_AT_S, until_s, SCRAPE_S):
            while index < len(counted) and counted[index][0] <= at_s:
                _, key, more = counted[index]
                totals[key] = totals.get(key, 0.0) + more
                index += 1
            for key, value in totals.items():
                samples[key].append((at_s * 1000, value))
        series = tuple(
            RecordedSeries(
                labels={"__name__": name, **dict(labels)},
                times_ms=array("q", [at_ms for at_ms, _ in own]),
                values=array("d", [value for _, value in own]),
                stale_ms=array("q"),
            )
            for (name, labels), own in samples.items()
        )
        return Recording(name="imagined", start_ms=0, end_ms=until_s * 1000, selectors=(), series=series)

    def _call(self, profile: LoadProfile, at_s: float) -> None:
        model = profile.options["models"][0]
        if profile.scenario == "auth_scan":
            self._count(at_s, "auth_failures_total", 1.0, reason="invalid")
            self._count(at_s, "calls_total", 1.0, model=model, status="401")
            return
        behaviour = self._find_behaviour(at_s)
        status = self._find_status(behaviour, at_s)
        latency = behaviour["latency"]
        takes_s = self._draw(latency) + LATE_S
        at_s += takes_s
        self._count(at_s, "calls_total", 1.0, model=model, status=status)
        self._set(at_s, "litellm_deployment_state", float(status != "200"), litellm_model_name=model)
        self._count(at_s, "call_duration_seconds_sum", takes_s, model=model)
        self._count(at_s, "call_duration_seconds_count", 1.0, model=model)
        if "call_duration_seconds_bucket" in self._named:
            for bound in (*BOUNDS, float("inf")):
                within = float(takes_s <= bound)
                le = "+Inf" if bound == float("inf") else str(bound)
                self._count(at_s, "call_duration_seconds_bucket", within, model=model, le=le)
        if status == "200":
            prompt = behaviour.get("prompt_tokens", 20)
            answer = min(behaviour.get("completion_tokens", 20), profile.options.get("max_tokens", 256))
            self._count(at_s, "tokens_total", prompt + answer, model=model)
            usd = prompt * USD_PER_TOKEN[0] + answer * USD_PER_TOKEN[1]
            self._count(at_s, "spend_usd_total", usd, model=model)

    def _count(self, at_s: float, name: str, more: float, **labels: str) -> None:
        if name in self._named:
            self._counted.append((at_s, (name, tuple(labels.items())), more))

    def _set(self, at_s: float, name: str, value: float, **labels: str) -> None:
        if name in self._named:
            key = (name, tuple(labels.items()))
            self._counted.append((at_s, key, value - self._states[key]))
            self._states[key] = value

    def _find_behaviour(self, at_s: float) -> Mapping[str, Any]:
        first = self._drill.traffic[0]
        for change in reversed(first.changes):
            if change.at_s + first.start_s <= at_s:
                return change.behaviour
        return HEALTHY

    def _draw(self, latency: Mapping[str, Any]) -> float:
        if latency["kind"] == "mixed":
            self._asked[id(latency)] += 1
            is_slow = self._asked[id(latency)] % latency["every"] == 0
            return float(latency["slow_s"] if is_slow else latency["s"])
        low_s, high_s = latency.get("low_s", latency.get("s")), latency.get("high_s", latency.get("s"))
        return self._rng.uniform(low_s, high_s)

    def _find_status(self, behaviour: Mapping[str, Any], at_s: float) -> str:
        del at_s
        errors = behaviour.get("errors")
        if errors is None:
            return "200"
        self._asked[id(behaviour)] += 1
        if "every" in errors:
            fails = self._asked[id(behaviour)] % errors["every"] == 0
        else:
            fails = self._rng.random() < errors["share"]
        return STATUSES[errors["class"]] if fails else "200"


def _list_arrivals(profile: LoadProfile) -> Iterator[float]:
    start_s = profile.start_s
    for stage in profile.stages:
        for number in range(int(stage.duration_s * stage.rate_per_s)):
            yield start_s + (number + 0.5) / stage.rate_per_s
        start_s += stage.duration_s
