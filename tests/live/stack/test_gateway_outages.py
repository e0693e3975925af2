"""Outages of the gateway on a real stack: `up` falls, its alert fires or only waits, all else is whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.held_orders import hold_until_told, make_order

from alertdrill.core.drill import Drill, LoadProfile, LoadStage, Outage
from alertdrill.core.expectation import Expectation, NearMiss
from alertdrill.errors import BadInput
from alertdrill.rules.files import parse_rules
from alertdrill.runner.live import hold
from alertdrill.runner.order import Order
from alertdrill.runtime.binaries import Engines

RULES = """
groups:
  - name: outage
    rules:
      - alert: GatewayDown
        expr: up{job="metis-gateway"} == 0
        for: 90s
        labels: {severity: critical, system: metis}
"""
LABELS = {"job": "metis-gateway"}
FIRES = Expectation(
    alert="GatewayDown",
    labels=LABELS,
    fires_after_s=150,
    fires_within_s=270,
    receiver="metis-page",
    resolves_within_s=420,
)
WAITS = NearMiss(alert="GatewayDown", labels=LABELS, reaches=0.0, pending=True)


def make_drill(name: str, expected: Expectation | NearMiss, outage: Outage, lasts_s: float) -> Drill:
    """Return a drill of steady traffic with one outage of the gateway, which ends before the traffic does."""
    profile = LoadProfile(
        name=name,
        scenario="outage",
        start_s=0,
        stages=(LoadStage(duration_s=outage.at_s + outage.for_s + 60, rate_per_s=0.1),),
        options={"models": ["openai:gpt-4o"], "key": name},
    )
    return Drill(
        name=name,
        system="metis",
        traffic=(profile,),
        expects=(expected,),
        why="",
        lasts_s=lasts_s,
        outages=(outage,),
    )


def order_outages(engines: Engines, out: Path, *drills: Drill) -> Order:
    """Return an order to hold drills on the one rule."""
    return make_order(drills, engines, out, rules=(parse_rules(RULES, "outage.yml"),))


def test_an_outage_is_noticed_and_the_run_is_trusted(engines: Engines, tmp_path: Path) -> None:
    """A pause shorter than the `for` stays pending; a killed gateway pages, and comes back on its port."""
    drills = (
        # A scrape that begins late in a pause is answered when it is over; what the one before it saw must
        # stand until an evaluation: three intervals, and something for being late.
        make_drill("pause", WAITS, Outage(part="gateway", at_s=120, for_s=55, how="pause"), lasts_s=270),
        make_drill("restart", FIRES, Outage(part="gateway", at_s=120, for_s=200, how="kill"), lasts_s=540),
    )
    record = hold_until_told(order_outages(engines, tmp_path / "out", *drills))
    assert [(verdict.drill, verdict.outcome) for verdict in record.verdicts] == [
        ("pause", "met"),
        ("restart", "met"),
    ]
    assert record.doubts == ()


def test_an_unknown_part_is_refused(engines: Engines, tmp_path: Path) -> None:
    """A drill that puts out what the stack does not have is bad input, not an outage."""
    drill = make_drill("nobody", FIRES, Outage(part="nobody", at_s=1, for_s=1, how="pause"), lasts_s=60)
    with pytest.raises(BadInput, match="no part 'nobody'"):
        hold(order_outages(engines, tmp_path / "out", drill), lambda _state: None)
