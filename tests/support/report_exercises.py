"""Seventeen drills on four rules in short: what their traffic brings the rules to, and how they came out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from alertdrill.core.rule import AlertRule
from alertdrill.core.verdict import Outcome

RULES = tuple(
    AlertRule(
        name=name,
        expr=expr,
        for_s=for_s,
        keep_firing_for_s=0.0,
        labels={"severity": severity, "component": "metis-gateway"},
        annotations={"summary": summary, "runbook_url": f"runbook.md#{name.lower()}"},
        group="metis",
        interval_s=15.0,
        source=f"harness/alertdrill/systems/metis/rules.yml:{line}",
    )
    for name, for_s, severity, line, summary, expr in (
        (
            "MetisLLMCallLatencyP99High",
            300.0,
            "ticket",
            4,
            "p99 of {{ $labels.provider }}/{{ $labels.model }} above 30 s",
            "histogram_quantile(0.99,\n  sum by (provider, model, le) "
            "(rate(metis_llm_call_latency_seconds_bucket[5m]))\n) > 30",
        ),
        (
            "MetisLLMErrorRateHigh",
            600.0,
            "page",
            17,
            "{{ $labels.provider }}/{{ $labels.model }} fails more than 5 % of its calls",
            "sum by (provider, model) (rate(metis_llm_call_errors_total[10m]))\n/\n"
            "sum by (provider, model) (rate(metis_llm_calls_total[10m])) > 0.05",
        ),
        (
            "MetisGatewayAuthFailureRateHigh",
            300.0,
            "page",
            30,
            "Authentication is rejected more than 0.1 times a second",
            "sum(rate(metis_gateway_auth_failures_total[5m])) > 0.1",
        ),
        (
            "MetisGatewayKeyCostSpike",
            600.0,
            "ticket",
            41,
            "Key {{ $labels.gateway_key_id }} burns more than $10 an hour",
            "sum by (gateway_key_id) (\n  rate(metis_gateway_key_cost_usd_total"
            '{gateway_key_id!="null"}[20m]) * 3600\n) > 10',
        ),
    )
)
THRESHOLDS = dict(zip((rule.name for rule in RULES), (30.0, 0.05, 0.1, 10.0), strict=True))
WINDOWS_S = dict(zip((rule.name for rule in RULES), (300.0, 600.0, 300.0, 1200.0), strict=True))
LATENCY, ERRORS, AUTH, COST = THRESHOLDS


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A drill in short: the value its traffic brings the rule to, for how long, and how it came out."""

    name: str
    alert: str
    start_s: float
    value: float
    for_s: float
    labels: tuple[tuple[str, str], ...] = ()
    resolves_within_s: float = 2400
    outcome: Outcome = "met"
    evidence: str = "fired, paged, resolved and closed in time"
    silent: bool = False


def label_model(provider: str, model: str) -> tuple[tuple[str, str], ...]:
    """Return the labels of a model's series."""
    return (("provider", provider), ("model", model))


def _key(key: str) -> tuple[tuple[str, str], ...]:
    return (("gateway_key_id", key),)


EXERCISES = (
    Exercise(
        name="metis-latency-fires",
        alert=LATENCY,
        start_s=0,
        value=44,
        for_s=900,
        labels=label_model("openai", "gpt-4.1"),
    ),
    Exercise(
        name="metis-latency-off-the-scale",
        alert=LATENCY,
        start_s=1500,
        value=math.inf,
        for_s=700,
        labels=label_model("anthropic", "claude-haiku-4-5"),
    ),
    Exercise(
        name="metis-latency-spike-too-short",
        alert=LATENCY,
        start_s=300,
        value=52,
        for_s=180,
        silent=True,
        labels=label_model("anthropic", "claude-sonnet-4-5"),
        evidence="silent; over the threshold for 225 s",
    ),
    Exercise(
        name="metis-latency-just-below",
        alert=LATENCY,
        start_s=600,
        value=26,
        for_s=1200,
        silent=True,
        labels=label_model("ollama", "llama-3.3"),
        evidence="silent; the rule's value reached 87% of its threshold",
    ),
    Exercise(
        name="metis-latency-two-models",
        alert=LATENCY,
        start_s=2100,
        value=61,
        for_s=900,
        outcome="late",
        labels=label_model("openai", "gpt-4.1-mini"),
        evidence="resolved at 18:30, after 15:00",
        resolves_within_s=900,
    ),
    Exercise(
        name="metis-errors-fire",
        alert=ERRORS,
        start_s=0,
        value=0.2,
        for_s=1200,
        labels=label_model("openai", "gpt-4.1"),
    ),
    Exercise(
        name="metis-errors-outage",
        alert=ERRORS,
        start_s=900,
        value=1.0,
        for_s=1000,
        labels=label_model("anthropic", "claude-haiku-4-5"),
    ),
    Exercise(
        name="metis-errors-canary-blip",
        alert=ERRORS,
        start_s=200,
        value=0.4,
        for_s=120,
        silent=True,
        labels=label_model("ollama", "llama-3.3"),
        evidence="silent; over the threshold for 540 s",
    ),
    Exercise(
        name="metis-errors-four-percent",
        alert=ERRORS,
        start_s=1200,
        value=0.04,
        for_s=1500,
        silent=True,
        labels=label_model("openai", "gpt-4.1-mini"),
        evidence="silent; the rule's value reached 80% of its threshold",
    ),
    Exercise(
        name="metis-errors-rate-limited",
        alert=ERRORS,
        start_s=2400,
        value=0.35,
        for_s=800,
        outcome="unobserved",
        labels=label_model("anthropic", "claude-sonnet-4-5"),
        evidence="it was not observed whether it was paged",
    ),
    Exercise(name="metis-auth-scan-fires", alert=AUTH, start_s=0, value=0.6, for_s=720),
    Exercise(
        name="metis-auth-rotation",
        alert=AUTH,
        start_s=1500,
        value=0.13,
        for_s=420,
        silent=True,
        evidence="silent; over the threshold for 285 s",
    ),
    Exercise(
        name="metis-auth-slow-scan",
        alert=AUTH,
        start_s=2700,
        value=0.09,
        for_s=900,
        outcome="missing",
        evidence="never fired; the rule's value reached 90% of its threshold",
    ),
    Exercise(
        name="metis-cost-runaway-fires", alert=COST, start_s=0, value=30, for_s=1100, labels=_key("runaway")
    ),
    Exercise(
        name="metis-cost-bulk-load",
        alert=COST,
        start_s=600,
        value=40,
        for_s=600,
        labels=_key("bulk"),
        outcome="mismatched",
        evidence="paged metis-page instead of metis-ticket",
    ),
    Exercise(
        name="metis-cost-nine-dollars",
        alert=COST,
        start_s=300,
        value=8.9,
        for_s=1600,
        silent=True,
        labels=_key("steady"),
        evidence="silent; the rule's value reached 89% of its threshold",
    ),
    Exercise(
        name="metis-cost-second-key", alert=COST, start_s=1500, value=18, for_s=900, labels=_key("batch")
    ),
)
