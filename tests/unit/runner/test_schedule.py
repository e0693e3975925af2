"""Tests of which drills share time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertdrill.core.drill import Drill, Fault, LoadProfile, LoadStage, Outage, Placement
from alertdrill.core.expectation import BlindRule, Expectation, NearMiss
from alertdrill.errors import BadInput
from alertdrill.runner.schedule import find_calendar, place
from alertdrill.systems.catalogue import list_drills, override_values

FIRES = Expectation(alert="A", labels={}, fires_within_s=9, receiver="metis-page", resolves_within_s=9)
NEAR = NearMiss(alert="A", labels={}, reaches=0.9, pending=False)


def make_drill(
    name: str,
    lasts_s: float,
    *uses: str,
    shares: Iterable[str] = (),
    rate_per_s: float = 0.0,
    outages: tuple[Outage, ...] = (),
) -> Drill:
    """Return a drill that sends at one rate for as long as it lasts."""
    profile = LoadProfile(
        name=name,
        scenario="steady",
        start_s=0,
        stages=(LoadStage(duration_s=lasts_s, rate_per_s=rate_per_s),),
    )
    return Drill(
        name=name,
        system="metis",
        traffic=(profile,),
        expects=(),
        why="",
        lasts_s=lasts_s,
        uses=frozenset(uses),
        shares=frozenset(shares),
        outages=outages,
    )


def list_starts(drills: Iterable[Drill]) -> dict[str, float]:
    """Return when each drill starts."""
    return {placement.drill.name: placement.start_s for placement in place(drills)}


def test_drills_with_nothing_in_common_start_together() -> None:
    """Drills that use nothing in common all start at 0."""
    starts = list_starts([make_drill("a", 15), make_drill("b", 30, "x"), make_drill("c", 45, "y")])
    assert starts == {"a": 0, "b": 0, "c": 0}


def test_drills_that_disturb_each_other_queue() -> None:
    """A drill starts when all that it uses is free, the longest first."""
    drills = [make_drill("a", 30, "x"), make_drill("b", 90, "y"), make_drill("c", 15, "x", "y")]
    assert list_starts(drills) == {"a": 0, "b": 0, "c": 90}


def test_drills_that_only_share_are_held_together_but_not_beside_one_that_uses() -> None:
    """What one drill uses, no other may share at the same time; sharing alone disturbs nobody."""
    drills = [make_drill("a", 60, shares=["x"]), make_drill("b", 45, shares=["x"]), make_drill("c", 30, "x")]
    assert list_starts(drills) == {"a": 0, "b": 0, "c": 60}
    busy = make_drill("busy", 60, rate_per_s=4)
    drills = [*drills, busy, make_drill("d", 15, shares=["x"], rate_per_s=1)]
    assert list_starts(drills) == {"a": 0, "b": 0, "busy": 0, "c": 60, "d": 90}


@pytest.mark.parametrize(
    ("labels", "starts_s"),
    [({"provider": "a"}, 30), ({}, 30), ({"model": "m"}, 30), ({"provider": "b"}, 0)],
)
def test_drills_of_one_alert_queue_unless_labels_tell_it_apart(
    labels: dict[str, str], starts_s: float
) -> None:
    """What an alert does belongs to one drill at a time, though both say that they use nothing."""
    first = replace(make_drill("a", 30), expects=(replace(FIRES, labels={"provider": "a"}),))
    other = replace(make_drill("b", 15), expects=(replace(NEAR, labels=labels),))
    assert list_starts([first, other]) == {"a": 0, "b": starts_s}


def test_a_gateway_is_out_after_all_others_and_before_nobody() -> None:
    """A drill may begin while others still are held, but its outage keeps a minute's distance from them."""
    outage = Outage(part="gateway", at_s=90, for_s=5, how="pause")
    drills = [
        make_drill("a", 120, outages=(outage,)),
        make_drill("b", 90),
        make_drill("c", 120, outages=(outage,)),
    ]
    assert list_starts(drills) == {"b": 0, "a": 60, "c": 225}
    assert list_starts(drills[:1]) == {"a": 0}


@pytest.mark.parametrize(("how", "recovers_s"), [("pause", 60), ("restart", 300)])
def test_others_begin_when_a_part_has_recovered(how: Fault, recovers_s: float) -> None:
    """Who needs what is out begins later, and later still where the part is started again."""
    outage = Outage(part="provider-ollama", at_s=60, for_s=30, how=how)
    starts = list_starts([make_drill("out", 600, outages=(outage,)), make_drill("calls", 30, rate_per_s=1)])
    assert starts == {"out": 0, "calls": 90 + recovers_s}


