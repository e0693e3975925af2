"""Replay held against a model of how Prometheus alerts, on generated rules and samples.

The model is written from Prometheus's documentation, one evaluation after the other, and knows nothing of
promtool, masks or stages.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.both_generations import GENERATIONS, find_promtool
from support.examples import scale_examples
from support.recorded import make_recording, scrape

from alertdrill.recording.replay.replay import replay
from alertdrill.rules.files import parse_rules
from alertdrill.runtime.binaries import Generation

SCRAPES = 120
LOOKBACK_S = 300
Told = list[tuple[float, str, str]]


@dataclass(frozen=True)
class Rule:
    """An alert on the one series: above a threshold for a time, and kept firing for another."""

    interval_s: int
    threshold: int
    for_s: int
    keep_firing_for_s: int


@dataclass(frozen=True)
class Samples:
    """Values of scrapes every 15 s from `begin_s` on; None is missed, `stale` what is marked as ended."""

    begin_s: int
    values: list[int | None]
    stale: list[int]

    def find(self, at_s: float) -> int | None:
        """Return the value that counts at an instant."""
        for number in range(len(self.values) - 1, -1, -1):
            scraped_s = self.begin_s + 15 * number
            if scraped_s > at_s:
                continue
            if number in self.stale or at_s - scraped_s >= LOOKBACK_S:
                return None
            if self.values[number] is not None:
                return self.values[number]
        return None


def model(rule: Rule, samples: Samples, until_s: int) -> Told:
    """Return what Prometheus does with a rule, evaluation by evaluation."""
    told: Told = []
    name = name_of(rule)
    state = "inactive"
    since_s = 0
    gone_since_s: int | None = None
    for at_s in range(0, until_s + 1, rule.interval_s):
        value = samples.find(at_s)
        if value is not None and value > rule.threshold:
            gone_since_s = None
            if state == "inactive":
                state, since_s = "pending", at_s
                if rule.for_s:
                    told.append((at_s, "pending", name))
            if state == "pending" and at_s - since_s >= rule.for_s:
                state = "firing"
                told.append((at_s, "firing", name))
        elif state == "firing":
            gone_since_s = at_s if gone_since_s is None else gone_since_s
            if at_s - gone_since_s >= rule.keep_firing_for_s:
                state = "inactive"
                told.append((at_s, "resolved", name))
        else:
            state = "inactive"
    return told


def name_of(rule: Rule) -> str:
    """Return a name that says what a rule is."""
    return f"A{rule.interval_s}_{rule.threshold}_{rule.for_s}_{rule.keep_firing_for_s}"


def write_group(rule: Rule) -> dict[str, object]:
    """Return the group that a rule is in, alone."""
    return {
        "name": name_of(rule),
        "interval": f"{rule.interval_s}s",
        "rules": [
            {
                "alert": name_of(rule),
                "expr": f"x > {rule.threshold}",
                "for": f"{rule.for_s}s",
                "keep_firing_for": f"{rule.keep_firing_for_s}s",
            }
        ],
    }


RULES = st.builds(
    Rule,
    interval_s=st.sampled_from([15, 30, 60]),
    threshold=st.integers(0, 3),
    for_s=st.sampled_from([0, 15, 20, 60, 300]),
    keep_firing_for_s=st.sampled_from([0, 15, 20, 120]),
)
STRETCHES = st.lists(
    st.tuples(st.integers(0, 4) | st.none(), st.integers(1, 30)), min_size=1, max_size=25
).map(lambda stretches: [value for value, count in stretches for _ in range(count)][:SCRAPES])


@st.composite
def draw_samples(draw: st.DrawFn) -> Samples:
    """Draw samples with gaps, some of which were marked."""
    values = draw(STRETCHES)
    missed = [number for number, value in enumerate(values) if value is None]
    stale = draw(st.lists(st.sampled_from(missed), unique=True)) if missed else []
    return Samples(begin_s=draw(st.sampled_from([1, 7, 14])), values=values, stale=sorted(stale))


@pytest.mark.parametrize("generation", GENERATIONS, ids=str)
@settings(max_examples=scale_examples(0.25), deadline=None, suppress_health_check=list(HealthCheck))
@given(rules=st.lists(RULES, min_size=1, max_size=12, unique=True), samples=draw_samples())
def test_replay_does_what_prometheus_does(
    generation: Generation, rules: list[Rule], samples: Samples
) -> None:
    """Each pending, firing and resolved is at the very evaluation, for every rule."""
    until_s = SCRAPES * 15
    series = scrape(
        "x",
        samples.values,
        begin_ms=samples.begin_s * 1000,
        stale_ms=[(samples.begin_s + 15 * number) * 1000 for number in samples.stale],
    )
    recording = make_recording(series, scrape("up", [1]), until_s=until_s)
    file = parse_rules(json.dumps({"groups": [write_group(rule) for rule in rules]}), "made.yml")
    replayed = replay(recording, [file], find_promtool(generation))
    told = {(event.at_s, event.kind, event.alert) for event in replayed.timeline.events}
    assert told == {event for rule in rules for event in model(rule, samples, until_s)}
