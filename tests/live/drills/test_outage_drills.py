"""Drills in which a part of the stack is out, held together on a real stack of the oldest generation.

All other drills would wait until the outages are over, so those are held in a run of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.held_drills import check_drill
from support.oldest_generation import DRILLS, check_nothing_fired_unasked, hold_on_oldest

from alertdrill.core.drill import Drill
from alertdrill.runner.live import FinishedRun

pytestmark = pytest.mark.long
DISTURBED = tuple(drill for drill in DRILLS if drill.outages)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedRun]:
    """Hold the drills, and let the stack stand."""
    with hold_on_oldest(DISTURBED, tmp_path_factory.mktemp("outages")) as run:
        yield run


@pytest.mark.parametrize("drill", DISTURBED, ids=lambda drill: drill.name)
def test_drill(held: FinishedRun, drill: Drill) -> None:
    """The drill's expectations are met, and Prometheus and the pager's journal say so themselves."""
    check_drill(held, drill)


def test_nothing_fired_unasked(held: FinishedRun) -> None:
    """No alert fired that no drill asked for."""
    check_nothing_fired_unasked(held)
