"""Drills that are held on a stack of the oldest supported generation, and what is asked of their run.

All are held by `make drill`, on the newest one. Here, as on containers (tests/live/compose), it is the
fewest that do everything once, or all with EVERY=1. Those that want a low speed are held in
tests/live/drills/test_slow_drills.py, those of a cluster in test_cluster_drills.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alertdrill.core.drill import Drill
from alertdrill.judging.judge import find_unexpected
from alertdrill.runner.live import FinishedRun
from alertdrill.runtime.binaries import Generation, find_engines
from alertdrill.systems.catalogue import list_drills, override_values
from support.drill_subset import choose_held
from support.held_orders import hold_open_until_told, make_order

CONTAINERS_ONLY = {"gatewayz-provider-disconnected"}
CLUSTER_ONLY = {"paging-pair", "paging-pair-one-killed"}
DRILLS = choose_held(
    drill
    for drill in list_drills(override_values(()))
    if drill.name not in CONTAINERS_ONLY | CLUSTER_ONLY and drill.max_speed is None
)


@contextmanager
def hold_on_oldest(drills: tuple[Drill, ...], folder: Path) -> Iterator[FinishedRun]:
    """Hold drills at the speed that this machine bears, and let the stack stand; nothing may be doubted."""
    engines = find_engines(os.environ, generation=Generation.OLDEST)
    with hold_open_until_told(make_order(drills, engines, folder / "out")) as run:
        assert run.record.doubts == (), run.record.doubts
        yield run


def check_nothing_fired_unasked(held: FinishedRun) -> None:
    """Hold that no alert fired that no drill asked for, and that the run is a success."""
    assert find_unexpected(held.record.placements, held.record.timeline) is None
    assert held.record.exit_code == 0
