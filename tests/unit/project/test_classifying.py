"""What a speed makes of a rule, on a gateway that runs in wall time."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from alertdrill.errors import BadInput
from alertdrill.project.explaining import Classification, classify
from alertdrill.project.project import Timer
from alertdrill.rules.files import parse_rules

RECORDED = {
    "job:cpu:rate": "rate(process_cpu_seconds_total[5m])",
    "job:requests:rate": "rate(requests_total[5m])",
    "job:cost:ratio": "job:cpu:rate / job:requests:rate",
    "job:loop": "job:loop + job:cpu:rate",
}


def explain(expr: str, timers: Sequence[Timer] = (), **recorded: str) -> Classification:
    """Return the classification of an alert A with an expression, beside an alert Busy that reads the CPU."""
    rules = [{"record": name, "expr": one} for name, one in {**RECORDED, **recorded}.items()]
    rules += [{"alert": "A", "expr": expr}, {"alert": "Busy", "expr": "job:cpu:rate > 1"}]
    file = parse_rules(json.dumps({"groups": [{"name": "g", "rules": rules}]}), "rules.yml")
    return classify(file.alerts[0], timers, [file])


EXACT = [
    ("sum(rate(failed_total[5m])) / sum(rate(requests_total[5m])) > 0.1", "a count of what happens"),
    (
        "histogram_quantile(0.95, sum by (le) (rate(latency_seconds_bucket[5m]))) > 10",
        "durations, which stay",
    ),
    ("rate(x_seconds_sum[5m]) / rate(x_seconds_count[5m]) > 2", "a sum, which grows with each call"),
    ("increase(spend_usd_total[1h]) > 10", "a count of what happens"),
    ("litellm_deployment_state == 2", "a state, which no speed changes"),
    ("litellm_remaining_budget < 5", "a state, which no speed changes"),
    ("absent(up)", "a state, which no speed changes"),
    ("histogram_quantile(0.9, rate(http_request_duration_seconds[5m])) > 3", "durations, which stay"),
    ("rate(process_cpu_seconds_total[5m]) / rate(requests_total[5m]) > 1", "divided by a count"),
    ("rate(gc_seconds_total[5m]) / rate(process_cpu_seconds_total[5m]) > 0.3", "divided by a count"),
    ("rate(requests_total[5m]) / rate(process_cpu_seconds_total[5m]) < 3", "divided by a count"),
    ("changes(process_start_time_seconds[15m]) > 2", "only counted"),
    ("last_failure_timestamp_seconds > last_success_timestamp_seconds", "compared with another"),
    ("x_created > 0", "only counted"),
    ("absent(process_uptime_seconds)", "only counted"),
    ("hour() > 8 and rate(x_total[5m]) > 1", "a count of what happens"),
    ("time() - timestamp(up) > 60", "a state"),
    ("time() - timestamp(process_uptime_seconds) > 60", "only counted"),
    ("count(rate(cpu_seconds_total[5m]) > bool 1) > 3", "divided by a count"),
    ("count(process_cpu_seconds_total) > 3", "divided by a count"),
    ("job:cost:ratio > 1", "divided by a count"),
    ("vector(1)", "it reads no metric"),
]


@pytest.mark.parametrize(("expr", "why"), EXACT)
def test_counts_states_and_shares_are_exact(expr: str, why: str) -> None:
    """Whatever the speed: a call counts once, and takes as long as it did."""
    found = explain(expr)
    assert found.kind == "exact"
    assert why in found.why


ACCRUES = [
    ("rate(process_cpu_seconds_total[5m]) > 0.9", "process_cpu_seconds_total grows with seconds"),
    ('0.9 < rate(process_cpu_seconds_total{job="x"}[5m])', 'process_cpu_seconds_total{job="x"} grows'),
    ("process_cpu_seconds_total > 100", "process_cpu_seconds_total grows with seconds"),
    ("rate(cpu_seconds_total[5m]) / cores > 0.9", "cpu_seconds_total grows with seconds"),
    ("process_uptime_seconds < 300", "process_uptime_seconds grows with seconds of the wall clock"),
    ("errors_total / process_uptime_seconds > 1", "process_uptime_seconds grows with seconds"),
    ("deriv(process_resident_memory_bytes[30m]) > 1e6", "process_resident_memory_bytes is no count"),
    ("predict_linear(budget_left[1h], 3600) < 0", "budget_left is no count"),
    ("delta(temperature[5m]) > 1", "temperature is no count"),
    ("rate(container_cpu_usage_seconds[5m]) > 2", "container_cpu_usage_seconds grows with seconds"),
    ("count(rate(cpu_seconds_total[5m]) > 0.9) > 3", "cpu_seconds_total grows with seconds"),
    ("rate(x_total[5m]) > 1 and on () rate(cpu_seconds_total[5m]) > 1", "cpu_seconds_total grows"),
    ("rate(x_total[5m]) > 1 unless rate(cpu_seconds_total[5m]) > 1", "cpu_seconds_total grows"),
    ("(rate(cpu_seconds_total[5m]) > bool 1) == 1", "cpu_seconds_total grows"),
    ("topk(1, rate(cpu_seconds_total[5m]))", "cpu_seconds_total grows"),
    ("vector(scalar(rate(cpu_seconds_total[5m]))) > 1", "cpu_seconds_total grows"),
    ("vector(scalar(count(rate(cpu_seconds_total[5m]) > 1))) > 1", "cpu_seconds_total grows"),
    ("max_over_time(rate(cpu_seconds_total[5m])[1h:]) > 1", "cpu_seconds_total grows"),
    ("-rate(cpu_seconds_total[5m]) < -1", "cpu_seconds_total grows"),
    ("job:cpu:rate > 1", "process_cpu_seconds_total grows"),
    ('{__name__=~"job:cpu.*"} > 1', "process_cpu_seconds_total grows"),
    ('{__name__="job:cpu:rate"} > 1', "process_cpu_seconds_total grows"),
    ("job:loop > 1", "process_cpu_seconds_total grows"),
    ('ALERTS{alertname="Busy"} == 1', "process_cpu_seconds_total grows"),
]


@pytest.mark.parametrize(("expr", "why"), ACCRUES)
def test_what_accrues_with_the_wall_clock_is_told(expr: str, why: str) -> None:
    """A speed leaves it fewer seconds, so it is compared with too little."""
    found = explain(expr)
    assert found.kind == "accrues"
    assert why in found.why


DURATIONS = [
    (
        "time() - process_start_time_seconds < 300",
        "process_start_time_seconds is a reading of the wall clock",
    ),
    ("cert_expiry_timestamp_seconds < time() + 86400", "cert_expiry_timestamp_seconds is a reading"),
    ("count(time() - job_last_success_timestamp_seconds > 3600) > 1", "job_last_success_timestamp_seconds"),
    ("time() - (0 < a_timestamp_seconds) > 60", "a_timestamp_seconds is a reading"),
    ("hour(job_last_time_seconds) > 3", "job_last_time_seconds is a reading"),
    ("budget_remaining_hours < 2", "budget_remaining_hours is a time that passes on the wall clock"),
    ("replication_lag_seconds > 30", "replication_lag_seconds is a time that passes"),
    ("vllm:num_requests_waiting > 10", "vllm:num_requests_waiting is how much is under way at once"),
    ("sum(http_requests_in_flight) > 10", "http_requests_in_flight is how much is under way"),
    ("vllm:kv_cache_usage_perc > 0.9", "vllm:kv_cache_usage_perc is how much is under way at once"),
    ("DCGM_FI_DEV_GPU_UTIL > 90", "DCGM_FI_DEV_GPU_UTIL is how much is under way at once"),
    ("node_load5 > 4", "node_load5 is how much is under way at once"),
    ("ALERTS_FOR_STATE > 5", "ALERTS_FOR_STATE is a reading"),
    ("time() - a_timestamp_seconds > 1 and rate(cpu_seconds_total[5m]) > 1", "a_timestamp_seconds"),
]


@pytest.mark.parametrize(("expr", "why"), DURATIONS)
def test_times_of_the_wall_clock_are_told(expr: str, why: str) -> None:
    """Rule time is another one than the gateway's."""
    found = explain(expr)
    assert found.kind == "durations"
    assert why in found.why


