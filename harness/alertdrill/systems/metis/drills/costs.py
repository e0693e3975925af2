"""Metis's drills of what a key spends."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.core.key_ids import NO_KEY
from alertdrill.errors import BadInput
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY
from alertdrill.systems.drill_building.estimates import sum_usd, to_hourly
from alertdrill.systems.drill_building.near import blind, near_for, near_threshold
from alertdrill.systems.drill_building.traffic import change, send
from alertdrill.systems.metis.drills.load import METIS, check_threshold

COST = "MetisGatewayKeyCostSpike"
MODEL = "anthropic:claude-3-opus"
USD_PER_MILLION = 75.0
"""What a million of its completion tokens cost; see models.yml."""
THRESHOLDS_USD = (0.5, 100.0)
LEAST_SURPLUS_S = 300.0


def make_cost_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of a key's costs; raises BadInput."""
    check_threshold(values, *THRESHOLDS_USD)
    threshold, window_s, for_s = values.threshold, values.window_s, values.for_s
    if window_s < for_s + LEAST_SURPLUS_S:
        raise BadInput(
            f"{values.key}.window must be {LEAST_SURPLUS_S:g} s longer than its for, to be drilled"
        )
    # 0.30 USD for every 10 USD that may be spent in a window: the calls are the same for every threshold.
    usd = 0.03 * threshold * window_s / 3600
    limit = f"{usd / 0.03:.2f} USD, which is {threshold:g} USD/hour over the window"

    name, stages = "metis-cost-fires", ((120, 1 / 40), (180, 0.25))
    yield METIS.drill(
        name,
        f"A key spends {sum_usd(stages[1:], usd):.2f} USD in three minutes, after two minutes of ordinary "
        f"use; allowed are {limit}. The operator, whose calls belong to no key, spends as much, and the rule "
        "leaves that out.",
        _spend(name, usd, *stages),
        _spend(f"{name}-no-key", usd, *stages, key=NO_KEY),
        expects=(
            METIS.fires(
                COST,
                _label_key(name),
                between_s=(180 + for_s, 360 + for_s),
                resolves_within_s=window_s + 240,
            ),
            blind(COST, _label_key(NO_KEY)),
        ),
    )
    name, load = "metis-cost-bulk-load", (120, 0.4)
    yield METIS.drill(
        name,
        f"A new key loads in bulk for two minutes, {sum_usd([load], usd):.2f} USD, and stops. It pages "
        f"minutes after the last call: on a rate over {window_s:g} s, a `for` of {for_s:g} s filters no "
        "burst, however short.",
        _spend(name, usd, load),
        expects=METIS.fires(
            COST,
            _label_key(name),
            between_s=(30 + for_s, 180 + for_s),
            resolves_within_s=window_s + 180,
        ),
    )
    name, stages = "metis-cost-near-threshold", ((900, 1 / 225), (300, 0.09))
    # The first call is not seen, since the key's counter is born with it.
    reaches = to_hourly(sum_usd(stages, usd) - usd, window_s) / threshold - 0.05
    yield METIS.drill(
        name,
        f"A key spends {sum_usd(stages, usd):.2f} USD inside the window; allowed are {limit}.",
        _spend(name, usd, *stages),
        expects=near_threshold(COST, _label_key(name), reaches=round(reaches, 2)),
        lasts_s=2100,
    )
    name = "metis-cost-near-for"
    yield METIS.drill(
        name,
        "Two spends that share the window for less than the `for` only. One burst cannot come near: once "
        "over, it stays over until it leaves the window.",
        _spend(name, usd, (60, 1 / 60), (30, 0), (60, 1 / 3), (window_s - for_s, 0), (60, 17 / 60)),
        expects=near_for(COST, _label_key(name), over_s=(for_s - 200, for_s - 15)),
        lasts_s=window_s + 360,
    )


def _label_key(key_id: str) -> dict[str, str]:
    return {"gateway_key_id": key_id}


def _spend(name: str, usd: float, *stages: tuple[float, float], key: str = "") -> LoadProfile:
    """Return calls that cost so much each, under a key named like the drill unless another is."""
    tokens = round(usd / USD_PER_MILLION * 1e6)
    told = change(0, MODEL, {**HEALTHY, "completion_tokens": tokens})
    return send(name, "cost_runaway", stages, [told], models=[MODEL], key=key or name, max_tokens=tokens)
