"""Each metric of Gatewayz moves by its own events, and for its real reason."""

from __future__ import annotations

from decimal import Decimal

from support.gatewayz_surface import EVERYTHING, call, observe, request, spend

from alertdrill.gateway.accounts.events import (
    BalanceSet,
    CacheLookedUp,
    ProviderChecked,
    RateLimitChecked,
)
from alertdrill.gateway.events import ConnectionsChanged


def find_moved(*events: object) -> dict[str, float]:
    """Return the samples that events change or bring about, but for buckets."""
    before, after = observe(), observe(*events)
    return {
        name: value for name, value in after.items() if before.get(name) != value and "_bucket" not in name
    }


def test_a_request_counts_and_is_timed():
    """By method, endpoint and status, and for its key."""
    where = 'endpoint="/v1/chat/completions",method="POST"'
    assert find_moved(request(), request(status=502, failure="server_error")) == {
        f'http_requests_total{{{where},status="200"}}': 1,
        f'http_requests_total{{{where},status="502"}}': 1,
        f"http_request_duration_seconds_count{{{where}}}": 2,
        f"http_request_duration_seconds_sum{{{where}}}": 62,
        'api_key_usage_total{api_key_id="k1",status="success"}': 1,
        'api_key_usage_total{api_key_id="k1",status="error"}': 1,
    }


def test_a_stream_that_broke_off_is_no_success():
    """Its status is 200, since it had begun; its failure says more."""
    moved = find_moved(request(failure="network"))
    assert moved['api_key_usage_total{api_key_id="k1",status="error"}'] == 1


def test_a_refused_request_is_rate_limited():
    """Neither a success nor an error of the gateway."""
    moved = find_moved(request(status=429, failure="rate_limited"))
    assert moved['api_key_usage_total{api_key_id="k1",status="rate_limited"}'] == 1


def test_a_request_without_a_key_is_nobodys():
    """It counts, but as no key's usage."""
    assert not [name for name in find_moved(request(key_id=None)) if "api_key" in name]


def test_a_call_counts_and_uses_tokens():
    """By outcome, with its duration and its tokens in both directions."""
    model = 'model="mistral-large",provider="openrouter"'
    assert find_moved(call(), call("timeout")) == {
        f'model_inference_requests_total{{{model},status="ok"}}': 1,
        f'model_inference_requests_total{{{model},status="timeout"}}': 1,
        f"model_inference_duration_seconds_count{{{model}}}": 2,
        f"model_inference_duration_seconds_sum{{{model}}}": 6,
        f'tokens_used_total{{{model},type="input"}}': 20,
        f'tokens_used_total{{{model},type="output"}}': 10,
    }


def test_credits_are_counted_and_the_balance_follows():
    """Credits add up; the balance is the last one told."""
    credits_ = 'credits_used_total{model="mistral-large",provider="openrouter",user_id="ann"}'
    balance = 'user_credit_balance{user_id="ann"}'
    assert find_moved(spend("ann"), spend("ann")) == {credits_: 0.5, balance: 9}
    assert find_moved(spend("ann"), BalanceSet(user="ann", balance=Decimal(50)))[balance] == 50


def test_hits_and_misses_are_born_together():
    """So that a hit rate exists before the first hit."""
    assert find_moved(CacheLookedUp(cache="response", is_hit=False)) == {
        'cache_hits_total{cache_name="response"}': 0,
        'cache_misses_total{cache_name="response"}': 1,
    }


def test_a_limited_request_counts_and_all_of_a_key_is_born_before():
    """A key's first request brings its counters about at 0, so that Prometheus sees the first increment."""
    usage = {
        f'api_key_usage_total{{api_key_id="k1",status="{status}"}}': 0
        for status in ("success", "error", "rate_limited")
    }
    limited, left = 'rate_limited_requests_total{api_key_id="k1"}', 'current_rate_limit{api_key_id="k1"}'
    first = RateLimitChecked(key_id="k1", remaining=7.5, is_limited=False)
    second = RateLimitChecked(key_id="k1", remaining=0.0, is_limited=True)
    assert find_moved(first) == {**usage, limited: 0, left: 7.5}
    assert find_moved(first, second) == {**usage, limited: 1, left: 0}


def test_gauges_follow_what_is_told():
    """Providers, queues, caches, accounts, keys and connections stand where they were last said to."""
    moved = find_moved(*EVERYTHING, ConnectionsChanged(kind="provider", change=1))
    assert {
        'provider_availability{provider="ollama"}': 1,
        'provider_error_rate{provider="ollama"}': 0.25,
        'provider_response_time_seconds{provider="ollama"}': 1.5,
        'queue_size{model="mistral-large",provider="openrouter"}': 6,
        'cache_size_bytes{cache_name="response"}': 512,
        'trial_active{status="active"}': 4,
        'trial_active{status="expired"}': 1,
        "subscription_count": 2,
        'active_connections{type="provider"}': 2,
        'database_queries_total{operation="insert",table="keys"}': 1,
    }.items() <= moved.items()
    keys = {name: value for name, value in observe().items() if name.startswith("active_api_keys")}
    assert list(keys.values()) == [3, 2]


def test_a_provider_that_is_down_reads_0():
    """Availability is 1 or 0."""
    down = ProviderChecked(provider="ollama", is_available=False, error_ratio=1.0, response_time_s=1.5)
    assert find_moved(down)['provider_availability{provider="ollama"}'] == 0


def test_methods_are_bounded():
    """HTTP lets clients invent methods: those that nobody knows are one label value."""
    samples = observe(*(request(method=f"BREW{number}", status=405) for number in range(50)))
    methods = {name for name in samples if name.startswith("http_requests_total")}
    assert methods == {'http_requests_total{endpoint="/v1/chat/completions",method="other",status="405"}'}
