"""What a rule was evaluated without is no rule's fault: the record of an evaluator that saw a series late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from support.canned_prometheus import CannedApi
from support.stall_worlds import FIRES_S, RESOLVES_S, make_drill, make_good, make_timeline

from alertdrill.core.clock import Clock
from alertdrill.core.drill import Placement
from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Stall, Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.judging.could_not_tell import Evidence, weigh
from alertdrill.judging.judge import judge, select_for_drill
from alertdrill.runner.late_samples import describe, find_unseen, hangs_on_the_unseen
from alertdrill.runtime.http_client import Series

CLOCK = Clock(speed=15.0, origin_s=1000.0)
RULE = AlertRule(
    name="Slow",
    expr="sum by (model) (rate(cost_usd_total[2m])) > 0.5",
    for_s=60.0,
    keep_firing_for_s=0.0,
    labels={"severity": "info", "team": "of {{ $labels.model }}"},
    annotations={},
    group="g",
    interval_s=15.0,
    source="rules.yml:3",
)
ALERTS = {"alertname": "Slow", "severity": "info", "team": "of a", "model": "a"}
UNTIL_S = 570.0


def list_instants(from_s: float, to_s: float) -> list[float]:
    """Return the evaluations from one to another, both included."""
    return [from_s + 15.0 * number for number in range(round((to_s - from_s) / 15) + 1)]


def make_series(labels: dict[str, str], instants: Sequence[float]) -> Series:
    """Return samples as a server answers them."""
    return labels, tuple((CLOCK.wall_s(at_s), 2.0) for at_s in instants)


def look_again(
    now: Sequence[float], then: Sequence[float], rule: AlertRule = RULE
) -> list[tuple[str, int, int]]:
    """Return what a rule did not see that would be active at some instants `now`, and was so at others."""
    alerts = [
        make_series({**ALERTS, "alertstate": state}, instants)
        for state, instants in (("pending", then[:4]), ("firing", then[4:]))
        if instants
    ]
    evaluator = CannedApi({"rate": [make_series({"model": "a"}, now)] if now else []})
    found = find_unseen(evaluator, CannedApi({"ALERTS": alerts}), CLOCK, [rule], UNTIL_S)
    return [(stall.part, round(stall.from_s), round(stall.until_s)) for stall in found]


ACTIVE = list_instants(90, 285)


@pytest.mark.parametrize(
    ("now", "then", "found"),
    [
        (ACTIVE, ACTIVE, []),
        (ACTIVE, list_instants(105, 285), []),
        (ACTIVE, list_instants(150, 285), [("unseen:Slow", 90, 150)]),
        (ACTIVE, [], [("unseen:Slow", 90, 300)]),
        (ACTIVE, ACTIVE[:3] + ACTIVE[4:], [("unseen:Slow", 90, 150)]),
        (ACTIVE, list_instants(90, 345), [("stale:Slow", 300, 360)]),
        ([], ACTIVE, [("stale:Slow", 90, 300)]),
        ([], [120.0], []),
        (list_instants(90, 555), list_instants(90, 510), []),
    ],
    ids=[
        "the same",
        "an evaluation later",
        "seen late",
        "never seen",
        "a break, after which `for` begins anew",
        "seen for too long",
        "not there",
        "a moment",
        "not settled yet",
    ],
)
def test_what_a_rule_did_not_see_in_time_is_found(
    now: list[float], then: list[float], found: list[tuple[str, int, int]]
) -> None:
    """Asked for again at the instants of the run, a rule is as active as it was, or it lacked something.

    The third row is what a VictoriaMetrics left of a run at speed 15: it showed a new series 4 s late.
    """
    assert look_again(now, then) == found


def test_an_alert_that_keeps_firing_has_seen_what_there_was() -> None:
    """`keep_firing_for` is no reading of what is gone."""
    keeps = replace(RULE, keep_firing_for_s=60.0)
    assert look_again(ACTIVE, list_instants(90, 345), keeps) == []
    assert look_again(ACTIVE, list_instants(90, 405), keeps) == [("stale:Slow", 360, 420)]


def test_what_was_not_evaluated_while_the_evaluator_was_out_is_left_out() -> None:
    """That is an outage, and what the drill is about."""
    evaluator = CannedApi({"rate": [make_series({"model": "a"}, ACTIVE)]})
    out = [Stall(part="prometheus", from_s=100.0, until_s=200.0)]
    assert find_unseen(evaluator, CannedApi({"ALERTS": []}), CLOCK, [RULE], UNTIL_S, out) == ()


def weigh_one(timeline: Timeline, stall: Stall, kind: str = "fires") -> Verdict:
    """Judge a drill of a kind, and weigh it by what its rule did not see."""
    placement = Placement(drill=make_drill(kind), start_s=0.0)
    verdict = judge(placement.drill, select_for_drill(placement, [placement], timeline))
    evidence = Evidence(stalls=(stall,), reaches_s={"Slow": 360.0}, providers=("anthropic",))
    (weighed,) = weigh([verdict], [placement], evidence)
    return weighed


LATE = make_timeline((640.0, RESOLVES_S), (675.0, RESOLVES_S + 40))


def test_a_rule_that_saw_a_series_late_is_not_blamed() -> None:
    """The doubt says which rule, from when to when, and what cannot be told; another rule's is none of it."""
    verdict = weigh_one(LATE, Stall(part="unseen:Slow", from_s=400.0, until_s=475.0))
    assert verdict.doubts == (
        "Slow was evaluated from 6:40 to 7:55 without what there was by then; "
        "whether it would have fired in time is unknown",
    )
    assert weigh_one(LATE, Stall(part="unseen:Other", from_s=400.0, until_s=475.0)).outcome == "unmet"


