"""Locust as a subprocess of the harness: the plan it gets, the report it writes, and its end."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest
from support.fake_gateway import ADMIN_TOKEN, CONTROL_TOKEN
from support.steady_traffic import CALLS, SPEED, WAIT_S, await_sent, make_profile, make_traffic

from alertdrill.errors import BadInput, ComponentFailed
from alertdrill.runner.traffic import ProfileReport, TrafficReport, TrafficUnfinished


def test_traffic_runs_to_its_end_and_reports(tmp_path, fake_gateway):
    """Every arrival is sent and answered, once, and the report is done.

    An old report of an earlier run is not taken for this one's. Only its owner may read the plan; secrets are
    neither in it nor on the command line nor in the log.
    """
    (tmp_path / "report.json").write_text('{"done": true, "acts": {}}')
    with make_traffic(tmp_path, fake_gateway, make_profile(duration_s=60, rate_per_s=1)) as traffic:
        assert traffic.report() == TrafficReport(done=False, profiles={})
        plan_path = tmp_path / "plan.json"
        assert stat.S_IMODE(plan_path.stat().st_mode) == 0o600
        argv = Path(f"/proc/{traffic._process.pid}/cmdline").read_text()
        report = traffic.wait(WAIT_S)
        assert traffic.poll() is False
    assert report.done
    profile = report.profiles["base"]
    assert isinstance(profile, ProfileReport)
    assert (profile.planned, profile.sent, profile.statuses) == (60, 60, {"200": 60})
    assert len(fake_gateway.calls) == 60
    told = "".join(
        path.read_text() for path in (plan_path, tmp_path / "report.json", tmp_path / "locust.log")
    )
    for secret in (ADMIN_TOKEN, CONTROL_TOKEN, "token-of-k"):
        assert secret not in told + argv


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_locust_that_dies_has_failed(tmp_path, fake_gateway, number):
    """Ended before it was done, by whatever means, even if it calls that a success."""
    with make_traffic(tmp_path, fake_gateway, make_profile(duration_s=600)) as traffic:
        await_sent(traffic, "base", 1)
        os.kill(traffic._process.pid, number)
        with pytest.raises(ComponentFailed, match=r"^Locust .*; its log is .*locust\.log$"):
            traffic.wait(WAIT_S)
        with pytest.raises(ComponentFailed, match=r"^Locust"):
            traffic.poll()


def test_a_bad_plan_fails_with_its_sentence(tmp_path, fake_gateway):
    """What Locust says last is in the error."""
    profile = make_profile(options={**CALLS, "colour": "red"})
    with (
        make_traffic(tmp_path, fake_gateway, profile) as traffic,
        pytest.raises(BadInput, match=r"^Load profile 'base': options: unknown field 'colour'$"),
    ):
        traffic.wait(WAIT_S)


def test_leaving_the_block_ends_locust(tmp_path, fake_gateway):
    """Also when the traffic is not done, and for whatever reason the block is left.

    Traffic that is not done in time is such a reason, and says so.
    """
    traffic = make_traffic(tmp_path, fake_gateway, make_profile(duration_s=6000))
    with pytest.raises(TrafficUnfinished, match=r"^Locust was not done within 0\.2 s"), traffic:
        traffic.wait(0.2)
    pid = traffic._process.pid
    assert not Path(f"/proc/{pid}").exists()


def test_calls_without_an_answer_are_named(tmp_path, fake_gateway):
    """How many there are, where to, and since when: the gateway is to blame, and not Locust."""
    fake_gateway.delay_s = 30.0
    profile = make_profile(name="outage", duration_s=60, rate_per_s=0.05)
    with make_traffic(tmp_path, fake_gateway, profile) as traffic:
        await_sent(traffic, "outage", 3)
        give_up_at = time.monotonic() + WAIT_S
        while not traffic.report().waiting:
            assert time.monotonic() < give_up_at, "no call waits for an answer"
            time.sleep(0.05)
        with pytest.raises(TrafficUnfinished) as raised:
            traffic.wait(2.0)
    path = "POST /v1/chat/completions"
    assert f"3 calls of outage to {path} without an answer, the oldest since 0:" in str(raised.value)


def test_an_unknown_scenario_is_bad_input(tmp_path, fake_gateway):
    """It is refused before anything is started."""
    traffic = make_traffic(tmp_path, fake_gateway, make_profile(scenario="quiet"))
    with pytest.raises(BadInput, match="no scenario 'quiet'"):
        traffic.__enter__()


def test_a_plan_without_profiles_is_done_at_once(tmp_path, fake_gateway):
    """Nothing to do is not an error."""
    with make_traffic(tmp_path, fake_gateway) as traffic:
        assert replace(traffic.wait(WAIT_S), stalls=()) == TrafficReport(done=True, profiles={})


def test_workers_share_the_traffic(tmp_path, fake_gateway):
    """Each arrival is sent once, each worker sends some, has a log, and is given no secret."""
    profile = make_profile(duration_s=120, rate_per_s=2)
    with make_traffic(tmp_path, fake_gateway, profile, workers=2) as traffic:
        environments = [
            Path(f"/proc/{process.pid}/environ").read_text() for process in traffic._worker_processes.values()
        ]
        report = traffic.wait(WAIT_S)
    assert (report.done, report.losses) == (True, ())
    assert report.profiles["base"].sent == len(fake_gateway.calls) == 240
    assert sorted(worker.id for worker in report.workers) == ["worker-1", "worker-2"]
    assert all(worker.sent > 60 for worker in report.workers)
    assert sorted(path.name for path in tmp_path.glob("*.log")) == [
        "locust-worker-1.log",
        "locust-worker-2.log",
        "locust.log",
    ]
    for secret in (ADMIN_TOKEN, CONTROL_TOKEN):
        assert not any(secret in environment for environment in environments)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_locust_that_was_stopped_says_so(tmp_path, fake_gateway, workers):
    """When and for how long, be it all of Locust or a worker of it: nobody else could ask it."""
    with make_traffic(tmp_path, fake_gateway, make_profile(duration_s=240), workers=workers) as traffic:
        origin_s = json.loads((tmp_path / "plan.json").read_text())["origin_s"]
        await_sent(traffic, "base", 20)
        pid = (traffic._worker_processes["worker-1"] if workers else traffic._process).pid
        os.kill(pid, signal.SIGSTOP)
        stopped_s = time.time()
        time.sleep(1.0)  # the cause itself, not a wait for something
        resumed_s = time.time()
        os.kill(pid, signal.SIGCONT)
        report = traffic.wait(WAIT_S)
    longest = max(report.stalls, key=lambda stall: stall[1] - stall[0])
    seen = tuple(origin_s + at_s / SPEED for at_s in longest)
    assert seen == pytest.approx((stopped_s, resumed_s), abs=0.3)


def test_a_worker_that_is_killed_is_said_and_ends_nothing(tmp_path, fake_gateway):
    """The traffic goes on to its end, and the report has a sentence about the loss."""
    profile = make_profile(duration_s=480, rate_per_s=1)
    with make_traffic(tmp_path, fake_gateway, profile, workers=2) as traffic:
        await_sent(traffic, "base", 50)
        traffic._worker_processes["worker-1"].kill()
        report = traffic.wait(WAIT_S)
    assert report.done
    assert report.profiles["base"].sent == 480
    (loss,) = report.losses
    assert loss.startswith("the load worker worker-1 gave no sign of life at ")


def test_a_worker_that_never_joins_has_failed(tmp_path, fake_gateway):
    """It is named, with its log: nobody waits for it for ever."""
    with make_traffic(tmp_path, fake_gateway, make_profile(duration_s=600), workers=2) as traffic:
        traffic._worker_processes["worker-2"].kill()
        with pytest.raises(ComponentFailed, match=r"^Locust worker-2 .*; its log is .*locust-worker-2\.log$"):
            await_sent(traffic, "base", 1)
    for process in traffic._worker_processes.values():
        assert not Path(f"/proc/{process.pid}").exists()
