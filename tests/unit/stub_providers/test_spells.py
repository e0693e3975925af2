"""Spells come when they were told, and make calls worse."""

from __future__ import annotations

import pytest

from stub_providers.behaviour import Asked, Behaviour, Decision, Engine
from stub_providers.distributions import Constant
from stub_providers.flaws import Flaw
from stub_providers.spells import Spell
from stub_providers.strikes import Every, Next, OneError, Share

ALL_FAIL = OneError(error="server_error", when=Share(share=1.0))
STALLS = Flaw(kind="stall", when=Every(every=1), for_s=5.0)


def decide(engine: Engine, now_s: float) -> Decision:
    """Decide a call at an instant."""
    return engine.decide(Asked(model="m"), now_s=now_s)


@pytest.mark.parametrize(
    ("spell", "within", "without"),
    [
        (Spell(for_s=10), (0, 9.9), (10, 500)),
        (Spell(after_s=60, for_s=10), (60, 69.9), (0, 59.9, 70)),
        (Spell(for_s=10, every_s=100), (0, 109, 1_005), (10, 99, 110)),
        (Spell(after_s=5, for_s=10, every_s=100), (5, 14, 105), (4, 15, 104)),
    ],
)
def test_a_spell_has_its_times(spell: Spell, within: tuple[float, ...], without: tuple[float, ...]) -> None:
    """Once, or again and again."""
    assert all(spell.find_turn(age_s) is not None for age_s in within)
    assert all(spell.find_turn(age_s) is None for age_s in without)


def test_a_spell_begins_when_it_is_told() -> None:
    """Whatever the clock says then."""
    engine = Engine("seed")
    engine.tell("m", Behaviour(spells=(Spell(after_s=10, for_s=10, errors=ALL_FAIL),)), now_s=1_000.0)
    errors = [decide(engine, now_s).error for now_s in (1_009, 1_010, 1_019, 1_020)]
    assert errors == [None, "server_error", "server_error", None]


def test_a_brown_out_is_slow() -> None:
    """So many times as slow as otherwise, each part of it."""
    spell = Spell(for_s=10, slowdown=5.0)
    engine = Engine("seed", Behaviour(latency=Constant(s=2), first_token=Constant(s=1), spells=(spell,)))
    slow, usual = decide(engine, 0.0), decide(engine, 10.0)
    assert (slow.latency_s, slow.first_token_s, slow.spells) == (10.0, 5.0, 1)
    assert (usual.latency_s, usual.first_token_s, usual.spells) == (2.0, 1.0, 0)


def test_each_turn_of_a_spell_counts_anew() -> None:
    """The next calls that fail are those of each burst."""
    spell = Spell(for_s=10, every_s=100, errors=OneError(error="rate_limit", when=Next(count=1)))
    engine = Engine("seed", Behaviour(spells=(spell,)))
    errors = [decide(engine, now_s).error for now_s in (0, 1, 50, 100, 101)]
    assert errors == ["rate_limit", None, None, "rate_limit", None]


def test_a_spells_flaw_takes_the_place_of_the_behaviours_own() -> None:
    """And gives it back."""
    own = Flaw(kind="reset", when=Every(every=1))
    engine = Engine("seed", Behaviour(flaw=own, spells=(Spell(for_s=10, flaw=STALLS),)))
    assert (decide(engine, 0).flaw, decide(engine, 10).flaw) == (STALLS, own)


def test_what_fails_has_no_flaw() -> None:
    """There is no answer to have one."""
    engine = Engine("seed", Behaviour(errors=ALL_FAIL, flaw=STALLS))
    assert (decide(engine, 0).error, decide(engine, 0).flaw) == ("server_error", None)