@pytest.mark.parametrize(
    ("expr", "assumed"),
    [
        ("rate(foo_requests[5m]) > 2", "foo_requests is a count, for its rate is asked for"),
        ("queue_depth > 2 or pending_jobs > 1", "pending_jobs is how much is under way at once, by its name"),
        ("lag_seconds > 2", "lag_seconds is how long ago something was, or how long until, by its name"),
        (
            "rate(a_seconds_total[5m]) / rate(b_total[5m]) > 1",
            "a_seconds_total grows with the calls that it is",
        ),
        ('{job="x"} > 2', '{job="x"} selects metrics without naming them, and is taken for counts'),
    ],
)
def test_what_a_name_does_not_tell_is_assumed_and_said(expr: str, assumed: str) -> None:
    """So that who knows better can object."""
    assert any(one.startswith(assumed) for one in explain(expr).assumed)


@pytest.mark.parametrize("expr", [expr for expr, _ in EXACT if "duration_seconds[" not in expr][:5])
def test_what_follows_the_conventions_needs_no_assumption(expr: str) -> None:
    """Its name tells."""
    assert explain(expr).assumed == ()


COOLDOWN = Timer(name="cooldown", lasts_s=30, source="alertdrill.toml:9")


def test_a_timer_reaches_every_alert_unless_it_names_them() -> None:
    """What it stretches is said with the place that declares it."""
    found = explain("rate(x_total[5m]) > 1", [COOLDOWN])
    assert (found.kind, found.timers) == ("timer", (COOLDOWN,))
    assert found.why == (
        "the gateway's timer cooldown lasts 30s of wall time, which at a speed is as many times as much rule "
        "time (alertdrill.toml:9)"
    )
    other = Timer(name="breaker", lasts_s=60, alerts=("B",))
    assert explain("rate(x_total[5m]) > 1", [other]).kind == "exact"


