"""Tests of the drills that tests hold live: they do all that the catalogue does, and none is too many."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drill_subset import choose_held, choose_subset, find_missing, list_features

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile, Maintenance, Outage, ReceiverFault
from alertdrill.core.expectation import BlindRule, Delivery, Expectation, Grouped, NearMiss, Suppressed
from alertdrill.judging.coverage import make_coverage
from alertdrill.rules.files import read_rules
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import list_drills, override_values

DRILLS = list_drills(override_values(()))
SUBSET = choose_subset(DRILLS)
BARE = Drill(name="bare", system="metis", traffic=(), expects=(), why="", lasts_s=600)
FIRES = Expectation(alert="A", labels={}, fires_within_s=9, receiver="metis-page", resolves_within_s=9)
NEAR = NearMiss(alert="A", labels={}, reaches=0.9, pending=False)


def send(*scenarios: str, lasts_s: float = 60) -> Drill:
    """Return a drill, named by its scenarios, that fires nothing anew."""
    profiles = tuple(LoadProfile(name=one, scenario=one, start_s=0, stages=()) for one in scenarios)
    return replace(BARE, name="".join(scenarios), traffic=profiles, expects=(FIRES,), lasts_s=lasts_s)


def list_names(*drills: Drill) -> list[str]:
    """Return which of these drills the subset has."""
    return [drill.name for drill in choose_subset(drills)]


def test_the_subset_does_all_that_the_catalogue_does() -> None:
    """Every feature of any drill is one of a drill in the subset."""
    assert find_missing(SUBSET, DRILLS) == []
    assert len(SUBSET) < 0.6 * len(DRILLS)


@pytest.mark.parametrize("drill", SUBSET, ids=lambda drill: drill.name)
def test_no_drill_of_the_subset_can_be_left_out(drill: Drill) -> None:
    """Without it, something would not be held."""
    assert find_missing([other for other in SUBSET if other != drill], DRILLS)


def test_the_subset_fires_every_alert_of_the_coverage() -> None:
    """What the catalogue claims to fire, receivers' kinds too, is claimed by the subset."""
    paths = [path for system in find_systems() for path in (system.rules_path, *system.edition_paths)]
    rules = [rule for path in paths for rule in read_rules(path).alerts]

    def list_fired(drills: tuple[Drill, ...]) -> set[tuple[str, str | None]]:
        cells = make_coverage(rules, drills).cells
        claims = {cell.claim for cell in cells if cell.drills}
        fired: set[tuple[str, str | None]] = {(claim.alert, None) for claim in claims if claim.hop == "fires"}
        return fired | {("", claim.integration) for claim in claims if claim.integration}

    assert list_fired(SUBSET) == list_fired(DRILLS)
    assert len(list_fired(SUBSET)) > 30


def test_the_subset_misses_in_every_way_in_every_system() -> None:
    """Each system has a quiet drill and nearly misses a threshold, and a `for`."""
    done = {feature for drill in SUBSET for feature in list_features(drill)}
    for system in find_systems():
        assert {
            f"is a quiet one of {system.name}",
            f"nearly misses a threshold in {system.name}",
            f"nearly misses a `for` in {system.name}",
        } <= done


