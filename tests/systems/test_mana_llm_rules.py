"""What the source's expressions do, and what is shipped instead: Prometheus's own rule tester is asked."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import pytest
from support.mutants import list_mutants
from support.whole_runs import run_tool

from alertdrill.core.rule import AlertRule
from alertdrill.mutation.mutant import Result
from alertdrill.mutation.reasons import parse_survivors
from alertdrill.rules.files import read_rules
from alertdrill.rules.promql.expressions import split_threshold
from alertdrill.runtime.binaries import Engines
from alertdrill.systems import find_systems

(SYSTEM,) = [system for system in find_systems() if system.name == "mana_llm"]
RULES = {rule.name: rule for rule in read_rules(SYSTEM.rules_path).alerts}
(AS_WRITTEN,) = read_rules(SYSTEM.as_written_path).alerts

REQUESTS, ERRORS = "mana_llm_llm_requests_total", "mana_llm_llm_errors_total"
ERROR_RATE_AS_WRITTEN = f"sum(rate({ERRORS}[5m])) / (sum(rate({REQUESTS}[5m])) + 0.001) * 100"
ERROR_RATE = f"(sum(rate({ERRORS}[5m])) or vector(0)) / sum(rate({REQUESTS}[5m])) * 100"
DOWN_AS_WRITTEN = 'up{job="mana-llm"} == 0'
GONE = {'up{job="other"}': "1x40"}
ONE_IN_FIVE_MINUTES = "0x19 1x19 2x19 3x19 4x19"
"""A counter, scraped every 15 s, that moves once in five minutes."""


def ask(
    engines: Engines, folder: Path, series: dict[str, str], at: str, expr: str, *expected: tuple[str, float]
) -> None:
    """Hold promtool to the samples, as (labels, value), that an expression has at an instant."""
    test = {
        "rule_files": [],
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": expr,
                        "eval_time": at,
                        "exp_samples": [{"labels": labels, "value": value} for labels, value in expected],
                    }
                ],
            }
        ],
    }
    path = folder / "test.yml"
    path.write_text(json.dumps(test))
    assert "SUCCESS" in run_tool(engines.promtool, "test", "rules", str(path))


def test_promtool_accepts_the_rules(engines: Engines) -> None:
    """Prometheus's own tool finds five rules, and one that is kept as written."""
    for path, count in ((SYSTEM.rules_path, 5), (SYSTEM.as_written_path, 1)):
        assert f"{count} rules found" in run_tool(engines.promtool, "check", "rules", str(path))


def test_up_alone_is_silent_when_the_target_is_gone(engines: Engines, tmp_path: Path) -> None:
    """A job that nobody scrapes has no `up`, so nothing is 0; what is shipped takes that for down, below."""
    ask(engines, tmp_path, GONE, "5m", DOWN_AS_WRITTEN)


def ask_without_a_target(engines: Engines, folder: Path, expr: str) -> None:
    """Hold an expression to 0 where mana-llm is gone, and to silence where Prometheus has scraped nothing."""
    ask(engines, folder, GONE, "5m", expr, ('{job="mana-llm"}', 0))
    ask(engines, folder, {"unrelated": "1x40"}, "5m", expr)


def test_a_prometheus_misses_what_is_gone_once_it_has_scraped_something(
    engines: Engines, tmp_path: Path
) -> None:
    """Just after its own start it knows of no target at all: nobody is missing yet."""
    ask_without_a_target(engines, tmp_path, RULES["LLMServiceDown"].expr)


@pytest.mark.parametrize(("up", "expected"), [("1x40", ()), ("0x40", (('up{job="mana-llm"}', 0.0),))])
def test_service_down_is_up_where_there_is_one(
    engines: Engines, tmp_path: Path, up: str, expected: tuple[tuple[str, float], ...]
) -> None:
    """With a target, `up` decides, and its labels are the alert's."""
    ask(engines, tmp_path, {'up{job="mana-llm"}': up}, "5m", RULES["LLMServiceDown"].expr, *expected)


def test_a_mistake_about_a_prometheus_without_targets_shows_on_these_samples(
    engines: Engines, tmp_path: Path
) -> None:
    """No drill is held on a Prometheus that knows of nobody; survivors.yml says that it is noticed here."""
    stated = parse_survivors(SYSTEM.survivors_path.read_text("utf-8"), "survivors.yml")
    (gone,) = [reason for reason in stated.reasons if "`absent`" in reason.why]
    results = [Result(mutant=one, state="survived") for one in list_mutants(read_rules(SYSTEM.rules_path))]
    exprs = [result.mutant.rule.expr for result in results if gone.is_about(result)]
    assert len(exprs) == len(gone.mutants)
    for expr in exprs:
        with pytest.raises(AssertionError, match="FAILED"):
            ask_without_a_target(engines, tmp_path, expr)


def test_all_of_few_requests_failing_reads_as_78_percent(engines: Engines, tmp_path: Path) -> None:
    """One request in five minutes, and it failed: `+ 0.001` reads 78 %, and what is shipped 100 %."""
    series = {REQUESTS: ONE_IN_FIVE_MINUTES, ERRORS: ONE_IN_FIVE_MINUTES}
    ask(engines, tmp_path, series, "12m", ERROR_RATE, ("{}", 100))
    ask(engines, tmp_path, series, "12m", f"round({ERROR_RATE_AS_WRITTEN})", ("{}", 78))


