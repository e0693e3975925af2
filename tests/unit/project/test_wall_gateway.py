"""The classes of rules, held against what promtool makes of a simulated gateway at speed 1 and faster."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from support.promtool_values import World, evaluate_worlds

from alertdrill.project.explaining import classify
from alertdrill.rules.files import parse_rules
from alertdrill.runtime.binaries import Engines

SPEED = 12
STEP_S = 15
UNTIL_S = 45 * 60
ASKED_AT = "40m"
RATE_PER_S = 0.4
CALL_S = 12.0
"""In wall time, at any speed."""
RESTARTED_S = 20 * 60.0
"""In rule time."""

EXPRESSIONS = [
    "sum(rate(failed_total[5m])) / sum(rate(requests_total[5m]))",
    "rate(requests_total[5m])",
    "increase(spend_usd_total[10m])",
    "histogram_quantile(0.9, rate(latency_seconds_bucket[5m]))",
    "rate(latency_seconds_sum[5m]) / rate(latency_seconds_count[5m])",
    "rate(latency_seconds_sum[5m])",
    "provider_state",
    "changes(process_start_time_seconds[30m])",
    "rate(gpu_busy_seconds_total[5m]) / rate(requests_total[5m])",
    "time() - timestamp(provider_state)",
    "rate(process_cpu_seconds_total[5m])",
    "process_uptime_seconds",
    "deriv(process_uptime_seconds[10m])",
    "time() - process_start_time_seconds",
    "last_success_age_seconds",
    "requests_in_flight",
    "avg_over_time(requests_in_flight[5m])",
]


def count_arrived(rule_s: float) -> int:
    """Return how many calls have begun; they come at the same rule time at any speed."""
    return max(0, math.floor(rule_s * RATE_PER_S) + 1)


def make_world(speed: float) -> World:
    """Return what the gateway's metrics are, on rule time, and the questions."""

    def count_ended(rule_s: float) -> int:
        return count_arrived(rule_s - CALL_S * speed)

    def since_restart_s(rule_s: float) -> float:
        """Return the wall time since the restart, or since before the beginning."""
        return (rule_s - RESTARTED_S) / speed if rule_s >= RESTARTED_S else 500 + rule_s / speed

    metrics: dict[str, Callable[[float], float]] = {
        "requests_total": count_ended,
        "failed_total": lambda rule_s: count_ended(rule_s) * 0.1,
        "spend_usd_total": lambda rule_s: count_ended(rule_s) * 0.01,
        'latency_seconds_bucket{le="10"}': lambda _: 0,
        'latency_seconds_bucket{le="30"}': count_ended,
        'latency_seconds_bucket{le="+Inf"}': count_ended,
        "latency_seconds_sum": lambda rule_s: count_ended(rule_s) * CALL_S,
        "latency_seconds_count": count_ended,
        "gpu_busy_seconds_total": lambda rule_s: count_ended(rule_s) * 3,
        "process_cpu_seconds_total": lambda rule_s: rule_s / speed * 0.5,
        "provider_state": lambda rule_s: 1 + (rule_s >= RESTARTED_S),
        "process_uptime_seconds": since_restart_s,
        "process_start_time_seconds": lambda rule_s: rule_s / speed - since_restart_s(rule_s),
        "last_success_age_seconds": since_restart_s,
        "requests_in_flight": lambda rule_s: count_arrived(rule_s) - count_ended(rule_s),
    }

    def write(find: Callable[[float], float]) -> str:
        return " ".join(repr(float(find(instant))) for instant in range(0, UNTIL_S + STEP_S, STEP_S))

    return World(
        interval=f"{STEP_S}s",
        evaluation_interval=f"{STEP_S}s",
        series={name: write(find) for name, find in metrics.items()},
        questions=[(expr, ASKED_AT) for expr in EXPRESSIONS],
        until_s=UNTIL_S,
    )


@pytest.fixture(scope="module")
def answers(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[float, float]]:
    """Return the value of each expression at speed 1, and at the higher one."""
    folder: Path = tmp_path_factory.mktemp("wall") / "worlds"
    found = evaluate_worlds(engines, folder, [make_world(1), make_world(SPEED)])
    slow, fast = ([float(answer.split()[-1]) for answer in one] for one in found)
    return dict(zip(EXPRESSIONS, zip(slow, fast, strict=True), strict=True))


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_a_rule_is_exact_if_its_value_is_the_same(expr: str, answers: dict[str, tuple[float, float]]) -> None:
    """And only then: what is classed otherwise is far from what it is at speed 1."""
    rules = [{"alert": "A", "expr": f"{expr} > 1"}]
    file = parse_rules(json.dumps({"groups": [{"name": "g", "rules": rules}]}), "rules.yml")
    slow, fast = answers[expr]
    is_same = math.isclose(slow, fast, rel_tol=0.02)
    assert is_same == (classify(file.alerts[0], (), [file]).kind == "exact"), (slow, fast)
    assert is_same or not math.isclose(slow, fast, rel_tol=0.3)
