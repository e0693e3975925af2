"""Mantis's drills of runs that hold a tenant's cap."""

from __future__ import annotations

import math
from collections.abc import Iterator

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.errors import BadInput
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import slow
from alertdrill.systems.drill_building.near import near_for, near_threshold
from alertdrill.systems.drill_building.traffic import change
from alertdrill.systems.mantis.drills.load import AS_WRITTEN, MANTIS, SLACK_S, label_tenant, send_as

STUCK = "MantisStuckConcurrency"
MODEL = "openai:o3-deep-research"
MOST_RUNS = 5
"""How many runs of a tenant may be in flight."""
STEP_S = 90.0
"""A slow step, well below the 120 s after which the gateway gives a call up."""
FULL_S = 40.0
"""When all runs have started."""


def make_stuck_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of runs that do not end; raises BadInput for more than may be in flight."""
    runs, for_s = math.ceil(values.threshold), values.for_s
    if not 2 <= runs <= MOST_RUNS:
        raise BadInput(f"stuckConcurrency.threshold: there are drills from 2 to {MOST_RUNS}, not for {runs}")
    long_steps = math.ceil((for_s + 2.5 * SLACK_S) / STEP_S)
    short_steps = math.floor((for_s - 2.5 * SLACK_S) / STEP_S)
    # Steps take a little longer than the provider does: what the gateway adds, at each.
    over_s = FULL_S + long_steps * (STEP_S + 4)

    name = "mantis-stuck-fires"
    yield MANTIS.drill(
        name,
        "A tenant's runs hold its whole cap for longer than the `for`; further runs are refused.",
        _hold(name, runs, long_steps, (for_s - 60, 0.02)),
        expects=MANTIS.fires(
            STUCK,
            label_tenant(name),
            between_s=(for_s + 30, for_s + FULL_S + SLACK_S),
            resolves_within_s=over_s + SLACK_S,
        ),
    )
    name = "mantis-stuck-near-threshold"
    yield MANTIS.drill(
        name,
        "One run fewer, for as long.",
        _hold(name, runs - 1, long_steps),
        # Runs are whole: the value is this share of the threshold, neither more nor less.
        expects=near_threshold(
            STUCK,
            label_tenant(name),
            reaches=0.95 * (runs - 1) / values.threshold,
            at_most=1.05 * (runs - 1) / values.threshold,
        ),
        lasts_s=over_s,
    )
    name = "mantis-stuck-near-for"
    yield MANTIS.drill(
        name,
        "The whole cap, released some minutes before the `for` is over.",
        _hold(name, runs, short_steps),
        expects=near_for(STUCK, label_tenant(name), over_s=(short_steps * STEP_S - SLACK_S, for_s - 60)),
        lasts_s=for_s + SLACK_S,
    )
    yield _make_one_peak()


def _make_one_peak() -> Drill:
    name = "mantis-stuck-one-peak"
    return MANTIS.drill(
        name,
        "Five runs at once, all over after a minute and a half. The rule as written remembers that peak "
        "for an hour, and half an hour later it says that the tenant is stuck.",
        _hold(name, 5, 1),
        expects=(
            MANTIS.fires(
                STUCK + AS_WRITTEN,
                label_tenant(name),
                between_s=(1830, 1970),
                resolves_within_s=FULL_S + STEP_S + 3600 + SLACK_S,
            ),
            near_for(STUCK, label_tenant(name), over_s=(30, 180)),
        ),
    )


def _hold(name: str, runs: int, steps: int, *more: tuple[float, float]) -> LoadProfile:
    """Return `runs` runs of slow steps, started within seconds, and what is asked for after them."""
    stages = [(30.0, 0.0), (2.0 * runs, 0.5), *more]
    return send_as(name, "stuck_runs", stages, change(0, MODEL, slow(STEP_S)), models=[MODEL], steps=steps)
