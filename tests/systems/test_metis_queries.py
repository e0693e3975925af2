"""What is wrong with the seed's queries, shown by promtool on samples as Metis's surface makes them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.plain_yaml import parse_yaml, read_yaml
from support.whole_runs import METIS_RULES

from alertdrill.rules.values import parse_values, render_rules, switch_on
from alertdrill.runtime.binaries import Engines, Generation, find_engines

FOLDER = METIS_RULES.parent
QUERIES = {query["name"]: query for query in read_yaml(FOLDER / "queries.yml")}
PAIR = 'provider="openai",model="gpt-4o"'
HEALTHY: Mapping[str, str] = {
    f'metis_llm_calls_total{{{PAIR},status="ok"}}': "0+3x60",
    f'metis_llm_calls_total{{{PAIR},status="timeout"}}': "0+1x60",
    f'metis_llm_call_errors_total{{{PAIR},error_class="timeout"}}': "0+1x60",
    'metis_gateway_auth_failures_total{reason="missing_token"}': "0+1x60",
    'metis_gateway_auth_failures_total{reason="invalid_token"}': "0+1x60",
    'metis_gateway_auth_failures_total{reason="key_revoked"}': "0+1x60",
}
"""Samples every 15 s: one call in four fails, and each reason has a fifteenth of a failure a second."""
BEYOND: Mapping[str, str] = {
    f'metis_llm_call_latency_seconds_bucket{{{PAIR},le="{bound}"}}': "0+0x60" for bound in ("60", "120")
} | {f'metis_llm_call_latency_seconds_bucket{{{PAIR},le="+Inf"}}': "0+10x60"}
"""No call ends within 120 s."""


@pytest.fixture(params=list(Generation), ids=str)
def each_engines(request: pytest.FixtureRequest) -> Engines:
    """Return the engines of each supported generation."""
    return find_engines(os.environ, generation=request.param)


def run_promtool(engines: Engines, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Return what promtool says and whether it is content."""
    return subprocess.run(
        [engines.promtool, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def check_rules(engines: Engines, path: Path) -> subprocess.CompletedProcess[str]:
    """Have promtool read a rule file."""
    return run_promtool(engines, "check", "rules", str(path))


def evaluate(
    engines: Engines, folder: Path, expr: str, series: Mapping[str, str], expected: list[dict[str, Any]]
) -> None:
    """Hold an expression, 15 minutes into these samples, against its expected samples."""
    case = {"expr": expr, "eval_time": "15m", "exp_samples": expected}
    test = {
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [case],
    }
    path = folder / "test.yml"
    path.write_text(json.dumps({"evaluation_interval": "15s", "tests": [test]}))
    finished = run_promtool(engines, "test", "rules", str(path))
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_the_seeds_ratio_of_counters_matches_nothing(each_engines: Engines, tmp_path: Path) -> None:
    """F-METIS-7: error_class on one side and status on the other never match; sums by pair do."""
    query = QUERIES["error-share"]
    evaluate(each_engines, tmp_path, query["as_written"], HEALTHY, [])
    share = [{"labels": f"{{{PAIR}}}", "value": 0.25}]
    evaluate(each_engines, tmp_path, query["expr"], HEALTHY, share)


def test_the_seeds_rate_of_failures_is_one_for_each_reason(each_engines: Engines, tmp_path: Path) -> None:
    """F-METIS-8: what the threshold is tuned by is a third of what the alert compares with it."""
    query = QUERIES["auth-failure-rate"]
    by_reason = [
        {"labels": f'{{reason="{reason}"}}', "value": 20 / 300}
        for reason in ("invalid_token", "key_revoked", "missing_token")
    ]
    evaluate(each_engines, tmp_path, query["as_written"], HEALTHY, by_reason)
    evaluate(each_engines, tmp_path, query["expr"], HEALTHY, [{"labels": "{}", "value": 0.2}])


def test_the_seeds_p99_is_no_expression(each_engines: Engines, tmp_path: Path) -> None:
    """F-METIS-6: promtool refuses the words, and reads the expression that they mean."""
    query = QUERIES["latency-p99"]
    for expr, code in ((query["as_written"], 1), (query["expr"], 0)):
        path = tmp_path / "rules.yml"
        path.write_text(json.dumps({"groups": [{"name": "g", "rules": [{"record": "r", "expr": expr}]}]}))
        assert check_rules(each_engines, path).returncode == code


def test_p99_never_reads_more_than_the_last_bound(each_engines: Engines, tmp_path: Path) -> None:
    """F-METIS-9: when no call ends within 120 s, p99 reads 120: a threshold of 120 s or more never fires."""
    expr = QUERIES["latency-p99"]["expr"]
    labels = f"{{{PAIR}}}"
    evaluate(each_engines, tmp_path, expr, BEYOND, [{"labels": labels, "value": 120}])
    evaluate(each_engines, tmp_path, f"{expr} > 120", BEYOND, [])


def test_every_query_and_panel_is_read_by_promtool(each_engines: Engines, tmp_path: Path) -> None:
    """Both generations parse everything that the operators are given."""
    values = parse_values((FOLDER / "values.yml").read_text(), "values.yml")
    panels = read_yaml(FOLDER / "panels.yml")
    exprs = [query["expr"] for query in QUERIES.values()]
    for panel in (panel for row in panels["rows"] for panel in row["panels"]):
        exprs += [query["expr"] for query in panel["queries"]]
    for key, alert in values.alerts.items():
        exprs = [expr.replace(f"${{{key}.window}}", alert.settings["window"]) for expr in exprs]
    path = tmp_path / "rules.yml"
    rules = [{"record": f"r:{number}", "expr": expr} for number, expr in enumerate(exprs)]
    path.write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}))
    checked = check_rules(each_engines, path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_seeds_rules_are_right_as_written(each_engines: Engines, tmp_path: Path) -> None:
    """All four load and are kept as their authors wrote them: there is nothing to keep beside them."""
    values = parse_values((FOLDER / "values.yml").read_text(), "values.yml")
    rendered = render_rules((FOLDER / "rules.tmpl.yml").read_text(), switch_on(values), "rules.tmpl.yml")
    (group,) = parse_yaml(rendered)["groups"]
    written = {rule["alert"]: " ".join(rule["expr"].split()) for rule in group["rules"]}
    assert written == {
        "MetisLLMCallLatencyP99High": "histogram_quantile(0.99, sum by (provider, model, le) "
        "(rate(metis_llm_call_latency_seconds_bucket[5m])) ) > 30",
        "MetisLLMErrorRateHigh": "sum by (provider, model) (rate(metis_llm_call_errors_total[10m])) / "
        "sum by (provider, model) (rate(metis_llm_calls_total[10m])) > 0.05",
        "MetisGatewayAuthFailureRateHigh": "sum(rate(metis_gateway_auth_failures_total[5m])) > 0.1",
        "MetisGatewayKeyCostSpike": "sum by (gateway_key_id) ( "
        'rate(metis_gateway_key_cost_usd_total{gateway_key_id!="null"}[1h]) * 3600 ) > 10',
    }
    path = tmp_path / "rules.yml"
    path.write_text(rendered)
    assert check_rules(each_engines, path).returncode == 0


def test_every_alert_has_one_panel() -> None:
    """The dashboard shows each alert's value against its threshold, once."""
    panels = read_yaml(FOLDER / "panels.yml")
    alerts = [panel["alert"] for row in panels["rows"] for panel in row["panels"] if "alert" in panel]
    values = parse_values((FOLDER / "values.yml").read_text(), "values.yml")
    assert sorted(alerts) == sorted(values.alerts)