def test_a_target_that_is_not_scraped_is_missed_by_its_own_system_alone() -> None:
    """Its metrics are nobody else's, so drills of another system are held meanwhile."""
    out = Outage(part="scrapes:metis", at_s=60, for_s=60, how="unlist")
    drills = [
        make_drill("unlisted", 300, outages=(out,)),
        make_drill("own", 45),
        replace(make_drill("other", 300), system="mantis"),
    ]
    assert list_starts(drills) == {"unlisted": 0, "own": 720, "other": 0}


def test_a_near_miss_does_not_mind_that_nobody_can_be_paged() -> None:
    """Only drills whose verdict depends on pages wait for an Alertmanager: quiet ones do too."""
    outage = Outage(part="alertmanager", at_s=120, for_s=30, how="pause")
    blind = BlindRule(alert="B", labels={})
    expects = {"near": NEAR, "blind": blind, "fires": replace(FIRES, alert="C")}
    others = [replace(make_drill(name, 240), expects=(one,)) for name, one in expects.items()]
    starts = list_starts([make_drill("out", 300, outages=(outage,)), make_drill("quiet", 240), *others])
    assert starts == {"out": 0, "near": 0, "blind": 0, "fires": 210, "quiet": 210}


def test_a_drill_comes_first_where_it_says_so() -> None:
    """Neither what lasts longer, nor fits into a gap, nor has an outage, is held before it with the same."""
    outage = Outage(part="alertmanager", at_s=300, for_s=30, how="pause")
    drills = [
        make_drill("long", 90, "x"),
        replace(make_drill("near", 30, "x"), expects=(NEAR,)),
        make_drill("busy", 60, rate_per_s=4),
        make_drill("out", 600, "x", outages=(outage,)),
        make_drill("other", 600, "y"),
    ]
    first = make_drill("first", 60, "x", rate_per_s=3)
    assert list_starts([*drills, first])["first"] > 0
    starts = list_starts([*drills, replace(first, comes_first=True)])
    assert starts["first"] == 0
    assert min(starts[name] for name in ("long", "near", "out")) == 60
    assert (starts["busy"], starts["other"]) == (60, 0)


def test_a_provider_that_is_out_is_missed_by_who_calls() -> None:
    """A drill that sends nothing is held beside it, but for one that breaks the gateway meanwhile."""
    outage = Outage(part="provider-ollama", at_s=90, for_s=300, how="pause")
    kill = Outage(part="gateway", at_s=60, for_s=30, how="pause")
    silent = replace(make_drill("silent", 240), traffic=())
    killing = replace(make_drill("killing", 240, outages=(kill,)), traffic=())
    starts = list_starts([make_drill("out", 450, outages=(outage,)), silent, killing])
    assert starts == {"out": 0, "silent": 0, "killing": 450}


@pytest.mark.parametrize(
    ("at_s", "starts"),
    [(60, {"out": 0, "paged": 450}), (390, {"out": 300, "paged": 0})],
    ids=["early", "late"],
)
def test_an_alertmanager_is_out_when_that_costs_least(at_s: float, starts: dict[str, float]) -> None:
    """Whether who is paged comes before or after it, the run is as short as it can be."""
    outage = Outage(part="alertmanager", at_s=at_s, for_s=90, how="restart")
    assert list_starts([make_drill("out", 480, outages=(outage,)), make_drill("paged", 630)]) == starts


def test_a_drill_that_asks_for_a_better_clock_is_held_alone() -> None:
    """It begins a minute after the last of the others, and nobody begins before its end."""
    slow = replace(make_drill("slow", 60), max_speed=5.0)
    slower = replace(make_drill("slower", 90), max_speed=5.0)
    assert list_starts([slow, slower, make_drill("a", 30)]) == {"a": 0, "slower": 90, "slow": 240}


def test_a_long_queue_begins_before_a_long_drill_that_nobody_waits_for() -> None:
    """With room for the arrivals of one only, first comes what would otherwise end last."""
    queue = [make_drill(name, 60, "x", rate_per_s=3) for name in "abc"]
    alone = make_drill("alone", 90, rate_per_s=3)
    starts = list_starts([alone, *queue])
    assert starts == {"a": 0, "b": 60, "c": 120, "alone": 180}


def test_a_short_drill_takes_a_gap_that_a_longer_one_left() -> None:
    """A drill is placed between two others that use the same, where it fits."""
    late = replace(make_drill("late", 300, "x", "z"), lasts_s=150)
    drills = [make_drill("first", 90, "z"), late, make_drill("short", 75, "x")]
    assert list_starts(drills) == {"late": 0, "first": 150, "short": 150}


def test_arrivals_together_stay_below_the_bound() -> None:
    """A drill that would send too much beside the others starts when there is room."""
    drills = [make_drill("a", 60, rate_per_s=5), make_drill("b", 45, rate_per_s=5)]
    assert list_starts(drills) == {"a": 0, "b": 60}


