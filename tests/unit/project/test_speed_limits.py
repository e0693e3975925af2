"""Up to which speed a drill can be held."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile
from alertdrill.core.expectation import BlindRule, Expectation, NearMiss
from alertdrill.errors import BadInput
from alertdrill.project.explaining import classify_all
from alertdrill.project.project import Project, Secret, StubProvider, Timer
from alertdrill.project.reading import OUT
from alertdrill.project.speed_limits import find_limit, find_longest_s
from alertdrill.rules.files import parse_rules

RULES = parse_rules(
    """\
groups:
- name: g
  rules:
  - {alert: Counted, expr: "rate(x_total[5m]) > 1"}
  - {alert: Busy, expr: "rate(cpu_seconds_total[5m]) > 1"}
  - {alert: Cooled, expr: "cooled_total > 1"}
""",
    "rules.yml",
)
TIMERS = (Timer(name="cooldown", lasts_s=30, alerts=("Cooled",), source="alertdrill.toml:9"),)


def make_project(*timers: Timer) -> Project:
    """Return a project with timers."""
    return Project(path=Path("/p/alertdrill.toml"), out=Path("/p") / OUT, timers=timers)


def fires(alert: str, within_s: float) -> Expectation:
    """Return an expectation that an alert fires from the fifth minute on."""
    return Expectation(
        alert=alert,
        labels={},
        fires_after_s=300,
        fires_within_s=300 + within_s,
        resolves_within_s=900,
        receiver="oncall",
    )


def stays_silent(alert: str) -> NearMiss:
    """Return a near miss."""
    return NearMiss(alert=alert, labels={}, reaches=0.5, pending=False)


DRILL = Drill(name="d", system="s", traffic=(), expects=(fires("Counted", 60),), why="w", lasts_s=1200)
CLASSIFIED = classify_all(make_project(*TIMERS), [RULES])


def test_a_drill_of_exact_rules_can_be_held_at_any_speed() -> None:
    """Whatever other rules there are; one that expects nothing, too."""
    assert find_limit(DRILL, CLASSIFIED).speed is None
    assert find_limit(replace(DRILL, expects=()), CLASSIFIED).why == "it expects no alert"


def test_its_own_limit_is_kept() -> None:
    """A drill may have a reason of its own."""
    limit = find_limit(replace(DRILL, max_speed=20), CLASSIFIED)
    assert (limit.speed, limit.why) == (20, "its max_speed is 20")


def test_a_rule_that_a_speed_falsifies_wants_speed_1() -> None:
    """Even beside exact ones."""
    limit = find_limit(replace(DRILL, expects=(*DRILL.expects, stays_silent("Busy"))), CLASSIFIED)
    assert (limit.speed, limit.why) == (1, "Busy is of the class accrues")


@pytest.mark.parametrize(("within_s", "speed"), [(60, 3), (300, 11)])
def test_a_timer_is_stretched_no_longer_than_an_alert_may_be_late(within_s: float, speed: float) -> None:
    """At speed K a timer of 30 s is (K - 1) * 30 s longer than it should be."""
    limit = find_limit(replace(DRILL, expects=(fires("Cooled", within_s),)), CLASSIFIED)
    assert limit.speed == speed
    assert limit.why.startswith("the timer cooldown of 30s reaches Cooled, and Cooled is expected to fire")


@pytest.mark.parametrize(("drills", "speed"), [((), 3), (("other", "d"), 3), (("other",), None)])
def test_a_timer_limits_only_the_drills_that_it_reaches(drills: tuple[str, ...], speed: float | None) -> None:
    """All of them, unless it names some."""
    classified = classify_all(make_project(replace(TIMERS[0], drills=drills)), [RULES])
    assert find_limit(replace(DRILL, expects=(fires("Cooled", 60),)), classified).speed == speed


LATENCIES = [
    ({"kind": "constant", "s": 12.0}, 6),
    ({"kind": "mixed", "s": 1.0, "slow_s": 30.0, "every": 20}, 3),
    ({"kind": "uniform", "low_s": 1.0, "high_s": 30.0}, 3),
    ({"kind": "lognormal", "median_s": 60.0, "sigma": 0.0}, 2),
    ({"kind": "gamma", "mean_s": 15.0, "shape": 4.0}, 2),
    ({"kind": "percentiles", "at": {"50": 1, "99": 60}}, 2),
]
SLOW_OTHERWISE = [
    {"first_token": {"kind": "constant", "s": 60}},
    {"first_token": {"kind": "constant", "s": 1}, "between_tokens": {"kind": "constant", "s": 0.9218750}},
    {
        "latency": {"kind": "constant", "s": 0},
        "between_tokens": {"kind": "constant", "s": 0.5},
        "completion_tokens": {"low": 1, "high": 120},
    },
    {"latency": {"kind": "constant", "s": 20}, "spells": [{"for_s": 9, "slowdown": 3}]},
    {"latency": {"kind": "constant", "s": 20}, "flaw": {"kind": "stall", "for_s": 40, "every": 5}},
]


@pytest.mark.parametrize(("latency", "speed"), LATENCIES)
def test_slow_calls_are_no_later_than_an_alert_may_be(latency: dict[str, Any], speed: float) -> None:
    """A call takes as long as ever, so its end comes (K - 1) times that too late in rule time."""
    change = BehaviourChange(at_s=60, provider="openai", model="*", behaviour={"latency": latency})
    profile = LoadProfile(name="t", scenario="steady", start_s=0, stages=(), changes=(change,))
    limit = find_limit(replace(DRILL, traffic=(profile,)), CLASSIFIED)
    assert limit.speed == speed
    assert limit.why.startswith("a call of it takes up to ")
    provider = StubProvider(name="openai", dialect="openai", behaviour={"latency": latency})
    assert find_limit(DRILL, CLASSIFIED, [provider]) == limit
    assert (
        find_limit(replace(DRILL, expects=(stays_silent("Counted"),)), CLASSIFIED, [provider]).speed is None
    )


@pytest.mark.parametrize("behaviour", SLOW_OTHERWISE)
def test_what_else_makes_a_call_slow_is_counted(behaviour: dict[str, Any]) -> None:
    """Its first token, all its tokens, a spell and a stall."""
    provider = StubProvider(name="openai", dialect="openai", behaviour=behaviour)
    assert find_limit(DRILL, CLASSIFIED, [provider]).speed == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize(
    "behaviour",
    [
        {"errors": {"mix": {"auth": 0.1, "timeout": 0.1}}},
        {"spells": [{"for_s": 9, "errors": {"class": "timeout", "share": 1}}]},
    ],
)
def test_what_never_answers_lasts_for_ever(behaviour: dict[str, Any]) -> None:
    """In a mix, and in a spell, too."""
    provider = StubProvider(name="openai", dialect="openai", behaviour=behaviour)
    assert find_longest_s(DRILL, [provider]) == math.inf


def test_a_span_may_have_any_length() -> None:
    """Its digits are no reason to fail."""
    expected = replace(fires("Cooled", 60), fires_after_s=720.1, fires_within_s=960)
    limit = find_limit(replace(DRILL, expects=(expected,)), CLASSIFIED)
    assert limit.why.endswith("within a span of 4m")


@pytest.mark.parametrize("expected", [stays_silent("Cooled"), BlindRule(alert="Cooled", labels={})])
def test_nobody_knows_how_much_of_a_timer_silence_bears(expected: NearMiss | BlindRule) -> None:
    """So it is held at speed 1, where the timer is right."""
    assert find_limit(replace(DRILL, expects=(expected,)), CLASSIFIED).speed == 1


def test_a_timer_of_no_alert_there_is_is_a_mistake() -> None:
    """It would silently reach nothing."""
    timer = replace(TIMERS[0], alerts=("Cooled", "Busi"))
    with pytest.raises(BadInput) as caught:
        classify_all(make_project(timer), [RULES])
    assert str(caught.value) == (
        "alertdrill.toml:9: [[timer]] 'cooldown' reaches 'Busi', which is no alert of the rules; "
        "do you mean 'Busy'?"
    )


def test_a_provider_that_was_told_no_latency_takes_a_second() -> None:
    """As the stub does; one that only closes its port takes none."""
    stub = StubProvider(name="openai", dialect="openai")
    assert find_limit(DRILL, CLASSIFIED, [stub]).speed == 61
    shut = BehaviourChange(at_s=0, provider="openai", behaviour={"listening": False})
    quick = replace(stub, behaviour={"latency": {"kind": "constant", "s": 0.5}})
    profile = LoadProfile(name="p", scenario="steady", start_s=0, stages=(), changes=(shut,))
    assert find_limit(replace(DRILL, traffic=(profile,)), CLASSIFIED, [quick]).speed == 121


def test_slow_calls_that_are_under_way_as_the_cause_ends_may_use_what_a_drill_has_to_spare() -> None:
    """An alert with a window of 5m that has 14m15s to resolve from 60 s on has 8m30s of that to spare."""
    change = BehaviourChange(
        at_s=60, provider="openai", model="*", behaviour={"latency": {"kind": "constant", "s": 10.0}}
    )
    profile = LoadProfile(name="t", scenario="steady", start_s=0, stages=(), changes=(change,))
    expected = replace(fires("Counted", 6000), resolves_within_s=60 + 300 + 45 + 510)
    limit = find_limit(replace(DRILL, traffic=(profile,), expects=(expected,)), CLASSIFIED)
    assert limit.speed == 1 + 510 / 10
    assert (
        limit.why
        == "a call of it takes up to 10s, and Counted resolves after the last of them, with 8m30s to spare"
    )


def test_a_model_and_a_key_with_a_behaviour_of_their_own_may_be_the_slowest() -> None:
    """Whichever of them the calls are for."""
    slow: dict[str, Any] = {"latency": {"kind": "constant", "s": 30}}
    stub = StubProvider(name="openai", dialect="openai")
    assert find_longest_s(DRILL, [replace(stub, models={"m": slow})]) == 30
    assert find_longest_s(DRILL, [replace(stub, keys=((Secret(env="KEY"), slow),))]) == 30