@pytest.mark.parametrize(
    "rule", [RULES["LLMHighErrorRate"], RULES["OllamaProviderDown"]], ids=lambda rule: rule.name
)
def test_the_floor_hides_no_alert(rule: AlertRule) -> None:
    """However few requests there are, those that are over the threshold stay over it with `+ 0.001`."""
    split = split_threshold(rule.expr)
    assert split is not None
    share = Fraction(str(split[2]))
    for requests in range(1, 2000):
        least = math.floor(share * requests) + 1
        assert Fraction(least, requests) > share
        # Both rates are over 300 s; what is extrapolated makes the floor smaller still.
        assert Fraction(least, 300) / (Fraction(requests, 300) + Fraction("0.001")) > share


def test_no_error_yet_is_no_data(engines: Engines, tmp_path: Path) -> None:
    """Until the first error a panel as written has nothing to show; what is shipped shows 0."""
    series = {REQUESTS: "0+1x80"}
    ask(engines, tmp_path, series, "10m", ERROR_RATE_AS_WRITTEN)
    ask(engines, tmp_path, series, "10m", ERROR_RATE, ("{}", 0))


def test_no_traffic_is_no_alert(engines: Engines, tmp_path: Path) -> None:
    """Without requests there is no share to compare: that is what `+ 0.001` was for, and it is not needed."""
    series = {
        REQUESTS: "5x80",
        ERRORS: "5x80",
        f'{REQUESTS}{{provider="ollama"}}': "5x80",
        f'{ERRORS}{{provider="ollama"}}': "5x80",
        'mana_llm_llm_latency_seconds_count{provider="google"}': "5x80",
        'mana_llm_llm_latency_seconds_bucket{le="+Inf"}': "5x80",
    }
    for name in ("LLMHighErrorRate", "OllamaProviderDown", "LLMSlowResponses"):
        ask(engines, tmp_path, series, "10m", RULES[name].expr)


def test_google_has_half_of_the_attempts_when_ollama_fails_them_all(engines: Engines, tmp_path: Path) -> None:
    """An attempt at each: as written it is never more than half, though every answer is Google's."""
    series = {
        f'{REQUESTS}{{provider="ollama"}}': "0+1x80",
        f'{ERRORS}{{provider="ollama"}}': "0+1x80",
        f'{REQUESTS}{{provider="google"}}': "0+1x80",
        'mana_llm_llm_latency_seconds_count{provider="google"}': "0+1x80",
    }
    ask(engines, tmp_path, series, "10m", AS_WRITTEN.expr)
    ask(engines, tmp_path, series, "10m", RULES["OllamaProviderDown"].expr, ("{}", 1))


def test_google_asked_for_by_name_is_no_fallback(engines: Engines, tmp_path: Path) -> None:
    """Three in four requests name Google, and Ollama answers all others: only the rule as written alarms."""
    series = {
        f'{REQUESTS}{{provider="ollama"}}': "0+1x80",
        f'{ERRORS}{{provider="ollama"}}': "1x80",
        f'{REQUESTS}{{provider="google"}}': "0+3x80",
        'mana_llm_llm_latency_seconds_count{provider="google"}': "0+3x80",
        'mana_llm_llm_latency_seconds_count{provider="ollama"}': "0+1x80",
    }
    shown = AS_WRITTEN.expr.replace("sum(", "round(sum(", 1).replace(" * 100 > 50", " * 100) > 50")
    ask(engines, tmp_path, series, "10m", shown, ("{}", 75))
    ask(engines, tmp_path, series, "10m", RULES["OllamaProviderDown"].expr)


def test_the_median_is_not_the_average(engines: Engines, tmp_path: Path) -> None:
    """Nine quick answers and one of 60 s: the panel `Avg Latency` reads 0.28 s, the average is 6.2 s."""
    bucket = "mana_llm_llm_latency_seconds_bucket"
    series = {
        f'{bucket}{{le="0.5"}}': "0+9x80",
        f'{bucket}{{le="45"}}': "0+9x80",
        f'{bucket}{{le="60"}}': "0+10x80",
        f'{bucket}{{le="+Inf"}}': "0+10x80",
        "mana_llm_llm_latency_seconds_sum": "0+62x80",
        "mana_llm_llm_latency_seconds_count": "0+10x80",
    }
    median = f"round(histogram_quantile(0.50, sum(rate({bucket}[5m])) by (le)), 0.01)"
    average = (
        "sum(rate(mana_llm_llm_latency_seconds_sum[5m])) / sum(rate(mana_llm_llm_latency_seconds_count[5m]))"
    )
    ask(engines, tmp_path, series, "10m", median, ("{}", 0.28))
    ask(engines, tmp_path, series, "10m", f"round({average}, 0.1)", ("{}", 6.2))


def test_a_provider_that_was_asked_once_is_not_in_the_pie(engines: Engines, tmp_path: Path) -> None:
    """A counter that is born at 1 shows no increase, in five minutes or in a day."""
    series = {f'{REQUESTS}{{provider="openrouter"}}': "_x20 1x60"}
    expr = f'sum(increase({REQUESTS}{{provider="openrouter"}}[24h]))'
    ask(engines, tmp_path, series, "20m", expr, ("{}", 0))
