"""Locust as the harness sees it: the plan that it gets, and what its report says."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from alertdrill.core.clock import Clock
from alertdrill.core.drill import BehaviourChange, LoadProfile, LoadStage
from alertdrill.load.leases import SHARES
from alertdrill.load.plan import parse_plan
from alertdrill.runner.traffic import (
    MAX_WORKERS,
    ProfileReport,
    Traffic,
    TrafficReport,
    WaitingCalls,
    plan,
    say_waiting,
)


def test_the_plan_says_what_the_profiles_say():
    """Locust reads from the plan exactly what the harness put into the load profiles."""
    changes = (
        BehaviourChange(
            at_s=5, provider="openai", model="*", behaviour={"errors": {"class": "auth", "next": 1}}
        ),
        BehaviourChange(at_s=9, provider="openai", behaviour={"listening": False}),
        BehaviourChange(at_s=10, provider="openai", key_env="KEY", behaviour={"lookups": True}),
    )
    profile = LoadProfile(
        name="base",
        scenario="steady",
        start_s=-15.0,
        stages=(LoadStage(duration_s=60, rate_per_s=1),),
        arrivals="poisson",
        changes=changes,
        options={"models": ["openai:gpt-4o"], "key": "k", "stream_share": 0.5},
    )
    clock = Clock(speed=30.0, origin_s=1_700_000_000.25)
    report = Path("/somewhere/report.json")
    controls = {"openai": "http://127.0.0.1:1"}
    document = plan([profile], clock=clock, seed=11, controls=controls, report=report)
    read = parse_plan(json.loads(json.dumps(document)))
    assert (read.speed, read.origin_s, read.seed) == (30.0, 1_700_000_000.25, 11)
    assert (read.report, read.controls) == (report, controls)
    (read_profile,) = read.profiles
    assert (read_profile.name, read_profile.scenario, read_profile.start_s) == (
        profile.name,
        profile.scenario,
        profile.start_s,
    )
    assert (read_profile.arrivals, read_profile.stages, read_profile.options) == (
        "poisson",
        ((60, 1),),
        profile.options,
    )
    assert [
        (change.at_s, change.provider, change.model, change.behaviour, change.key_env)
        for change in read_profile.changes
    ] == [
        (change.at_s, change.provider, change.model, change.behaviour, change.key_env) for change in changes
    ]


@pytest.mark.parametrize(
    ("sent", "answered", "waiting", "said"),
    [
        (9, 9, (), ": 1 call of a not sent"),
        (10, 8, (), ": 2 calls of a without an answer"),
        (
            10,
            9,
            (WaitingCalls(profile="a", path="GET /x", calls=1, since_s=61.0),),
            ": 1 call of a to GET /x without an answer, the oldest since 1:01",
        ),
        (10, 10, (), ""),
    ],
)
def test_what_traffic_waits_for_is_said(sent, answered, waiting, said):
    """Of calls that workers sent, only how many there are is known."""
    report = ProfileReport(
        planned=10,
        sent=sent,
        late=0,
        lateness_p50_s=None,
        lateness_p99_s=None,
        lateness_max_s=None,
        latency_min_s=None,
        latency_p50_s=None,
        latency_p99_s=None,
        slowest_s=(),
        unwelcome=0,
        statuses={"200": answered},
    )
    assert say_waiting(TrafficReport(profiles={"a": report}, waiting=waiting)) == said


def test_there_are_as_many_workers_as_shares():
    """More would have nothing to do."""
    assert MAX_WORKERS == SHARES


def test_a_worker_is_not_given_the_key_of_a_change(monkeypatch, tmp_path):
    """Its master tells the providers."""
    told = {"profiles": [{"changes": [{"key_env": "KEY"}, {"behaviour": {}}]}], "report": str(tmp_path / "r")}
    env = {"KEY": "sk-1", "ALERTDRILL_CONTROL_TOKEN": "t", "HOME": "/home"}
    traffic = Traffic(
        told, host="", plan_path=tmp_path / "plan", log_path=tmp_path / "log", env=env, workers=1
    )
    started = {}
    monkeypatch.setattr(traffic, "_start", lambda _, name, __, env: started.setdefault(name, env))
    traffic._start_workers(ExitStack(), [])
    assert started["Locust"] == env
    assert started["Locust worker-1"] == {"HOME": "/home", "ALERTDRILL_WORKER": "worker-1"}
