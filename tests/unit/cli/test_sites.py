"""Which drills of a run are left out, or refused, and at which speed the others are held."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alertdrill.cli.commands import run as run_command
from alertdrill.cli.commands import run_holding
from alertdrill.cli.main import cli
from alertdrill.cli.options.sites import find_obstacles, find_slowest
from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.reports import RunRecord
from alertdrill.runner.order import Order
from alertdrill.stacks.compose.site import ComposeSite

QUICK = Drill(name="quick", system="s", traffic=(), expects=(), why="", lasts_s=1)
SLOW = Drill(name="slow", system="s", traffic=(), expects=(), why="", lasts_s=1, max_speed=5)
BOTH = (QUICK, SLOW)
SITE: Any = SimpleNamespace(find_obstacle=lambda _: None)
NEAR_P99 = "inference-latency-near-threshold"
LOW_SPEED = {NEAR_P99, "gatewayz-errors-after-outage"}
CLUSTER = {"paging-pair", "paging-pair-one-killed"}


@pytest.mark.parametrize(("names", "speed"), [((), None), ((), 60.0), ((), 5.1)])
def test_a_run_of_all_leaves_out_what_wants_a_lower_speed(
    names: tuple[str, ...], speed: float | None
) -> None:
    """It says with which option it would be held."""
    assert find_obstacles(BOTH, names, SITE, speed) == {
        "slow": "a pause of the machine would decide: --speed 5"
    }


@pytest.mark.parametrize(("names", "speed"), [((), 5.0), ((), 1.0), (("slow",), None), (("slow",), 5.0)])
def test_a_speed_that_suits_or_a_name_is_enough(names: tuple[str, ...], speed: float | None) -> None:
    """Who names it has it held at its own speed."""
    assert find_obstacles(BOTH, names, SITE, speed) == {}


def test_a_named_drill_is_refused_at_too_high_a_speed() -> None:
    """Nobody could trust the verdict."""
    with pytest.raises(BadInput, match=r"slow cannot be held: .*--speed 5"):
        find_obstacles(BOTH, ("slow", "quick"), SITE, 60.0)


def test_the_slowest_drill_says_the_speed_of_the_run() -> None:
    """Unless there is none: then calibration does."""
    assert find_slowest(BOTH) == 5
    assert find_slowest((QUICK,)) is None


class Orders:
    """Takes the orders of runs, and holds none."""

    def __init__(self) -> None:
        self.taken: list[Order] = []

    def take(self, order: Order, _show: object) -> RunRecord:
        """Note an order, and end as a run does of which nobody can tell how it came out."""
        self.taken.append(order)
        raise CouldNotTell("not held")


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Orders:
    """Stand in an empty folder, and hold nothing."""
    taken = Orders()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_holding, "hold", taken.take)
    return taken


def invoke(*arguments: str) -> Result:
    """Run `alertdrill run`, whose run is not held."""
    result = CliRunner().invoke(cli, ("run", *arguments))
    assert isinstance(result.exception, CouldNotTell), result.output
    return result


def list_left_out(result: Result) -> set[str]:
    """Return the drills that a run said it leaves out, those of one reason in a line."""
    lines = [line for line in result.stderr.splitlines() if line.startswith("left out: ")]
    return {name for line in lines for name in line.split(": ")[1].split(", ")}


def test_the_near_miss_of_a_p99_is_held_at_speed_5_when_it_is_named(orders: Orders) -> None:
    """It is the run's only drill, and nothing is left out."""
    result = invoke(NEAR_P99)
    (order,) = orders.taken
    assert ([drill.name for drill in order.drills], order.speed) == ([NEAR_P99], 5.0)
    assert "left out" not in result.stderr


def test_a_run_of_the_catalogue_says_what_it_leaves_out(orders: Orders) -> None:
    """Those that want a low speed, a cluster or containers are left out; calibration finds the speed."""
    result = invoke()
    (order,) = orders.taken
    out = list_left_out(result)
    assert out == {*LOW_SPEED, "gatewayz-provider-disconnected", *CLUSTER}
    assert out.isdisjoint(drill.name for drill in order.drills)
    assert len(order.drills) > 100
    assert order.speed is None
    assert f"left out: {NEAR_P99}: a pause of the machine would decide: --speed 5" in result.stderr


def test_containers_leave_out_a_cluster_and_a_low_speed(
    orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """compose.yaml has one Alertmanager, and a Prometheus whose config nobody changes."""
    project: Any = SimpleNamespace(find=dict)
    monkeypatch.setattr(run_command, "find_site", lambda *_: ComposeSite(project=project, is_inside=False))
    result = invoke("--stack", "compose")
    out = list_left_out(result)
    assert out == {*LOW_SPEED, *CLUSTER, "mana_llm-down-unlisted"}
    assert out.isdisjoint(drill.name for drill in orders.taken[0].drills)
