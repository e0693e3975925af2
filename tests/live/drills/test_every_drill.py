"""Drills, held together on a real stack of the oldest supported generation; Prometheus is asked itself.

All are held by `make drill`, on the newest one. Here, as on containers (tests/live/compose), it is the
fewest that do everything once, or all with EVERY=1.
Those that want a low speed are held in test_slow_drills.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from support.drill_subset import choose_held
from support.held_drills import check_drill
from support.held_orders import hold_open_until_told, make_order

from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput
from alertdrill.judging.judge import find_unexpected
from alertdrill.runner.live import FinishedRun
from alertdrill.runtime.binaries import Generation, find_engines
from alertdrill.stacks.embedded import EmbeddedSite
from alertdrill.systems.catalogue import list_drills, override_values

pytestmark = (
    pytest.mark.alone
)  # many drills at once: beside other stacks the clock is doubted, and all is held again
CONTAINERS_ONLY = {"gatewayz-provider-disconnected"}
CLUSTER_ONLY = {"paging-pair", "paging-pair-one-killed"}
"""They are held in test_cluster_drills.py."""
DRILLS = choose_held(
    drill
    for drill in list_drills(override_values(()))
    if drill.name not in CONTAINERS_ONLY | CLUSTER_ONLY and drill.max_speed is None
)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedRun]:
    """Hold the drills at the speed that this machine bears, and let the stack stand."""
    engines = find_engines(os.environ, generation=Generation.OLDEST)
    out = tmp_path_factory.mktemp("drills") / "out"
    with hold_open_until_told(make_order(DRILLS, engines, out)) as run:
        assert run.record.doubts == ()
        yield run


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_drill(held: FinishedRun, drill: Drill) -> None:
    """The drill's expectations are met, and Prometheus and the pager's journal say so themselves."""
    check_drill(held, drill)


def test_all_others_need_containers_or_a_cluster(held: FinishedRun) -> None:
    """Drills that this stack cannot be put through are refused, and are no others than these."""
    site = EmbeddedSite(engines=find_engines(os.environ), ports={})
    refused = {drill.name for drill in list_drills(override_values(())) if site.find_obstacle(drill)}
    assert refused == CONTAINERS_ONLY | CLUSTER_ONLY
    with pytest.raises(BadInput, match="--stack compose"):
        held.stack.begin_outage("gateway", "disconnect")


def test_nothing_fired_unasked(held: FinishedRun) -> None:
    """No alert fired that no drill asked for."""
    assert find_unexpected(held.record.placements, held.record.timeline) is None
    assert held.record.exit_code == 0
