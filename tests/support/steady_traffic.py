"""Traffic that the harness sends to the fake gateway, by Locust as its subprocess."""

from __future__ import annotations

import os
import time
from pathlib import Path

from alertdrill.core.clock import Clock
from alertdrill.core.drill import LoadProfile, LoadStage
from alertdrill.runner.traffic import Traffic, TrafficReport, lead_wall_s, plan
from support.fake_gateway import ADMIN_TOKEN, CONTROL_TOKEN, FakeGateway

SPEED = 60.0
WAIT_S = 60.0
CALLS = {"models": ["openai:gpt-4o"], "key": "k"}


def make_profile(
    *, name: str = "base", duration_s: float = 60, rate_per_s: float = 1, **changes
) -> LoadProfile:
    """Return a load profile of steady traffic, or another one."""
    stages = (LoadStage(duration_s=duration_s, rate_per_s=rate_per_s),)
    fields = {"scenario": "steady", "start_s": 0.0, "options": CALLS} | changes
    return LoadProfile(name=name, stages=stages, **fields)


def make_traffic(tmp_path: Path, gateway: FakeGateway, *profiles: LoadProfile, workers: int = 0) -> Traffic:
    """Return traffic whose load profiles start a moment from now, when Locust is there."""
    starts_in_wall_s = lead_wall_s(workers) if workers else 2.0
    document = plan(
        profiles,
        clock=Clock(speed=SPEED, origin_s=time.time() + starts_in_wall_s),
        seed=1,
        controls={"openai": gateway.url},
        report=tmp_path / "report.json",
    )
    return Traffic(
        document,
        host=gateway.url,
        plan_path=tmp_path / "plan.json",
        log_path=tmp_path / "locust.log",
        env={
            **os.environ,
            "ALERTDRILL_ADMIN_TOKEN": ADMIN_TOKEN,
            "ALERTDRILL_CONTROL_TOKEN": CONTROL_TOKEN,
        },
        workers=workers,
    )


def await_sent(traffic: Traffic, profile: str, least: int) -> TrafficReport:
    """Return the first report that says that so many arrivals were sent."""
    give_up_at = time.monotonic() + WAIT_S
    while True:
        report = traffic.report()
        if profile in report.profiles and report.profiles[profile].sent >= least:
            return report
        assert traffic.poll(), "Locust ended"
        assert time.monotonic() < give_up_at, f"{least} arrivals were not sent in time"
        time.sleep(0.05)