@pytest.mark.parametrize(
    ("change", "feature"),
    [
        ({"expects": (replace(FIRES, suppressed=Suppressed(why="muted")),)}, "mutes a page"),
        ({"expects": (replace(FIRES, suppressed=Suppressed(why="inhibited")),)}, "inhibits a page"),
        ({"expects": (replace(FIRES, suppressed=Suppressed(why="silenced")),)}, "silences a page"),
        ({"expects": (replace(FIRES, suppressed=Suppressed(why="refused")),)}, "refuses a page for good"),
        (
            {"expects": (replace(FIRES, deliveries=(Delivery(receiver="r", integration="email"),)),)},
            "pages by email",
        ),
        ({"expects": (FIRES,)}, "fires A"),
        ({"expects": (replace(FIRES, alert="BAsWritten"),)}, "fires a rule of metis as it was written"),
        ({"expects": (NEAR,)}, "nearly misses a threshold in metis"),
        ({"expects": (replace(NEAR, pending=True),)}, "nearly misses a `for` in metis"),
        (
            {"expects": (replace(NEAR, reaches=0.0),)},
            "nearly misses an alert whose value does not move in metis",
        ),
        ({"expects": (BlindRule(alert="A", labels={}),)}, "shows a rule of metis to be blind"),
        ({"expects": ()}, "is a quiet one of metis"),
        (
            {
                "expects": (
                    Grouped(
                        alert="A",
                        labels={},
                        alerts=2,
                        fires_within_s=9,
                        resolves_within_s=9,
                        receiver="r",
                        integration="slack",
                    ),
                )
            },
            "pages for several alerts at once",
        ),
        (
            {"outages": (Outage(part="gateway", at_s=1, for_s=1, how="kill"),)},
            "has gateway out: kill",
        ),
        (
            {"faults": (ReceiverFault(receiver="r", at_s=1, for_s=1, how="tls"),)},
            "has a receiver with a certificate that nobody trusts",
        ),
        ({"maintenance": (Maintenance(matchers={}, at_s=1, for_s=1),)}, "gives Alertmanager a silence"),
        ({"starts_at": "06:50"}, "is held at a time of day"),
        ({"alertmanagers": 2}, "is held on a cluster of Alertmanagers"),
        ({"max_speed": 5.0}, "asks for a better clock"),
        ({"traffic": send("burst").traffic}, "sends burst"),
        (
            {
                "traffic": (
                    replace(
                        send("burst").traffic[0],
                        changes=(
                            BehaviourChange(at_s=0, provider="p", behaviour={"errors": {"class": "timeout"}}),
                        ),
                    ),
                )
            },
            "has a provider fail with timeout",
        ),
        (
            {
                "traffic": (
                    replace(
                        send("burst").traffic[0],
                        changes=(BehaviourChange(at_s=0, provider="p", behaviour={"listening": False}),),
                    ),
                )
            },
            "has a provider not listen",
        ),
    ],
)
def test_what_nobody_does_is_said_in_words(change: dict[str, object], feature: str) -> None:
    """A subset without a drill lacks what that drill alone does."""
    drill = replace(BARE, **change)  # type: ignore[arg-type] - fields of all types
    assert feature in list_features(drill)
    assert f"no drill in the subset {feature}" in find_missing([], [drill])


def test_few_drills_are_better_than_short_ones_and_short_ones_than_long_ones() -> None:
    """One that does two things stands for two; of two that do the same, the shorter is held."""
    assert list_names(send("a"), send("b"), send("a", "b", lasts_s=900)) == ["ab"]
    assert list_names(send("a", lasts_s=90), replace(send("a", lasts_s=60), name="short")) == ["short"]
    assert list_names() == []


def test_the_fewest_are_found_where_taking_the_most_first_would_not() -> None:
    """The drill that does most is left out when the two others do everything."""
    greedy, left, right = send("b", "c", "d", "e"), send("a", "b", "c"), send("d", "e", "f")
    assert list_names(greedy, left, right) == ["abc", "def"]


@given(st.lists(st.tuples(st.sets(st.sampled_from("abcdefg"), min_size=1), st.integers(1, 9)), max_size=8))
def test_any_drills_are_covered_by_as_few_as_can_be(raw: list[tuple[set[str], int]]) -> None:
    """No smaller choice does everything, and none of as many is shorter."""
    drills = [
        replace(send(*sorted(scenarios), lasts_s=length), name=str(index))
        for index, (scenarios, length) in enumerate(raw)
    ]
    subset = choose_subset(drills)
    choices = [
        [drill for index, drill in enumerate(drills) if number >> index & 1]
        for number in range(1 << len(drills))
    ]
    covering = [choice for choice in choices if not find_missing(choice, drills)]
    least = min((len(choice), sum(drill.lasts_s for drill in choice)) for choice in covering)
    assert (len(subset), sum(drill.lasts_s for drill in subset)) == least
    assert find_missing(subset, drills) == []


def test_every_drill_is_held_where_that_is_asked_for() -> None:
    """`EVERY=1` leaves out none."""
    assert choose_held(DRILLS, every=True) == DRILLS
    assert choose_held(DRILLS, every=False) == SUBSET
