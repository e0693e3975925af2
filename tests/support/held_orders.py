"""Orders for runs in the test's own process, and how they are held.

They stand alone because they import all that a run does, which a test of a command need not.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.core.drill import Drill
from alertdrill.reports import RunRecord
from alertdrill.rules.files import RuleFile
from alertdrill.runner.live import FinishedRun, hold_open
from alertdrill.runner.order import Order
from alertdrill.runtime.binaries import Engines
from alertdrill.stacks.embedded import EmbeddedSite
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import list_dashboards, list_rules, override_values
from support.turnstile import open_turnstile
from support.whole_runs import SLOW_SPEED, change_held_again


def make_order(
    drills: tuple[Drill, ...],
    engines: Engines,
    out: Path,
    speed: float | None = None,
    rules: tuple[RuleFile, ...] = (),
) -> Order:
    """Return the order that `alertdrill run` makes for these drills, or on other rules."""
    values = override_values(())
    (out / "logs").mkdir(parents=True)
    return Order(
        drills=drills,
        rules=rules or list_rules(drills, values),
        dashboards=list_dashboards(drills, values),
        site=EmbeddedSite(engines=engines, ports={}),
        alertmanager=make_reference_config(system.name for system in find_systems()),
        out=out,
        speed=speed,
        promtool=engines.promtool,
    )


@contextmanager
def hold_open_until_told(order: Order) -> Iterator[FinishedRun]:
    """Hold drills in this process, and once more, alone and into a fresh folder, if any could not be told."""
    with hold_open(order, lambda _state: None) as held:
        # Where one drill is unmet, as some tests want it, the exit code says nothing of another's doubt.
        if not _list_doubts(held.record):
            yield held
            return
    change_held_again(str(_list_doubts(held.record)))
    shutil.rmtree(order.out)
    (order.out / "logs").mkdir(parents=True)
    with (
        open_turnstile().alone(),
        hold_open(replace(order, speed=SLOW_SPEED), lambda _state: None) as again,
    ):
        yield again


def _list_doubts(record: RunRecord) -> list[str]:
    return [*record.doubts, *(doubt for verdict in record.verdicts for doubt in verdict.doubts)]


def hold_until_told(order: Order) -> RunRecord:
    """Hold drills as `hold_open_until_told` does, and end the stack."""
    with hold_open_until_told(order) as held:
        return held.record
