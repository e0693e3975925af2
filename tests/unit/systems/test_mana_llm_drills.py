"""What is peculiar to mana-llm's drills: shares that all move, and what they know of the gateway."""

from __future__ import annotations

from itertools import pairwise

import pytest
from support.drill_arithmetic import find_faults
from support.simulated_mana_llm import CATALOGUE, MANA_LLM, read_alerts, simulate

from alertdrill.core.drill import Placement
from alertdrill.errors import BadInput
from alertdrill.rules.values import Values
from alertdrill.runner.schedule import place
from alertdrill.systems.catalogue import override_values
from alertdrill.systems.mana_llm import drills as mana_llm
from alertdrill.systems.mana_llm.drills.load import (
    DEFAULT,
    FIRST_FALLBACK,
    LATENCY_BOUNDS_S,
    STILLNESS,
)
from alertdrill.systems.mana_llm.surface import LATENCY_BUCKETS_S

SHIPPED_VALUES = override_values(())["mana_llm"]


def make_values(settings: str) -> Values:
    """Return mana-llm's values with some changed."""
    return override_values([f"mana_llm.{setting}" for setting in settings.split()])["mana_llm"]


def test_drills_hold_beside_the_quiet_drill() -> None:
    """The quiet drill's traffic moves no share far enough to matter, where the two may be held together."""
    quiet, *others = (drill for drill in mana_llm.make_drills(SHIPPED_VALUES) if not drill.outages)
    beside = simulate(quiet)
    for drill in others:
        if STILLNESS not in drill.uses:
            attempts = sorted(simulate(drill) + beside, key=lambda attempt: attempt.ended_s)
            readings = read_alerts(drill, attempts, SHIPPED_VALUES)
            assert list(find_faults(drill, readings, MANA_LLM)) == []


def test_drills_that_move_the_same_shares_are_held_one_after_another() -> None:
    """All share the denominators; the quiet drill only stays away from the one that needs stillness."""
    held: dict[str, Placement] = {one.drill.name: one for one in place(mana_llm.make_drills(SHIPPED_VALUES))}
    quiet = held.pop("mana_llm-quiet")
    spans = sorted((one.start_s, one.end_s) for one in held.values())
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert held["mana_llm-near-for"].start_s >= quiet.end_s
    assert spans[-1][1] <= 150 * 60


@pytest.mark.parametrize("setting", ["threshold=4", "threshold=130"])
def test_latencies_that_cannot_be_told_apart_are_refused(setting: str) -> None:
    """Where the histogram or the gateway's own time would decide, a sentence takes the drill's place."""
    with pytest.raises(BadInput, match="llmSlowResponses"):
        mana_llm.make_drills(make_values(f"llmSlowResponses.{setting}"))


def test_what_the_drills_know_of_the_gateway_is_so() -> None:
    """Buckets and routing are those of the surface and of models.yml."""
    assert LATENCY_BOUNDS_S == LATENCY_BUCKETS_S
    policy = CATALOGUE.find_policy("mana_llm")
    assert policy.global_default is not None
    assert (policy.global_default.id, policy.fallbacks[0].id) == (DEFAULT, FIRST_FALLBACK)
