"""A drill leaves nothing behind that reaches the next one."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from alertdrill.core.drill import (
    BehaviourChange,
    Drill,
    LoadProfile,
    LoadStage,
    Maintenance,
    Outage,
    ReceiverFault,
)
from alertdrill.systems.drill_checks import check_drill

DRILL = Drill(name="d", system="s", traffic=(), expects=(), why="w", lasts_s=100)


def send(*changes: BehaviourChange, for_s: float) -> LoadProfile:
    """Return a load profile that starts with the second half of the drill's first minute."""
    stages = (LoadStage(duration_s=for_s, rate_per_s=1),)
    return LoadProfile(name="d", scenario="steady", start_s=30, stages=stages, changes=changes)


def told(at_s: float) -> BehaviourChange:
    """Return a change of a provider."""
    return BehaviourChange(at_s=at_s, provider="openai", behaviour={})


@pytest.mark.parametrize("over_s", [0, 1])
@pytest.mark.parametrize(
    ("done", "said"),
    [
        (lambda by_s: {"traffic": (send(told(by_s - 30), for_s=20),)}, "changes openai"),
        (lambda by_s: {"traffic": (send(for_s=by_s - 30),)}, "ends its traffic"),
        (
            lambda by_s: {"outages": (Outage(part="provider-x", at_s=10, for_s=by_s - 10, how="pause"),)},
            "brings provider-x back",
        ),
        (
            lambda by_s: {"faults": (ReceiverFault(receiver="r", at_s=10, for_s=by_s - 10, how="error"),)},
            "mends r",
        ),
        (
            lambda by_s: {"maintenance": (Maintenance(matchers={}, at_s=10, for_s=by_s - 10),)},
            "ends its maintenance",
        ),
    ],
)
def test_what_a_drill_does_is_over_when_it_ends(done, said: str, over_s: float) -> None:
    """As it ends is early enough."""
    drill = replace(DRILL, **done(100 + over_s))
    if not over_s:
        assert check_drill(drill) is drill
        return
    with pytest.raises(ValueError, match=re.escape(f"d {said} at 101 s, and lasts 100 s")):
        check_drill(drill)
