"""Tests that lint finds of docs/reference/findings.md what can be known without traffic.

Each finding is in one of three lists: found by a check, in a rule as it was written; refused, since it is no
PromQL; or not to be known from a rule, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest
from support.linted import lint_text, write_rule
from support.metric_table import read_table

from alertdrill.errors import BadRules
from alertdrill.linting.finding import Finding
from alertdrill.rules.files import parse_rules
from alertdrill.systems import find_systems

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = re.findall(
    r"^### (F-\w+-\d+):", (ROOT / "docs" / "reference" / "findings.md").read_text("utf-8"), re.MULTILINE
)
SYSTEMS = {f"F-{system.name.upper()}": system for system in find_systems()}
OPEN_VALUES = ("summarizer", "v1", "google", "ollama")
"""What an open label is seen with here."""

FOUND: Mapping[str, tuple[str, str]] = {
    "F-GATEWAYZ-1": ("GatewayzHTTP5xxRateHighAsWritten", "unknown-label"),
    "F-GATEWAYZ-2": ("GatewayzLatencyP95HighAsWritten", "quantile-input"),
    "F-GATEWAYZ-4": ("GatewayzCacheHitRateLowAsWritten", "unrated-counter"),
    "F-INFERENCE-2": ("InferenceHighErrorRateAsWritten", "never-matches"),
    "F-INFERENCE-3": (
        "expr: histogram_quantile(0.99, rate(inference_latency_seconds_bucket[5m])) > 2s",
        "newer-syntax",
    ),
    "F-INFERENCE-4": ("InferenceHighP99LatencyAsWritten", "few-calls"),
    "F-INFERENCE-5": ("InferenceTimeoutSpikeAsWritten", "one-event"),
    "F-INFERENCE-6": ("InferenceQueueDepthGrowingAsWritten", "no-for"),
    "F-INFERENCE-9": ('expr: job_queue_depth{model="my_model", version="v1"} > 0', "unknown-label"),
    "F-INFERENCE-12": (
        "expr: histogram_quantile(0.99, rate(inference_latency_seconds_bucket[5m])) > 10",
        "never-met",
    ),
    "F-INFERENCE-13": ("InferenceHighErrorRateAsWritten", "missing-severity"),
    "F-INFERENCE-14": ('expr: rate(inference_errors_total{error_type="timeout"}[5m]) > 0', "born-series"),
    "F-MANA_LLM-3": (
        "expr: sum(rate(mana_llm_llm_errors_total[5m]))"
        " / (sum(rate(mana_llm_llm_requests_total[5m])) + 0.001)"
        " * 100 > 10",
        "padded-denominator",
    ),
    "F-MANA_LLM-5": ('expr: up{job="mana-llm"} == 0', "gone-target"),
    "F-MANA_LLM-7": (
        "{alert: LLMServiceDown, expr: 'up{job=\"mana-llm\"} == 0', for: 1m, labels: {severity: critical}}",
        "shadowed-alert",
    ),
    "F-MANTIS-1": ("MantisHighFailureRateAsWritten", "unlike-ratio"),
    "F-MANTIS-3": ("MantisCostBudgetSpikeAsWritten", "born-series"),
    "F-MANTIS-4": ("MantisStuckConcurrencyAsWritten", "held-peak"),
    "F-METIS-1": ("MetisGatewayKeyCostSpike", "long-window"),
    "F-METIS-2": ("MetisLLMErrorRateHigh", "few-calls"),
    "F-METIS-3": ("MetisLLMCallLatencyP99High", "single-cause"),
    "F-METIS-4": ("MetisGatewayKeyCostSpike", "born-series"),
    "F-METIS-7": ("expr: metis_llm_call_errors_total / metis_llm_calls_total > 0.05", "never-matches"),
    "F-METIS-9": (
        "expr: histogram_quantile(0.99, sum by (le) (rate(metis_llm_call_latency_seconds_bucket[5m]))) > 120",
        "never-met",
    ),
}
"""By finding: the rule in which it is, kept as written or as shipped, or in its fields; and the check."""
REFUSED: Mapping[str, str] = {
    "F-GATEWAYZ-3": "topk(10, increase(credits_used_total[24h]) by (user_id))",
    "F-INFERENCE-1": "rate(inference_errors_total[5m]) / rate(inference_requests_total[5m]) > 5%",
    "F-METIS-6": "metis_llm_call_latency_seconds p99",
}
NOT_IN_A_RULE: Mapping[str, str] = {
    "F-GATEWAYZ-5": "how many values a label gets is known from the gateway",
    "F-INFERENCE-7": "who chooses the values of a label is known from the service",
    "F-INFERENCE-8": "when each counter moves is known from the service",
    "F-INFERENCE-10": "what counts as an error is known from the service",
    "F-INFERENCE-11": "what moves the gauge is known from the service",
    "F-MANA_LLM-1": "what a fallback counts as is known from the gateway",
    "F-MANA_LLM-2": "that clients name a provider is known from the traffic",
    "F-MANA_LLM-4": "a panel, not an alert; the alert has no such branch",
    "F-MANA_LLM-6": "the title of a panel",
    "F-MANA_LLM-8": "what counts as an error is known from the gateway",
    "F-MANA_LLM-9": "that all providers are meant to be one is known from whoever wrote it",
    "F-MANA_LLM-10": "the unit and the legend of a panel",
    "F-MANTIS-2": "which requests start no run is known from the service",
    "F-MANTIS-5": "no fault of an expression",
    "F-METIS-5": "a sentence of a runbook that names a counter",
    "F-METIS-8": "a query for tuning; which alert it is for stands in a sentence",
    "F-METIS-10": "an address in a runbook",
    "F-METIS-11": "a limit that the gateway's configuration states",
}


def write_metrics(section: str) -> str:
    """Return the metrics of a finding's system as its target would show them."""
    lines = []
    for metric in read_table(SYSTEMS[section.rpartition("-")[0]].folder / "metrics.yml"):
        lines.append(f"# TYPE {metric.name} {metric.type}")
        values = [sorted(own) if own is not None else OPEN_VALUES for own in metric.labels.values()]
        for row in product(*values):
            labels = ",".join(f'{name}="{value}"' for name, value in zip(metric.labels, row, strict=True))
            if metric.type != "histogram":
                lines.append(f"{metric.name}{{{labels}}} 0")
                continue
            for bound in (*metric.buckets, "+Inf"):
                lines.append(f'{metric.name}_bucket{{{labels}{"," * bool(labels)}le="{bound}"}} 0')
            lines += [f"{metric.name}_count{{{labels}}} 0", f"{metric.name}_sum{{{labels}}} 0"]
    return "\n".join(lines) + "\n"


