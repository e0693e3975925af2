"""The table of stalls: each part x how long x when x each kind of drill, put into judged records.

Whatever comes of a stall, no rule is blamed for it, nothing is taken for met that the stall contradicts, and
what has borne the stall is met all the same. So it is with several short stalls that add up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support.stall_worlds import (
    ENDS_S,
    FIRES_S,
    KINDS,
    PHASES,
    RESOLVES_S,
    SPEED,
    World,
    list_worlds,
    make_drill,
    make_good,
)

from alertdrill.core.drill import Outage, Placement
from alertdrill.core.timeline import Stall
from alertdrill.judging.could_not_tell import Calls, Evidence, weigh
from alertdrill.judging.judge import find_unexpected, judge, select_for_drill
from alertdrill.judging.notifications import PAGE_WITHIN_S
from alertdrill.reports import RunRecord

PARTS = (
    "gateway",
    "prometheus",
    "alertmanager",
    "pager",
    "provider-anthropic",
    "provider-groq",
    "locust",
    "guard",
)
"""Of the providers, the drills call anthropic and nobody calls groq; nobody asks the guard for an outage."""
STOPS_WALL_S = (0.5, 1.0, 2.0, 5.0, 15.0)
BEARS_S = 40.0
"""What traffic may stand still for where all came as expected."""


def weigh_world(
    kind: str, world: World, *stalls: Stall, outages: tuple[Outage, ...] = ()
) -> tuple[bool, RunRecord]:
    """Judge a drill in a world; return whether it was met, and what a run leaves that weighed its stalls."""
    placement = Placement(drill=replace(make_drill(kind), outages=outages), start_s=0.0)
    verdicts = [judge(placement.drill, select_for_drill(placement, [placement], world.timeline))]
    unexpected = find_unexpected([placement], world.timeline)
    if unexpected is not None and kind != "quiet":
        verdicts.append(unexpected)
    profile = Calls(planned=260, lost=0, lateness_s=world.lateness_s, slowest_s=())
    evidence = Evidence(
        stalls=stalls, calls={"calls": profile}, reaches_s={"Slow": 360.0}, providers=("anthropic", "groq")
    )
    record = RunRecord(
        placements=(placement,),
        timeline=world.timeline,
        verdicts=weigh(verdicts, [placement], evidence),
        rules=(),
        wall_s=1.0,
        started_at=datetime(2025, 11, 3, tzinfo=UTC),
    )
    return all(verdict.outcome == "met" for verdict in verdicts), record


def contradicts(kind: str, part: str, stall: Stall) -> bool:
    """Return whether what is seen as expected might owe that to the stall."""
    if part in {"provider-groq", "guard"}:
        return False  # nobody calls it
    if part in {"alertmanager", "pager"} or (part == "prometheus" and stall.lasted_s <= BEARS_S):
        if kind != "inhibited":
            return kind == "paging" and stall.lasted_s > PAGE_WITHIN_S and _overlaps(stall)
        before_s, after_s = stall.from_s - FIRES_S, RESOLVES_S - stall.until_s
        return max(before_s, after_s) < PAGE_WITHIN_S
    is_before_the_end = kind in {"near miss", "quiet"} or stall.from_s < RESOLVES_S
    return stall.lasted_s > BEARS_S and is_before_the_end


def _overlaps(stall: Stall) -> bool:
    return stall.from_s < RESOLVES_S and stall.until_s > FIRES_S


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", PARTS)
def test_no_stall_is_a_rules_fault(part: str, kind: str) -> None:
    """Never exit 1, never a met that the stall contradicts, and exit 0 for what has borne it."""
    assert weigh_world(kind, World(said="good", timeline=make_good(kind)))[1].exit_code == 0
    for stop_wall_s in STOPS_WALL_S:
        for phase, from_s in PHASES.items():
            until_s = min(from_s + stop_wall_s * SPEED, ENDS_S)
            stall = Stall(part=part, from_s=from_s, until_s=until_s)
            for world in list_worlds(kind, part, from_s, until_s - from_s):
                is_met, record = weigh_world(kind, world, stall)
                row = f"{kind}, {part} for {stop_wall_s} s {phase}: {world.said}: {record.verdicts}"
                if is_met:
                    assert record.exit_code == (3 if contradicts(kind, part, stall) else 0), row
                else:
                    assert record.exit_code == 3, row


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "parts",
    [
        ("gateway", "gateway"),
        ("provider-anthropic", "gateway"),
        ("locust", "prometheus"),
        ("alertmanager", "alertmanager"),
        ("alertmanager", "pager"),
        ("prometheus", "pager"),
        ("prometheus", "alertmanager", "pager"),
        ("locust", "provider-anthropic", "gateway", "prometheus"),
    ],
    ids=" ".join,
)
def test_short_stalls_add_up(parts: tuple[str, ...], kind: str) -> None:
    """Each is borne, and what they cost together is more than a rule can be blamed for: never exit 1.

    Four of nine seconds are borne by what came as expected, as scrapes may be as far apart.
    """
    for phase, from_s in PHASES.items():
        stalls = tuple(
            Stall(part=part, from_s=from_s + 20 * number, until_s=from_s + 20 * number + 9)
            for number, part in enumerate(parts)
        )
        for world in list_worlds(kind, parts[-1], from_s, stalls[-1].until_s - from_s):
            world = replace(world, lateness_s=0.0)
            is_met, record = weigh_world(kind, world, *stalls)
            row = f"{kind}, {parts} {phase}: {world.said}: {record.verdicts}"
            assert record.exit_code == (0 if is_met else 3), row
            if not is_met:
                assert {weigh_world(kind, world, stall)[1].exit_code for stall in stalls} == {1}, row


@pytest.mark.parametrize("kind", KINDS)
def test_many_short_stalls_are_no_proof(kind: str) -> None:
    """Fourteen seconds of every twenty are a part that was hardly there: what came as expected is no proof.

    But of a page: that came, or more than one, whatever was in the way.
    """
    for part in ("gateway", "prometheus", "provider-anthropic", "locust"):
        stalls = [Stall(part=part, from_s=at_s, until_s=at_s + 8.5) for at_s in range(400, 500, 20)]
        is_met, record = weigh_world(kind, World(said="good", timeline=make_good(kind)), *stalls)
        assert is_met
        assert record.exit_code == 3, record.verdicts


@pytest.mark.parametrize("kind", KINDS)
def test_stalls_that_are_far_apart_do_not_add_up(kind: str) -> None:
    """A hiccup now and then, of any part, makes no run doubtful: met is met, and broken is broken."""
    stalls = [
        Stall(part=part, from_s=at_s, until_s=at_s + 8.5)
        for at_s, part in zip((-900.0, -500.0, -100.0, 210.0, 520.0, 830.0, 1140.0), PARTS, strict=False)
    ]
    assert weigh_world(kind, World(said="good", timeline=make_good(kind)), *stalls)[1].exit_code == 0
    for world in list_worlds(kind, "gateway", PHASES["before firing"], 10.0):
        is_met, record = weigh_world(kind, world, *stalls)
        assert record.exit_code == (0 if is_met else 1), (world.said, record.verdicts)


@pytest.mark.parametrize("kind", KINDS)
def test_a_guard_that_stalls_as_an_outage_begins_or_ends_is_no_rules_fault(kind: str) -> None:
    """The outage comes, or goes, that much later; in between, nobody asks the guard for anything."""
    outages = (Outage(part="provider-anthropic", at_s=300.0, for_s=120.0, how="stop"),)
    for world in list_worlds(kind, "provider-anthropic", PHASES["before firing"], 60.0):
        for from_s, is_felt in ((295.0, True), (415.0, True), (330.0, False), (100.0, False)):
            stall = Stall(part="guard", from_s=from_s, until_s=from_s + 60.0)
            is_met, record = weigh_world(kind, world, stall, outages=outages)
            expected = 3 if is_felt else int(not is_met)
            assert record.exit_code == expected, (world.said, from_s, record.verdicts)


@pytest.mark.parametrize("kind", KINDS)
def test_a_scrape_that_was_missed_is_no_rules_fault(kind: str) -> None:
    """It ends all series of a system at once; another system's scrapes decide nothing."""
    missed = Stall(part="scrapes:metis", from_s=450.0, until_s=465.0)
    others = replace(missed, part="scrapes:mantis")
    assert weigh_world(kind, World(said="good", timeline=make_good(kind)), missed)[1].exit_code == 0
    for world in list_worlds(kind, "gateway", PHASES["before firing"], 10.0):
        is_met, record = weigh_world(kind, world, missed)
        assert record.exit_code == (0 if is_met else 3), (world.said, record.verdicts)
        assert weigh_world(kind, world, others)[1].exit_code == (0 if is_met else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_rule_stays_unmet_whatever_else_stalled(kind: str) -> None:
    """A provider that nobody calls, a stall shorter than a scrape, one that came too late: exit 1 stays."""
    worlds = [
        world
        for world in list_worlds(kind, "gateway", PHASES["before firing"], 10.0)
        if not weigh_world(kind, world)[0]
    ]
    assert worlds != []
    for world in worlds:
        for stall in (
            Stall(part="provider-groq", from_s=0.0, until_s=1400.0),
            Stall(part="provider-anthropic", from_s=450.0, until_s=458.0),
            Stall(part="gateway", from_s=1600.0, until_s=1700.0),
            Stall(part="alertmanager", from_s=1600.0, until_s=1700.0),
        ):
            assert weigh_world(kind, world, stall)[1].exit_code == 1, (world.said, stall)