def test_a_drill_beyond_the_bound_has_its_time_to_itself() -> None:
    """More than the bound is held all the same, but beside nobody who sends."""
    drills = [make_drill("a", 60, rate_per_s=1), make_drill("b", 45, rate_per_s=20), make_drill("c", 90)]
    assert list_starts(drills) == {"b": 0, "a": 45, "c": 0}


@given(
    st.lists(st.tuples(st.integers(1, 40), st.floats(0, 12), st.sets(st.sampled_from("xyz"))), max_size=12)
)
def test_no_instant_holds_drills_that_disturb_each_other(raw: list[tuple[int, float, set[str]]]) -> None:
    """Whatever the drills, users of one thing never overlap, and the arrivals stay within the bound."""
    drills = [
        make_drill(str(index), 15.0 * length, *uses, rate_per_s=rate)
        for index, (length, rate, uses) in enumerate(raw)
    ]
    placements = place(drills, 8.0)
    assert [placement.drill for placement in placements] == drills
    for at_s in {placement.start_s for placement in placements}:
        held = [placement.drill for placement in placements if placement.start_s <= at_s < placement.end_s]
        users = [name for drill in held for name in drill.uses]
        assert len(users) == len(set(users))
        rates = [drill.traffic[0].stages[0].rate_per_s for drill in held]
        assert sum(rates) <= max(8.0, *rates) + 1e-9


CATALOGUE = tuple(
    drill
    for drill in list_drills(override_values(()))
    if drill.max_speed is None and drill.alertmanagers == 1 and drill.name != "gatewayz-provider-disconnected"
)


def test_nobody_in_the_catalogue_is_held_while_what_it_needs_is_out() -> None:
    """Near misses alone are held beside an Alertmanager that is out, and nobody who sends beside all else."""
    placements = place(CATALOGUE)
    beside: dict[str, list[Drill]] = defaultdict(list)
    for own in placements:
        for outage in own.drill.outages:
            from_s = own.start_s + outage.at_s - 60
            to_s = own.start_s + outage.at_s + outage.for_s + 60
            beside[outage.part] += [
                other.drill
                for other in placements
                if other != own and other.start_s < to_s and other.end_s > from_s
            ]
    assert [drill.name for drill in beside["gateway"]] == []
    assert [drill.name for drill in beside["provider-ollama"] if drill.traffic] == []
    assert "mana_llm" not in {drill.system for drill in beside["scrapes:mana_llm"]}
    assert beside["alertmanager"]
    assert all(
        drill.expects and all(isinstance(expected, NearMiss | BlindRule) for expected in drill.expects)
        for drill in beside["alertmanager"]
    )


def test_the_catalogue_proves_rules_blind_before_their_metrics_have_a_past() -> None:
    """The p95 of all requests ever has to begin with hundreds of quick ones."""
    starts = list_starts(CATALOGUE)
    for first, many in (("gatewayz-latency-fires", 4), ("gatewayz-cache-fires", 5)):
        queue = [name for name in starts if name.startswith(first.removesuffix("fires"))]
        assert len(queue) == many
        assert min(queue, key=starts.__getitem__) == first


def test_all_drills_are_held_in_less_than_three_hours() -> None:
    """Of rule time; the longest queue alone is two hours and a half, the longest drill an hour and a half."""
    assert max(placement.end_s for placement in place(CATALOGUE)) <= 172 * 60


NOW = datetime(2026, 3, 29, 12, 34, 56, tzinfo=UTC)


def start_at(start_s: float, starts_at: str | None, name: str = "a") -> Placement:
    """Return a placed drill that begins at a time of day."""
    return Placement(drill=replace(make_drill(name, 600), starts_at=starts_at), start_s=start_s)


def test_the_calendar_shows_now_unless_a_drill_minds() -> None:
    """Without a drill that says when it starts, rule time 0 is now."""
    assert find_calendar([start_at(0, None), start_at(90, None)], NOW) == NOW
    assert find_calendar([], NOW) == NOW


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 100_000))
def test_a_drill_starts_at_its_time_of_day(hour: int, minute: int, start_s: int) -> None:
    """However late in the run it is held, the calendar shows its time as it starts, today."""
    placements = [start_at(0, None, "other"), start_at(start_s, f"{hour:02}:{minute:02}")]
    shown = find_calendar(placements, NOW) + timedelta(seconds=start_s)
    assert shown == NOW.replace(hour=hour, minute=minute, second=0, microsecond=0)


def test_drills_that_agree_share_a_calendar_and_others_are_refused() -> None:
    """Two drills may want the same calendar; that of two that do not cannot be had in one run."""
    agreed = [start_at(0, "06:50", "a"), start_at(600, "07:00", "b")]
    assert find_calendar(agreed, NOW) == NOW.replace(hour=6, minute=50, second=0)
    with pytest.raises(BadInput, match="a and b cannot be held in one run"):
        find_calendar([start_at(0, "06:50", "a"), start_at(600, "06:50", "b")], NOW)
