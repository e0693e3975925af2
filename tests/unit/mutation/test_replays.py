"""Replays that are held once, for whoever asks for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.mutated_hour import make_both

from alertdrill.errors import AlertdrillError
from alertdrill.mutation.replays import Held, replay_grounds
from alertdrill.runtime.binaries import Engines

NOWHERE = Path("/nowhere/promtool")


def test_what_was_held_is_not_held_again(engines: Engines) -> None:
    """A second question needs no promtool, and has the same answer as alone."""
    held = Held()
    both = make_both()
    first = replay_grounds(both, engines.promtool, lambda _: None, held)
    assert replay_grounds(both, NOWHERE, lambda _: None, held) == first
    alone = replay_grounds(both[1:], engines.promtool, lambda _: None)
    assert replay_grounds(both[1:], NOWHERE, lambda _: None, held) == alone


def test_values_that_nobody_wanted_are_asked_for(engines: Engines) -> None:
    """A replay without an alert's values does not answer for a drill that wants them."""
    held = Held()
    ground, _ = make_both()
    poor = replace(ground, has_values=False)
    (without,) = replay_grounds([poor], engines.promtool, lambda _: None, held)
    (given,) = replay_grounds([replace(ground, has_values=True)], engines.promtool, lambda _: None, held)
    assert not isinstance(without, AlertdrillError)
    assert not isinstance(given, AlertdrillError)
    assert len(given.timeline.curves) > len(without.timeline.curves)
