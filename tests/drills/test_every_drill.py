"""All drills, held together on a real stack of each supported generation; Prometheus is asked itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from whole_runs import make_order

from harness.api import Api
from harness.catalogue import list_drills, override_values
from harness.engines import Generation, find_engines
from harness.errors import BadInput
from harness.judge import find_unasked
from harness.model import Drill, Expectation, Expected, Grouped, Placement, Silence
from harness.run import Held, hold_open
from harness.stacks.embedded import EmbeddedSite

CONTAINERS_ONLY = {"gatewayz-provider-disconnected"}
CLUSTER_ONLY = {"paging-pair", "paging-pair-one-killed"}
"""They are held in test_cluster_drills.py."""
DRILLS = tuple(
    drill for drill in list_drills(override_values(())) if drill.name not in CONTAINERS_ONLY | CLUSTER_ONLY
)


@pytest.fixture(scope="module", params=list(Generation), ids=str)
def held(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """Hold all drills at the speed that this machine bears, and let the stack stand."""
    engines = find_engines(os.environ, generation=request.param)
    out = tmp_path_factory.mktemp(f"drills-{request.param}") / "out"
    with hold_open(make_order(DRILLS, engines, out), lambda _state: None) as run:
        assert run.record.doubts == ()
        yield run


def find_placement(held: Held, drill: Drill) -> Placement:
    """Return when a drill was held."""
    return next(place for place in held.record.placements if place.drill == drill)


def count_firing(held: Held, drill: Drill, expected: Expected) -> float:
    """Ask Prometheus for how many evaluations an alert fired while its drill was held.

    A rule that is blind from some instant on may have fired before.
    """
    place = find_placement(held, drill)
    labels = {"alertname": expected.alert, "alertstate": "firing", **expected.labels}
    matchers = ",".join(f'{name}="{value}"' for name, value in labels.items())
    since_s = expected.after_s if isinstance(expected, Silence) else 0.0
    range_ms = round((drill.lasts_s - since_s) / held.clock.speed * 1000)
    prometheus = Api("prometheus", held.stack.endpoints.prometheus)
    series: list[Any] = prometheus.query(
        "/api/v1/query",
        query=f"sum(count_over_time(ALERTS{{{matchers}}}[{range_ms}ms]))",
        time=f"{held.clock.wall_s(place.end_s):.3f}",
    )
    return float(series[0][1][0][1]) if series else 0.0


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_drill(held: Held, drill: Drill) -> None:
    """The drill's expectations are met, and Prometheus itself says what fired and what did not."""
    verdict = next(verdict for verdict in held.record.verdicts if verdict.drill == drill.name)
    assert [finding.evidence for finding in verdict.findings if finding.outcome != "met"] == []
    for expected in drill.expects:
        fired = count_firing(held, drill, expected)
        assert (fired > 0) == isinstance(expected, Expectation | Grouped)


def test_all_others_need_containers_or_a_cluster(held: Held) -> None:
    """Drills that this stack cannot be put through are refused, and are no others than these."""
    site = EmbeddedSite(engines=find_engines(os.environ), ports={})
    refused = {drill.name for drill in list_drills(override_values(())) if site.find_obstacle(drill)}
    assert refused == CONTAINERS_ONLY | CLUSTER_ONLY
    with pytest.raises(BadInput, match="--stack compose"):
        held.stack.begin_outage("gateway", "disconnect")


def test_nothing_fired_unasked(held: Held) -> None:
    """No alert fired that no drill asked for."""
    assert find_unasked(held.record.placements, held.record.timeline) is None
    assert held.record.exit_code == 0
