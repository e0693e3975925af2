"""What a run is asked to hold, and what the stack is made of for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from alertdrill.alertmanager.calendar import Calendar, write_zones
from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.core.clock import Clock
from alertdrill.core.drill import Drill
from alertdrill.core.rule import AlertRule
from alertdrill.judging.clock_fidelity import Bounds
from alertdrill.recording.store import Store
from alertdrill.rules.files import RuleFile
from alertdrill.rules.leaving_out import leave_out
from alertdrill.rules.panels import Dashboard
from alertdrill.rules.threshold_rules import make_value_rules
from alertdrill.runner.speeds import SPEEDS
from alertdrill.runner.target import Target
from alertdrill.stacks import Setup, Site

FindUnfit = Callable[[Mapping[str, str]], Mapping[str, str]]
RECORDING = "recording.om.gz"
"""What a run recorded, in the folder of its reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to hold, where and with what; without a `speed`, calibration finds the highest of `speeds`.

    The `dashboards` are asked what they showed, for the report. With `workers`, that many processes send the
    traffic; otherwise one does.
    """

    drills: tuple[Drill, ...]
    rules: tuple[RuleFile, ...]
    recorded: tuple[RuleFile, ...] = ()
    """Rules whose series are recorded, evaluated or not; those of `rules` if there are none."""
    dashboards: tuple[Dashboard, ...] = ()
    site: Site
    alertmanager: AlertmanagerConfig
    out: Path
    """The folder that has `logs`, and the recording unless `recording` says where it is written."""
    recording: Path | None = None
    speed: float | None = None
    speeds: tuple[float, ...] = SPEEDS
    quiet_lead_s: float = 0.0
    """Rule time without traffic before the first drill, after which every rule has to be at rest."""
    quiet_lead_why: str = ""
    """Which rule makes it so long, and why that one counts."""
    warm_up_wall_s: float = 0.0
    """Wall time before the quiet lead, in which a few calls of every scenario make its series exist."""
    rests_s: Mapping[str, float] = field(default_factory=dict)
    """For how long before a drill, by its name, nobody may have what it uses."""
    unfit: Mapping[str, str] = field(default_factory=dict)
    """Why alerts are wrong at any speed but 1, by name; they are evaluated at speed 1 only."""
    find_unfit: FindUnfit | None = None
    """Tells what `unfit` is by the types of metrics, which are known only once the gateway runs."""
    calls_within_wall_s: Mapping[str, float] = field(default_factory=dict)
    """How long a provider takes at most to answer calls of drills, by name, where that is known."""
    timed: frozenset[str] = frozenset()
    """Drills of alerts that read how long calls take, by name, where that is wall time at any speed."""
    target: Target | None = None
    """How calls are made, where the gateway is somebody's own."""
    scenario_files: tuple[Path, ...] = ()
    """Scenarios that are not alertdrill's own, or folders with such."""
    seed: int = 1
    workers: int = 0
    bounds: Bounds = field(default_factory=Bounds)
    promtool: Path | None = None
    """What replays the run's recording; without it the recording is only made."""
    store: Store | None = None
    """Where to read what happened, instead of from the stack's Prometheus."""
    calendar: datetime | None = None
    """What the calendar of Alertmanager's time intervals shows at rule time 0; see `find_calendar`."""

    @property
    def alerts(self) -> tuple[AlertRule, ...]:
        """All alerts of the rules."""
        return tuple(rule for file in self.rules for rule in file.alerts)


def make_order_at(order: Order, speed: float) -> Order:
    """Return an order as it can be held at a speed: without the rules that are right at speed 1 only.

    What they did at another speed would say nothing, yet they would page, and inhibit other pages. What they
    read is recorded all the same, so that the rules as they are can be judged on the recording.
    """
    if speed == 1 or order.site.subject.keeps_rule_time:
        return order
    return replace(order, rules=leave_out(order.rules, order.unfit), recorded=order.rules)


def make_setup(order: Order, speed: float, calendar: Calendar, until_s: float) -> Setup:
    """Return what the stack is made of at this speed; raises BadRules for rules that cannot be dilated.

    As long as the run's origin is not known, its calendar begins now.
    """
    return Setup(
        speed=speed,
        rules=order.rules if order.store is None else (*order.rules, make_value_rules(order.alerts)),
        alertmanager=order.alertmanager,
        logs=order.out / "logs",
        zones=write_zones(
            order.alertmanager.document, Clock(speed=speed, origin_s=time.time()), calendar, until_s
        ),
    )


def describe_unfit(order: Order, speed: float) -> dict[str, str]:
    """Say which rules were left out at a speed, for the notes of a run."""
    if speed == 1 or not order.unfit:
        return {}
    return {"not evaluated at this speed": f"{', '.join(sorted(order.unfit))}: right at speed 1 only"}
