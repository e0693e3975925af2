"""What Mantis's runbook says of its rules and no drill shows, shown with promtool's own rule tests."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.whole_runs import ROOT, run_tool

from alertdrill.runtime.binaries import Generation, find_engines

RULES = ROOT / "harness" / "alertdrill" / "systems" / "mantis" / "rules.yml"
RUN_COUNT = 'mantis_run_duration_seconds_count{tenant_id="t",model="m",status="%s"}'
REJECTIONS = 'mantis_rate_limit_rejections_total{tenant_id="t",kind="%s"}'


def ask(tmp_path: Path, generation: Generation, series: dict[str, str], expr: str, at: str) -> str:
    """Have promtool evaluate an expression over the rules' alerts; return what it says of it."""
    case = {
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": f"count({expr})", "eval_time": at, "exp_samples": [{"labels": "{}", "value": 1}]}
        ],
    }
    path = tmp_path / "test.yml"
    path.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "15s", "tests": [case]}))
    return run_tool(find_engines(os.environ, generation=generation).promtool, "test", "rules", str(path))


@pytest.mark.parametrize("generation", list(Generation), ids=str)
def test_kinds_of_refusals_are_compared_each_by_itself(tmp_path: Path, generation: Generation) -> None:
    """0.4/s of each kind for an hour are 0.8/s, and no alert was even pending."""
    series = {REJECTIONS % kind: "0+6x240" for kind in ("rate", "concurrent")}
    silent = 'absent(count_over_time(ALERTS{alertname="MantisRateLimitChronic"}[1h]))'
    both = "sum(rate(mantis_rate_limit_rejections_total[10m])) > 0.79"
    assert "SUCCESS" in ask(tmp_path, generation, series, f"({silent}) and on() ({both})", "1h")


@pytest.mark.parametrize("generation", list(Generation), ids=str)
def test_two_failures_of_a_tenant_with_few_runs_fire(tmp_path: Path, generation: Generation) -> None:
    """One run every six minutes, two of which fail one after the other: it fires fifteen minutes later."""
    series = {
        RUN_COUNT % "failed": "1+0x40 2+0x23 3+0x80",
        RUN_COUNT % "succeeded": "5+0x87 6+0x23 7+0x23 8+0x23",
    }
    firing = 'ALERTS{alertname="MantisHighFailureRate",alertstate="firing",tenant_id="t"}'
    assert "SUCCESS" in ask(tmp_path, generation, series, firing, "25m30s")


@pytest.mark.parametrize("generation", list(Generation), ids=str)
def test_a_busy_tenant_fires_like_a_stuck_one(tmp_path: Path, generation: Generation) -> None:
    """A run ends at every scrape, and five are in flight at each: it fires all the same."""
    series = {'mantis_concurrent_runs{tenant_id="t"}': "5+0x240", RUN_COUNT % "succeeded": "0+1x240"}
    firing = 'ALERTS{alertname="MantisStuckConcurrency",alertstate="firing",tenant_id="t"}'
    assert "SUCCESS" in ask(tmp_path, generation, series, firing, "31m")


@pytest.mark.parametrize("generation", list(Generation), ids=str)
def test_spend_is_counted_once_as_a_series_comes_of_age(tmp_path: Path, generation: Generation) -> None:
    """A sum born with 60 USD and raised by 60 USD two minutes later fires for an hour, and no longer."""
    series = {'mantis_run_cost_usd_sum{tenant_id="t",model="m",status="succeeded"}': "_x4 60+0x7 120+0x480"}
    firing = 'ALERTS{alertname="MantisCostBudgetSpike",alertstate="firing",tenant_id="t"}'
    assert "SUCCESS" in ask(tmp_path, generation, series, firing, "3m30s")
    assert "SUCCESS" in ask(tmp_path, generation, series, firing, "1h")
    assert "SUCCESS" in ask(tmp_path, generation, series, f"absent({firing})", "1h2m")