def lint_rule(section: str, rule: str) -> list[Finding]:
    """Return what is found in a rule of a system: a kept one by its name, or one of these fields."""
    system = SYSTEMS[section.rpartition("-")[0]]
    given = {"metrics": write_metrics(section)}
    if re.fullmatch(r"\w+", rule):
        texts = [
            path.read_text("utf-8") for path in (system.as_written_path, system.rules_path) if path.exists()
        ]
        found = [one for text in texts for one in lint_text(text, given)]
        return [one for one in found if one.rule == rule]
    if "alert:" in rule:
        given["rules"] = system.rules_path.read_text("utf-8")
    return [one for one in lint_text(write_rule(rule), given) if one.file == "rules.yml"]


@pytest.mark.parametrize("section", FOUND)
def test_what_can_be_known_is_found(section: str) -> None:
    """On the rule as it was written, and by the check of the list."""
    rule, check = FOUND[section]
    assert check in {one.check for one in lint_rule(section, rule)}


@pytest.mark.parametrize("section", REFUSED)
def test_what_is_no_promql_is_refused(section: str) -> None:
    """With its line; Prometheus would not load the file either."""
    with pytest.raises(BadRules, match=r"rules.yml:5: the expression"):
        parse_rules(write_rule(f"expr: {REFUSED[section]}"), "rules.yml")


def test_every_finding_is_in_one_list() -> None:
    """A finding that is new is found by a check, refused, or has its reason here."""
    listed = [*FOUND, *REFUSED, *NOT_IN_A_RULE]
    assert sorted(listed) == sorted(SECTIONS)


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=lambda system: system.name)
def test_the_rules_as_shipped_have_no_error(system: object) -> None:
    """What the corrections left is worth knowing, or a warning whose reason the finding gives."""
    prefix = next(prefix for prefix, one in SYSTEMS.items() if one is system)
    text = SYSTEMS[prefix].rules_path.read_text("utf-8")
    found = lint_text(text, {"metrics": write_metrics(f"{prefix}-1")})
    assert [one for one in found if one.severity == "error"] == []
