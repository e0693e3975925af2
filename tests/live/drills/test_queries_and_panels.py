"""Every panel and every useful query, asked of a real Prometheus after twelve minutes of healthy traffic.

The quiet drills of all systems are held together, cut short, and the stack stands while each query is asked.
How well the run kept time does not matter: no drill is judged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.held_orders import make_order
from support.query_files import read_queries

from alertdrill.core.drill import LoadProfile
from alertdrill.recording.prometheus import read_range
from alertdrill.rules.files import EVALUATION_INTERVAL_S
from alertdrill.rules.panels import PanelThreshold
from alertdrill.rules.promql.expressions import parse, render, split_threshold, walk
from alertdrill.runner.live import FinishedRun, hold_open
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.http_client import Api
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import list_drills, override_values, read_dashboard

VALUES = override_values(())
LASTS_S = 720.0
"""Until each kind of traffic was there, mantis's bursts last."""
SPEED = 60.0


def cut_short(profile: LoadProfile) -> LoadProfile:
    """Return a load profile whose last stage, which is all of it for most, ends with the drill."""
    *stages, last = profile.stages
    left_s = LASTS_S - profile.start_s - sum(stage.duration_s for stage in stages)
    return replace(profile, stages=(*stages, replace(last, duration_s=min(last.duration_s, left_s))))


QUIET = tuple(
    replace(drill, lasts_s=LASTS_S, traffic=tuple(cut_short(profile) for profile in drill.traffic))
    for drill in list_drills(VALUES)
    if drill.name == f"{drill.system}-quiet"
)
DASHBOARDS = [read_dashboard(system, VALUES[system.name]) for system in find_systems()]
ASKED = [
    pytest.param(
        query.expr,
        query.empty_when_healthy,
        id=f"{dashboard.system}: {panel.title}" + (f" ({number})" if len(panel.queries) > 1 else ""),
    )
    for dashboard in DASHBOARDS
    for panel in dashboard.panels
    for number, query in enumerate(panel.queries, start=1)
] + [
    pytest.param(query.expr, query.empty_when_healthy, id=f"{system.name}: query {query.name}")
    for system in find_systems()
    for query in read_queries(system.queries_path)
]
THRESHOLDS = [
    pytest.param(panel.threshold, panel.title, id=panel.threshold.alert)
    for dashboard in DASHBOARDS
    for panel in dashboard.panels
    if panel.threshold is not None
]


@pytest.fixture(scope="module")
def held(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedRun]:
    """Hold the quiet drills of all systems, and let the stack stand."""
    out = tmp_path_factory.mktemp("quiet") / "out"
    with hold_open(make_order(QUIET, engines, out, speed=SPEED), lambda _state: None) as run:
        yield run


@pytest.fixture(scope="module")
def prometheus(held: FinishedRun) -> Api:
    """Return the Prometheus that watched the quiet drills."""
    return Api("prometheus", held.stack.endpoints.prometheus)


@pytest.fixture(scope="module")
def loaded(prometheus: Api) -> dict[str, str]:
    """Return the expression of each alert that Prometheus has loaded."""
    groups = prometheus.get("/api/v1/rules").json()["data"]["groups"]
    return {rule["name"]: rule["query"] for group in groups for rule in group["rules"]}


@pytest.mark.parametrize(("expr", "empty_when_healthy"), ASKED)
def test_healthy_traffic_gives_data(
    held: FinishedRun, prometheus: Api, expr: str, empty_when_healthy: str | None
) -> None:
    """Prometheus understands the expression and has numbers for it, unless it says why it has none."""
    until_s = held.record.timeline.until_s
    series = read_range(prometheus, held.clock, expr, 0.0, until_s, EVALUATION_INTERVAL_S)
    numbers = [value for _, points in series for _, value in points if not math.isnan(value)]
    assert bool(numbers) == (empty_when_healthy is None)


@pytest.mark.parametrize(("threshold", "title"), THRESHOLDS)
def test_prometheus_compares_with_the_panels_threshold(
    loaded: dict[str, str], threshold: PanelThreshold, title: str
) -> None:
    """The rule that Prometheus evaluates compares as its panel says, with the number that the panel shows."""
    splits = [split_threshold(render(node)) for node in walk(parse(loaded[threshold.alert]))]
    compared = [(split[1], split[2] * threshold.scale) for split in splits if split is not None]
    assert (threshold.op, pytest.approx(threshold.value)) in compared, title
