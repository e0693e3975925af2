"""An hour in which a queue is deep, with rules and drills, on which mutants are tried."""

from __future__ import annotations

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import Expectation, Expected, NearMiss
from alertdrill.mutation.grounds import Ground, make_recorded_ground
from alertdrill.recording.recording import RecordedSeries, Recording
from alertdrill.rules.files import RuleFile, parse_rules
from support.stranger import LASTS_S, make_series

RULES = parse_rules(
    """\
groups:
- name: queues
  rules:
  - {record: queue:depth, expr: sum by (queue) (depth)}
  - {alert: Deep, expr: "queue:depth > 100", for: 2m, labels: {system: metis, severity: critical}}
  - {alert: Low, expr: level > 3}
  - {alert: Absent, expr: absent(depth)}
""",
    "rules.yml",
)
DEEP = Expectation(
    alert="Deep",
    labels={},
    fires_after_s=700,
    fires_within_s=740,
    receiver="metis-page",
    resolves_within_s=1220,
)
NEAR = NearMiss(alert="Low", labels={}, reaches=0.6, reaches_at_most=0.95, pending=False)


def make_hour(*more: RecordedSeries, deep: float = 150.0, selectors: tuple[str, ...] = ()) -> Recording:
    """Return an hour in which a queue is deep for ten minutes, and the level is 2.5."""
    depth = make_series("depth", lambda at_s: deep if 600 <= at_s < 1200 else 0.0, queue="a")
    series = (depth, make_series("level", lambda _: 2.5), *more)
    return Recording(name="hour", start_ms=0, end_ms=LASTS_S * 1000, selectors=selectors, series=series)


def make_ground(
    *expects: Expected, name: str = "hour", hour: Recording | None = None, rules: RuleFile = RULES
) -> Ground:
    """Return a drill of the whole hour."""
    drill = Drill(name=name, system="own", why="w", traffic=(), expects=expects, lasts_s=LASTS_S - 60.0)
    return make_recorded_ground((Placement(drill=drill, start_s=0.0),), hour or make_hour(), (rules,))


def make_both() -> tuple[Ground, Ground]:
    """Return a drill of each of two alerts."""
    return make_ground(DEEP, name="deep"), make_ground(NEAR, name="near", hour=make_hour(deep=0.0))