@pytest.mark.parametrize(
    ("part", "from_s", "until_s", "outcome"),
    [
        ("unseen:Slow", FIRES_S - 280, FIRES_S - 90, "met"),
        ("unseen:Slow", FIRES_S - 300, FIRES_S - 90, "unobserved"),
        ("unseen:Slow", RESOLVES_S - 15, RESOLVES_S + 80, "met"),
        ("unseen:Slow", RESOLVES_S - 15, RESOLVES_S + 90, "unobserved"),
        ("stale:Slow", FIRES_S - 150, FIRES_S - 120, "met"),
        ("stale:Slow", FIRES_S - 150, FIRES_S - 90, "unobserved"),
    ],
)
def test_what_came_in_time_though_it_was_seen_late_is_met(
    part: str, from_s: float, until_s: float, outcome: str
) -> None:
    """It would have fired that much earlier, or resolved later; where that is in bounds too, it is met."""
    assert weigh_one(make_good("fires"), Stall(part=part, from_s=from_s, until_s=until_s)).outcome == outcome


def test_what_a_rule_did_not_see_adds_up_with_nothing() -> None:
    """It came of stalls itself, or of the store: half a minute twice is half a minute."""
    placement = Placement(drill=make_drill("near miss"), start_s=0.0)
    verdict = judge(placement.drill, select_for_drill(placement, [placement], make_good("near miss")))
    for part, outcome in (("stale:Slow", "met"), ("gateway", "unobserved")):
        stalls = tuple(Stall(part=part, from_s=at_s, until_s=at_s + 30) for at_s in (400.0, 450.0))
        evidence = Evidence(stalls=stalls, reaches_s={}, providers=("anthropic",))
        (weighed,) = weigh([verdict], [placement], evidence)
        assert weighed.outcome == outcome


@pytest.mark.parametrize("kind", ["near miss", "quiet"])
def test_a_silence_in_which_the_rule_saw_nothing_proves_nothing(kind: str) -> None:
    """What stays silent because it does not see is not silent."""
    stall = Stall(part="unseen:Slow", from_s=400.0, until_s=460.0)
    assert weigh_one(make_good(kind), stall, kind).outcome == "unobserved"
    short = replace(stall, until_s=430.0)
    assert weigh_one(make_good(kind), short, kind).outcome == "met"


@pytest.mark.parametrize(
    ("kind", "timeline", "hangs"),
    [
        ("fires", make_good("fires"), False),
        ("near miss", make_good("near miss"), False),
        ("fires", LATE, True),
        ("quiet", make_good("quiet"), True),
    ],
)
def test_what_was_seen_needs_no_waiting_for_what_was_not(kind: str, timeline: Timeline, hangs: bool) -> None:
    """An alert that came in time and a near miss that was seen; not one that is late, or nothing at all."""
    placement = Placement(drill=make_drill(kind), start_s=0.0)
    verdict = judge(placement.drill, select_for_drill(placement, [placement], timeline))
    assert hangs_on_the_unseen([verdict], [placement]) == hangs


def test_how_late_a_rule_saw_is_said_in_the_notes() -> None:
    """The rule, rule time and wall time; or that there is nothing to say."""
    stall = Stall(part="unseen:Slow", from_s=90.0, until_s=150.0)
    assert describe([stall], 15.0)["seen late"].startswith("Slow, by 60 s (4.0 s wall)")
    assert describe([], 15.0)["seen late"].startswith("nothing")


def test_what_another_rule_of_that_name_did_is_not_stale() -> None:
    """Two rules may state one alert with the same labels: the series of each are accounted for by its own."""
    other = replace(RULE, expr="max by (model) (errors) > 1", source="rules.yml:9")
    instants = list_instants(60, 240)
    alerts = [make_series({**ALERTS, "model": model, "alertstate": "firing"}, instants) for model in "ab"]
    answers = {
        "rate": [make_series({"model": "a"}, instants)],
        "max": [make_series({"model": "b"}, instants)],
    }
    asked = CannedApi(answers), CannedApi({"ALERTS": alerts})
    assert find_unseen(*asked, CLOCK, [RULE, other], UNTIL_S) == ()
    (stale, *_) = find_unseen(*asked, CLOCK, [RULE], UNTIL_S)
    assert stale.part == "stale:Slow"
