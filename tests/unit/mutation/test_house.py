"""Mutants of a rule of the house, on golden recordings: together, and each in the place of its rule."""

from __future__ import annotations

import pytest

from alertdrill.cli.commands.run_replay import make_book
from alertdrill.errors import AlertdrillError
from alertdrill.mutation.generating import Numbers, Wrongs, generate_mutants
from alertdrill.mutation.grounds import Ground, find_golden_grounds
from alertdrill.mutation.mutant import Mutant, Result
from alertdrill.mutation.replays import hold_replays
from alertdrill.mutation.trials import Trials, hold_baselines, make_single_job
from alertdrill.places import ROOT
from alertdrill.rules.files import RuleFile
from alertdrill.runner.golden.folder import FOLDER
from alertdrill.runner.rulebook import list_expected
from alertdrill.runtime.binaries import Engines
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import list_drills, override_values

ALERT = "MetisLLMErrorRateHigh"
EVERY = 4
"""Of so many mutants one is tried: a sample that takes seconds."""


def find_grounds() -> tuple[tuple[Ground, ...], RuleFile]:
    """Return the drills about an alert, and the file that it is in."""
    systems = find_systems()
    values = override_values((), systems)
    among = list_drills(values, systems)
    book = make_book(among, values, (), systems)
    drills = [drill for drill in among if ALERT in list_expected(drill) and drill.name.startswith("metis")]
    grounds = find_golden_grounds(ROOT / FOLDER, drills, among, book, {})
    return grounds, book.own["metis"][0]


@pytest.fixture(scope="module")
def sample() -> tuple[tuple[Ground, ...], tuple[Mutant, ...]]:
    """Return drills, and some mutants of the alert that they are about."""
    grounds, file = find_grounds()
    mutants = [one for one in generate_mutants((file,), Wrongs(), {}, Numbers()) if one.alerts == (ALERT,)]
    return grounds, tuple(mutants[::EVERY])


@pytest.fixture(scope="module")
def results(engines: Engines, sample: tuple[tuple[Ground, ...], tuple[Mutant, ...]]) -> dict[str, Result]:
    """Judge them as the command does."""
    grounds, mutants = sample
    met, unmet = hold_baselines(grounds, engines.promtool, lambda _: None)
    assert unmet == {}
    return Trials(met, engines.promtool).judge(mutants, lambda _: None)


def test_a_mutant_in_place_of_its_rule_is_judged_alike(
    engines: Engines, sample: tuple[tuple[Ground, ...], tuple[Mutant, ...]], results: dict[str, Result]
) -> None:
    """All rules are replayed as they are but for one: the gate would say the same of it."""
    grounds, mutants = sample
    by_name = {ground.drill.name: ground for ground in grounds}
    tried = [(mutant, by_name[name]) for mutant in mutants for name in results[mutant.id].tried]
    jobs = [make_single_job(mutant, ground, ground.near) for mutant, ground in tried]
    for (mutant, ground), replay in zip(
        tried, hold_replays(jobs, engines.promtool, lambda _: None), strict=True
    ):
        assert not isinstance(replay, AlertdrillError)
        is_killed = results[mutant.id].by == ground.drill.name
        assert (ground.judge(replay.timeline).outcome == "unmet") is is_killed, (mutant.id, ground.drill.name)


def test_the_sample_has_what_is_killed_and_what_survives(results: dict[str, Result]) -> None:
    """Otherwise the other test would say little."""
    assert {result.state for result in results.values()} == {"killed", "survived"}
