"""Drills, held together on a real stack of the oldest supported generation; Prometheus is asked itself.

Those with outages, for which others make way, are held in test_outage_drills.py, in half the time of all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from support.held_drills import check_drill
from support.oldest_generation import (
    CLUSTER_ONLY,
    CONTAINERS_ONLY,
    DRILLS,
    check_nothing_fired_unasked,
    hold_on_oldest,
)

from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput
from alertdrill.runner.live import FinishedRun
from alertdrill.runtime.binaries import find_engines
from alertdrill.stacks.embedded import EmbeddedSite
from alertdrill.systems.catalogue import list_drills, override_values

pytestmark = (
    pytest.mark.alone
)  # many drills at once: beside other stacks the clock is doubted, and all is held again
UNDISTURBED = tuple(drill for drill in DRILLS if not drill.outages)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedRun]:
    """Hold the drills, and let the stack stand."""
    with hold_on_oldest(UNDISTURBED, tmp_path_factory.mktemp("drills")) as run:
        yield run


@pytest.mark.parametrize("drill", UNDISTURBED, ids=lambda drill: drill.name)
def test_drill(held: FinishedRun, drill: Drill) -> None:
    """The drill's expectations are met, and Prometheus and the pager's journal say so themselves."""
    check_drill(held, drill)


def test_all_others_need_containers_or_a_cluster(held: FinishedRun) -> None:
    """Drills that this stack cannot be put through are refused, and are no others than these."""
    site = EmbeddedSite(engines=find_engines(os.environ), ports={})
    refused = {drill.name for drill in list_drills(override_values(())) if site.find_obstacle(drill)}
    assert refused == CONTAINERS_ONLY | CLUSTER_ONLY
    with pytest.raises(BadInput, match="no local process can be put out by"):
        held.stack.begin_outage("gateway", "disconnect")


def test_nothing_fired_unasked(held: FinishedRun) -> None:
    """No alert fired that no drill asked for."""
    check_nothing_fired_unasked(held)
