"""Metis's surface is what metrics.yml says: names, types, labels, buckets, and what is there at the start."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.fixed_gauges import FixedGauges
from support.metis_surface import MATCHED, call, expose, observe
from support.plain_yaml import read_yaml

from alertdrill.gateway.events import (
    AuthReason,
    ErrorClass,
    IdentityKind,
    KeyIssued,
    QuotaUsed,
    RouteDecided,
    Slot,
)
from alertdrill.gateway.sessions.events import (
    EmbeddingRead,
    EvalCompleted,
    JudgeKind,
    SubjectKind,
    ToolCalled,
    ToolCompleted,
    ToolErrorClass,
    ToolFailed,
)
from alertdrill.gateway.sessions.patterns import FINGERPRINT_VERSION
from alertdrill.systems import find_systems
from alertdrill.systems.metis.surface import (
    CALL_BUCKETS_S,
    JOB,
    ROUTING_BUCKETS_S,
    TOOL_BUCKETS_S,
    Surface,
)

MODEL = {"provider", "model"}
METRICS = {
    "metis_llm_calls_total": ("counter", MODEL | {"status"}),
    "metis_llm_call_errors_total": ("counter", MODEL | {"error_class"}),
    "metis_llm_call_latency_seconds": ("histogram", MODEL),
    "metis_llm_cost_usd_total": ("counter", MODEL),
    "metis_gateway_key_cost_usd_total": ("counter", {"gateway_key_id"}),
    "metis_routing_decisions_total": ("counter", {"winning_slot", "chosen_model"}),
    "metis_routing_decision_latency_seconds": ("histogram", set()),
    "metis_gateway_auth_failures_total": ("counter", {"reason"}),
    "metis_gateway_keys_active": ("gauge", set()),
    "metis_gateway_keys_revoked": ("gauge", set()),
    "metis_quota_used_ratio": ("gauge", {"identity_kind", "identity_id"}),
    "metis_trace_wal_bytes": ("gauge", set()),
    "metis_session_count": ("gauge", set()),
    "metis_tool_call_latency_seconds": ("histogram", {"tool_name"}),
    "metis_tool_failures_total": ("counter", {"tool_name", "error_class"}),
    "metis_eval_verdicts_total": ("counter", {"judge_kind", "subject_kind"}),
    "metis_pattern_matches_total": ("counter", {"chose_model", "fingerprint_version"}),
    "metis_pattern_embedding_cache_hit_ratio": ("gauge", {"workspace_id"}),
}
BORN_AT_START = {
    "metis_session_count",
    "metis_gateway_auth_failures_total",
    "metis_gateway_keys_active",
    "metis_gateway_keys_revoked",
    "metis_trace_wal_bytes",
    "metis_routing_decision_latency_seconds_sum",
    "metis_routing_decision_latency_seconds_count",
    "metis_routing_decision_latency_seconds_bucket",
}


def test_metis_is_found_by_its_folder():
    """Its folder alone makes it a system, with the scrape job that its operators know."""
    systems = {system.name: system for system in find_systems()}
    assert (systems["metis"].job, systems["metis"].surface) == (JOB, Surface) == ("metis-gateway", Surface)
    assert (systems["metis"].folder / "surface.py").is_file()


def test_names_types_and_labels():
    """Every metric has its name, type and labels, and there is no other."""
    surface = Surface(FixedGauges())
    for event in (
        call(),
        call("timeout"),
        RouteDecided(slot="fallback", provider="openai", model="gpt-4o", latency_s=0.001),
        QuotaUsed(kind="key", identity="k1", ratio=0.5),
        MATCHED,
        ToolCalled(call_id=1, tool_name="clock"),
        ToolFailed(call_id=1, latency_s=0.1, error_class="invalid_arguments"),
        EvalCompleted(judge_kind="model", subject_kind="turn", passed=False),
        EmbeddingRead(workspace="w1", hit_ratio=0.5),
    ):
        surface.observe(event)
    seen = {}
    for line in expose(surface).splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            seen[name] = kind
    assert seen == {name: kind for name, (kind, _) in METRICS.items()}
    for family in text_string_to_metric_families(expose(surface)):
        name = family.name + "_total" if family.type == "counter" else family.name
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == METRICS[name][1]


def test_the_table_says_what_is_exported():
    """metrics.yml has every metric: type, labels, buckets, help, and every value of a closed label."""
    table = read_yaml(find_folder() / "metrics.yml")
    assert {entry["name"]: (entry["type"], set(entry["labels"])) for entry in table} == METRICS
    exposition = expose(Surface(FixedGauges()))
    helps = dict(line.split(" ", 3)[2:] for line in exposition.splitlines() if line.startswith("# HELP "))
    assert {entry["name"]: entry["help"] for entry in table} == helps
    by_name = {entry["name"]: entry for entry in table}
    for name, bounds in (
        ("metis_llm_call_latency_seconds", CALL_BUCKETS_S),
        ("metis_routing_decision_latency_seconds", ROUTING_BUCKETS_S),
        ("metis_tool_call_latency_seconds", TOOL_BUCKETS_S),
    ):
        assert tuple(by_name[name]["buckets"]) == bounds
    for name, label, values in (
        ("metis_llm_calls_total", "status", ("ok", *get_args(ErrorClass))),
        ("metis_llm_call_errors_total", "error_class", get_args(ErrorClass)),
        ("metis_routing_decisions_total", "winning_slot", get_args(Slot)),
        ("metis_tool_failures_total", "error_class", get_args(ToolErrorClass)),
        ("metis_gateway_auth_failures_total", "reason", get_args(AuthReason)),
        ("metis_quota_used_ratio", "identity_kind", get_args(IdentityKind)),
        ("metis_eval_verdicts_total", "judge_kind", get_args(JudgeKind)),
        ("metis_eval_verdicts_total", "subject_kind", get_args(SubjectKind)),
        ("metis_pattern_matches_total", "fingerprint_version", (FINGERPRINT_VERSION,)),
    ):
        assert tuple(by_name[name]["labels"][label]) == values


def find_folder() -> Path:
    """Return Metis's folder."""
    return next(system.folder for system in find_systems() if system.name == "metis")


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        (
            "metis_llm_call_latency_seconds",
            "0.05 0.1 0.25 0.5 1.0 2.5 5.0 10.0 30.0 60.0 120.0 +Inf",
        ),
        ("metis_tool_call_latency_seconds", "0.01 0.05 0.1 0.25 0.5 1.0 2.5 5.0 10.0 30.0 +Inf"),
        (
            "metis_routing_decision_latency_seconds",
            "5e-05 0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.5 1.0 +Inf",
        ),
    ],
)
def test_buckets(name, bounds):
    """The buckets' bounds are these, in order; 30 s, the threshold of the alert, is one of them."""
    surface = Surface(FixedGauges())
    surface.observe(call())
    surface.observe(ToolCompleted(call_id=1, latency_s=1.0))
    families = {family.name: family for family in text_string_to_metric_families(expose(surface))}
    assert (
        " ".join(sample.labels["le"] for sample in families[name].samples if "le" in sample.labels) == bounds
    )


def test_series_are_born_when_they_are_first_moved():
    """At the start there are the label-less metrics and the three reasons, at 0; issuing a key adds none."""
    samples = observe(KeyIssued(key_id="k1"))
    assert {name.partition("{")[0] for name in samples} == BORN_AT_START
    reasons = {name: value for name, value in samples.items() if "reason" in name}
    assert reasons == {
        f'metis_gateway_auth_failures_total{{reason="{reason}"}}': 0
        for reason in ("missing_token", "invalid_token", "key_revoked")
    }
