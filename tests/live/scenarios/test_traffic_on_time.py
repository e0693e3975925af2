"""Traffic of a Locust that has the machine to itself: when calls are sent, and what is said of late ones."""

from __future__ import annotations

import os
import signal
import time

import pytest
from support.steady_traffic import SPEED, WAIT_S, await_sent, make_profile, make_traffic

pytestmark = pytest.mark.alone  # which arrivals are late is what is measured


def test_a_slow_gateway_delays_no_arrival(tmp_path, fake_gateway):
    """Answers that take longer than the whole load profile do not keep the next request from being sent."""
    fake_gateway.delay_s = 2.0
    with make_traffic(tmp_path, fake_gateway, make_profile(duration_s=60, rate_per_s=1)) as traffic:
        report = traffic.wait(WAIT_S)
    instants = [seen.at_s for seen in fake_gateway.calls]
    assert len(instants) == 60
    assert max(instants) - min(instants) < 2.0
    profile = report.profiles["base"]
    assert profile.latency_p50_s >= fake_gateway.delay_s * SPEED
    assert len(profile.slowest_s) == 4
    assert min(profile.slowest_s) >= profile.latency_p50_s


def test_arrivals_after_a_standstill_are_late(tmp_path, fake_gateway):
    """When the process stood still, what was due meanwhile is sent afterwards and counted as late."""
    with make_traffic(tmp_path, fake_gateway, make_profile(duration_s=240, rate_per_s=1)) as traffic:
        await_sent(traffic, "base", 1)
        os.kill(traffic._process.pid, signal.SIGSTOP)
        time.sleep(1.0)  # 60 s of rule time
        os.kill(traffic._process.pid, signal.SIGCONT)
        profile = traffic.wait(WAIT_S).profiles["base"]
    assert profile.planned == profile.sent == 240
    # Of the 60 due during the standstill, all but the last 15 were late; a busy machine makes it more.
    assert profile.late >= 40
    assert profile.lateness_max_s >= 55