def test_a_timer_does_not_hide_what_is_worse() -> None:
    """A rule that is right at speed 1 only stays that."""
    assert explain("rate(cpu_seconds_total[5m]) > 1", [COOLDOWN]).kind == "accrues"


def test_a_recording_rule_between_is_named() -> None:
    """It is what the alert's own expression reads."""
    assert explain("job:cpu:rate > 1").why == (
        "process_cpu_seconds_total grows with seconds of the wall clock, and no count divides it "
        "(read by job:cpu:rate)"
    )
    assert explain("twice > 1", twice="job:cpu:rate * 2").why == explain("job:cpu:rate > 1").why


def test_recording_rules_without_end_are_refused() -> None:
    """With the place of the alert."""
    deep = {f"r{number}": f"{'(' * 90}r{number + 1}{')' * 90}" for number in range(60)}
    with pytest.raises(BadInput, match=r"^rules.yml:1: A: the rules that it reads are nested too deeply$"):
        explain("r0 > 1", **deep)


def test_recording_rules_that_read_each_other_twice_are_read_once() -> None:
    """A chain of them takes no time."""
    many = {f"r{number}": f"r{number + 1} + r{number + 1}" for number in range(30)}
    assert explain("r0 > 1", **many, r30="rate(cpu_seconds_total[5m])").kind == "accrues"


@pytest.mark.parametrize(
    ("expr", "types", "kind"),
    [
        # By its name a count, whose rate is exact at any speed; a gauge's is not.
        ("rate(queue_pending_count[5m]) > 1", {}, "exact"),
        ("queue_pending_count > 5", {}, "exact"),
        ("queue_pending_count > 5", {"queue_pending_count": "gauge"}, "durations"),
        ("deriv(balance_sum[5m]) > 1", {"balance_sum": "gauge"}, "accrues"),
        ("budgets_total < 5", {"budgets_total": "gauge"}, "exact"),
        # What belongs to a histogram or a counter is a count, whatever its family is called.
        ("rate(x_seconds_count[5m]) > 1", {"x_seconds": "histogram"}, "exact"),
        ("rate(x_total[5m]) > 1", {"x": "counter"}, "exact"),
        ("rate(x_total[5m]) > 1", {"x": "gauge"}, "exact"),
    ],
)
def test_the_type_comes_before_the_name(expr: str, types: dict[str, str], kind: str) -> None:
    """A gauge that is called as a counter is, is none."""
    file = parse_rules(
        json.dumps({"groups": [{"name": "g", "rules": [{"alert": "A", "expr": expr}]}]}), "rules.yml"
    )
    assert classify(file.alerts[0], (), [file], types).kind == kind


def test_what_a_type_tells_is_not_assumed() -> None:
    """A counter without `_total` is one."""
    expr = "rate(own_requests[5m]) > 1"
    file = parse_rules(
        json.dumps({"groups": [{"name": "g", "rules": [{"alert": "A", "expr": expr}]}]}), "rules.yml"
    )
    (rule,) = file.alerts
    assert classify(rule, (), [file]).assumed
    assert not classify(rule, (), [file], {"own_requests": "counter"}).assumed
