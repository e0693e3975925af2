"""Each metric of Metis moves by its own events, and for its real reason."""

from __future__ import annotations

from decimal import Decimal

import pytest
from support.metis_surface import MATCHED, call, observe

from alertdrill.gateway.events import (
    AuthFailed,
    QuotaExceeded,
    QuotaUsed,
    RouteDecided,
)
from alertdrill.gateway.sessions.events import (
    EmbeddingRead,
    EvalCompleted,
    EvalFailed,
    SessionEnded,
    SessionOpened,
    ToolCalled,
    ToolCompleted,
    ToolFailed,
)
from alertdrill.systems.metis.surface import (
    MAX_OPEN_CALLS,
)


def test_good_call_moves_its_counters():
    """A good call counts as ok, has a latency and costs its model and its key; it is no error."""
    before, after = observe(), observe(call(), call())
    moved = {
        name: value for name, value in after.items() if before.get(name) != value and "bucket" not in name
    }
    labels = 'model="gpt-4o",provider="openai"'
    assert moved == {
        f'metis_llm_calls_total{{{labels},status="ok"}}': 2,
        f"metis_llm_call_latency_seconds_count{{{labels}}}": 2,
        f"metis_llm_call_latency_seconds_sum{{{labels}}}": 62,
        f"metis_llm_cost_usd_total{{{labels}}}": 0.5,
        'metis_gateway_key_cost_usd_total{gateway_key_id="k1"}': 0.5,
    }


def test_failed_call_moves_its_counters():
    """A failed call counts by its class in both counters, has a latency, and costs nothing."""
    before, after = observe(), observe(call("rate_limit"))
    moved = {
        name: value for name, value in after.items() if before.get(name) != value and "bucket" not in name
    }
    labels = 'model="gpt-4o",provider="openai"'
    assert moved == {
        f'metis_llm_calls_total{{{labels},status="rate_limit"}}': 1,
        f'metis_llm_call_errors_total{{error_class="rate_limit",{labels}}}': 1,
        f"metis_llm_call_latency_seconds_count{{{labels}}}": 1,
        f"metis_llm_call_latency_seconds_sum{{{labels}}}": 31,
    }


def test_failed_call_that_was_charged_costs():
    """What a broken answer cost is not lost."""
    samples = observe(call("network", cost_usd=Decimal("0.125")))
    assert samples['metis_gateway_key_cost_usd_total{gateway_key_id="k1"}'] == 0.125


def test_free_call_is_born_at_nothing():
    """A model without a price has a cost of 0, not none."""
    samples = observe(call(cost_usd=Decimal(0)))
    assert samples['metis_llm_cost_usd_total{model="gpt-4o",provider="openai"}'] == 0


def test_calls_without_a_key_are_nobodys():
    """Traffic without a key is put on `null`."""
    assert observe(call(key_id=None))['metis_gateway_key_cost_usd_total{gateway_key_id="null"}'] == 0.25


def test_latency_falls_into_its_bucket():
    """31 s is above the bound of 30 and below that of 60."""
    samples = observe(call())
    counts = [
        samples[f'metis_llm_call_latency_seconds_bucket{{le="{bound}",model="gpt-4o",provider="openai"}}']
        for bound in ("30.0", "60.0")
    ]
    assert counts == [0, 1]


def test_routing_decisions_are_counted_by_slot_and_model():
    """A decision counts for its slot and for the model with its provider, two of which share a name."""
    samples = observe(
        RouteDecided(slot="key_pin", provider="ollama", model="deepseek-r1", latency_s=0.0004),
        RouteDecided(slot="fallback", provider="openrouter", model="deepseek-r1", latency_s=0.0006),
    )
    decided = {name: value for name, value in samples.items() if "decisions" in name}
    assert decided == {
        'metis_routing_decisions_total{chosen_model="ollama:deepseek-r1",winning_slot="key_pin"}': 1,
        'metis_routing_decisions_total{chosen_model="openrouter:deepseek-r1",winning_slot="fallback"}': 1,
    }
    assert samples['metis_routing_decision_latency_seconds_bucket{le="0.0005"}'] == 1
    assert samples["metis_routing_decision_latency_seconds_sum"] == pytest.approx(0.001)


def test_auth_failures_are_counted_by_reason():
    """Each reason has its own count."""
    samples = observe(*[AuthFailed(reason="key_revoked", token_hash_prefix="0a")] * 3)
    assert samples['metis_gateway_auth_failures_total{reason="key_revoked"}'] == 3
    assert samples['metis_gateway_auth_failures_total{reason="invalid_token"}'] == 0


