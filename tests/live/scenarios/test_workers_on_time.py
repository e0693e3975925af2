"""Several load workers that have the machine to themselves: each call is sent in time, by one of them."""

from __future__ import annotations

from collections import Counter

import pytest
from support.distinct_calls import MODELS, NEW_EACH_TIME, count_bodies, make_profile

pytestmark = pytest.mark.alone  # which arrivals are late is what is measured


def test_workers_send_what_one_process_sends(cluster, fake_gateway, perform, tmp_path):
    """The same requests, each once and on time; keys and changes once; every worker sends its part.

    The clock of one of them is half a minute ahead: it sends at the master's instants all the same, and the
    report says so.
    """
    (tmp_path / "sitecustomize.py").write_text(
        "import time\n_right = time.time\ntime.time = lambda: _right() + 30.0\n"
    )
    rotation = {
        "name": "turn",
        "scenario": "auth_scan",
        "stages": [{"duration_s": 150, "rate_per_s": 1}],
        "options": {
            "reason": "rotation",
            "key": "turning",
            "models": MODELS,
            "rotate_at_s": 40,
            "catch_up_s": 60,
        },
    }
    slow = {"latency": {"kind": "constant", "s": 40}}
    changes = [{"at_s": 0, "provider": "openai", "model": "gpt-4o", "behaviour": slow}]
    conversing = {
        "name": "talks",
        "scenario": "predict",
        "start_s": 10,
        "stages": [{"duration_s": 90, "rate_per_s": 0.5}],
        "options": {"models": MODELS, "key": "k", "asks": ["status"]},
    }
    profiles = [
        make_profile(duration_s=150, rate_per_s=4, changes=changes),
        make_profile(
            duration_s=150,
            rate_per_s=2,
            name="more",
            arrivals="poisson",
            options=NEW_EACH_TIME | {"key": "l"},
        ),
        rotation,
        conversing,
    ]
    alone = perform(*profiles)
    bodies, asked = count_bodies(fake_gateway), Counter(fake_gateway.asked)
    controls = list(fake_gateway.controls)
    for seen in (fake_gateway.seen, fake_gateway.asked):
        seen.clear()
    for known in (fake_gateway.tokens, fake_gateway.revoked):
        known.clear()
    with cluster("cache_collapse", "auth_scan", "predict") as locust:
        locust.perform(profiles, workers=3, last={"PYTHONPATH": str(tmp_path)})
        report = locust.await_end()
        stays = locust.stays()
    assert count_bodies(fake_gateway) == bodies
    assert Counter(fake_gateway.asked) == asked
    assert fake_gateway.controls == controls
    assert [seen.body for seen in fake_gateway.seen if seen.path == "/admin/keys"] == [
        {"id": "k"},
        {"id": "l"},
        {"id": "turning"},
    ]
    assert {seen.key for seen in fake_gateway.calls} == {"k", "l", "turning", "turning-2"}
    for name, profile in report["profiles"].items():
        assert (profile["planned"], profile["sent"]) == (alone[name]["planned"], alone[name]["sent"])
        assert profile["late"] == 0
    assert sum(worker["sent"] for worker in report["workers"]) == sum(
        profile["sent"] for profile in report["profiles"].values()
    )
    assert [worker["left_at_s"] for worker in report["workers"]] == [None] * 3
    assert all(worker["sent"] > 200 for worker in report["workers"])
    assert stays["worker-3"]["clock_off_s"] == pytest.approx(30, abs=1)
    assert stays["worker-1"]["clock_off_s"] == pytest.approx(0, abs=1)
    # By its own clock, all of its third would be overdue as the load profiles begin.
    instants = sorted(seen.at_s for seen in fake_gateway.calls)
    third_s = instants[0] + (instants[-1] - instants[0]) / 3
    assert sum(at_s < third_s for at_s in instants) < len(instants) / 2