def test_quota_ratio_is_the_most_recent_and_pinned_when_exceeded():
    """The gauge follows the identity's ratio, and stands at 1 once a request was refused."""
    used = QuotaUsed(kind="team", identity="t1", ratio=0.75)
    series = 'metis_quota_used_ratio{identity_id="t1",identity_kind="team"}'
    assert observe(used)[series] == 0.75
    assert observe(used, QuotaExceeded(kind="team", identity="t1"))[series] == 1
    assert observe(QuotaExceeded(kind="team", identity="t1"), used)[series] == 0.75


def test_sessions_are_counted_while_they_are_in_memory():
    """The gauge goes up as sessions open and down as they end, for whatever reason."""
    opened = SessionOpened(workspace="w1")
    ended = [SessionEnded(workspace="w1", reason=reason) for reason in ("closed", "idle")]
    assert observe(opened, opened, opened)["metis_session_count"] == 3
    assert observe(opened, opened, opened, *ended)["metis_session_count"] == 1


def test_tools_are_named_by_their_earlier_call():
    """How a call ends does not say which tool it was: the surface knows it from how the call began."""
    samples = observe(
        ToolCalled(call_id=1, tool_name="clock"),
        ToolCalled(call_id=2, tool_name="wait"),
        ToolFailed(call_id=2, latency_s=5.0, error_class="timeout"),
        ToolCompleted(call_id=1, latency_s=0.25),
    )
    counts = {
        name: value
        for name, value in samples.items()
        if "metis_tool" in name and "bucket" not in name and "sum" not in name
    }
    assert counts == {
        'metis_tool_call_latency_seconds_count{tool_name="clock"}': 1,
        'metis_tool_call_latency_seconds_count{tool_name="wait"}': 1,
        'metis_tool_failures_total{error_class="timeout",tool_name="wait"}': 1,
    }
    assert samples['metis_tool_call_latency_seconds_sum{tool_name="wait"}'] == 5


def test_the_memory_of_open_tool_calls_is_bounded():
    """Of more calls than it remembers, the oldest ends as that of an unknown tool, and is still counted."""
    samples = observe(
        *[ToolCalled(call_id=number, tool_name="clock") for number in range(MAX_OPEN_CALLS + 1)],
        ToolCompleted(call_id=0, latency_s=0.1),
        ToolCompleted(call_id=1, latency_s=0.1),
    )
    counts = {name: value for name, value in samples.items() if "latency_seconds_count{tool" in name}
    assert counts == {
        'metis_tool_call_latency_seconds_count{tool_name="unknown"}': 1,
        'metis_tool_call_latency_seconds_count{tool_name="clock"}': 1,
    }


def test_only_completed_evaluations_are_verdicts():
    """A judge that came to no verdict is not counted, whatever a verdict says is."""
    samples = observe(
        EvalCompleted(judge_kind="model", subject_kind="turn", passed=True),
        EvalCompleted(judge_kind="model", subject_kind="turn", passed=False),
        EvalFailed(judge_kind="model", subject_kind="turn"),
        EvalFailed(judge_kind="heuristic", subject_kind="session"),
    )
    verdicts = {name: value for name, value in samples.items() if "verdicts" in name}
    assert verdicts == {'metis_eval_verdicts_total{judge_kind="model",subject_kind="turn"}': 2}


def test_only_wins_of_the_pattern_store_are_matches():
    """A decision counts as a match, too, if the pattern store won it; any other does not."""
    other = RouteDecided(slot="global_default", provider="openai", model="gpt-4o", latency_s=0.001)
    samples = observe(MATCHED, other)
    matches = {name: value for name, value in samples.items() if "matches" in name}
    assert matches == {'metis_pattern_matches_total{chose_model="openai:gpt-4o",fingerprint_version="v2"}': 1}
    decided = [value for name, value in samples.items() if "decisions_total" in name]
    assert decided == [1, 1]


def test_hit_ratio_is_the_most_recent_of_each_workspace():
    """The gauge follows each workspace's own cache."""
    samples = observe(
        EmbeddingRead(workspace="w1", hit_ratio=0.0),
        EmbeddingRead(workspace="w2", hit_ratio=0.0),
        EmbeddingRead(workspace="w1", hit_ratio=0.5),
    )
    name = "metis_pattern_embedding_cache_hit_ratio"
    assert {samples[f'{name}{{workspace_id="{workspace}"}}'] for workspace in ("w1", "w2")} == {0.5, 0.0}


def test_state_is_polled_at_each_scrape():
    """Keys and the write-ahead log are read when Prometheus asks."""
    samples = observe()
    names = ("metis_gateway_keys_active", "metis_gateway_keys_revoked", "metis_trace_wal_bytes")
    assert [samples[name] for name in names] == [3, 2, 4096]
