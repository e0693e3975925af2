"""Several load workers, whoever dies, leaves or joins: each call is sent in time, by one of them."""

from __future__ import annotations

import signal
from collections import Counter

import pytest
from support.cluster import WITHIN_S, await_condition
from support.distinct_calls import MODELS, NEW_EACH_TIME, count_bodies, make_profile
from support.fake_gateway import ADMIN_TOKEN, CONTROL_TOKEN

pytestmark = pytest.mark.alone  # Locust's heartbeats, and which arrivals are late, are what is measured


def all_send(stays, *names: str) -> bool:
    """Return whether each of these workers has sent something."""
    return all(stays.get(name, {}).get("sent", 0) > 0 for name in names)


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


def test_the_shares_of_workers_that_die_or_stand_still_are_sent_by_others(cluster, fake_gateway):
    """Every request is still sent; those that may have been sent twice are counted, and the losses are told.

    When the one that stood still goes on, its leases have run out: it asks before it sends, and others have
    its shares.
    """
    with cluster("cache_collapse") as locust:
        locust.perform([make_profile(duration_s=720, rate_per_s=2.5)], workers=3)
        locust.await_calls(200)
        await_condition(lambda: all_send(locust.stays(), "worker-1", "worker-2", "worker-3"), "all send")
        locust.processes["worker-1"].send_signal(signal.SIGSTOP)
        locust.processes["worker-2"].kill()
        for name in ("worker-1", "worker-2"):
            await_condition(lambda name=name: locust.stays()[name]["left_at_s"], f"{name} is taken for lost")
        locust.processes["worker-1"].send_signal(signal.SIGCONT)
        await_condition(
            lambda: [worker["id"] for worker in locust.report()["workers"]].count("worker-1") == 2,
            "it is back",
        )
        report = locust.await_end()
        stays = locust.stays()
    first, again = (worker for worker in report["workers"] if worker["id"] == "worker-1")
    bodies = count_bodies(fake_gateway)
    assert len(bodies) == 1800
    profile = report["profiles"]["asks"]
    assert profile["planned"] == profile["sent"] == sum(profile["statuses"].values()) == 1800
    assert profile["late"] > 0
    twice = bodies.total() - 1800
    assert twice <= first["twice"] + stays["worker-2"]["twice"]
    assert twice <= 24, "more than twelve for each that was lost"
    assert (first["why"], again["left_at_s"]) == ("gave no sign of life", None)
    assert again["joined_at_s"] > first["left_at_s"]
    assert stays["worker-2"]["why"] == "gave no sign of life"
    assert stays["worker-2"]["left_at_s"] > 0
    assert stays["worker-3"]["left_at_s"] is None


def test_workers_come_and_go_without_a_loss(cluster, fake_gateway):
    """Who joins in mid-run gets a share, who leaves gives its own back: each request is sent once."""
    with cluster("cache_collapse") as locust:
        locust.perform([make_profile(duration_s=600, rate_per_s=3)], workers=2)
        locust.await_calls(100)
        locust.start_worker("late")
        await_condition(lambda: locust.stays().get("late", {}).get("sent", 0) > 10, "the late worker sends")
        for name in ("worker-1", "worker-2"):
            locust.processes[name].terminate()
            await_condition(lambda name=name: locust.stays()[name]["left_at_s"], f"{name} has left")
        report = locust.await_end()
        stays = locust.stays()
    assert set(count_bodies(fake_gateway).values()) == {1}
    assert len(fake_gateway.calls) == 1800
    assert report["profiles"]["asks"]["statuses"] == {"200": 1800}
    assert stays["late"]["joined_at_s"] > 0
    assert {name: stay["why"] for name, stay in stays.items()} == {
        "worker-1": "ended",
        "worker-2": "ended",
        "late": "",
    }
    assert [stay["twice"] for stay in stays.values()] == [0, 0, 0]


def test_a_worker_without_the_scenario_ends_the_test(cluster):
    """One sentence names the worker and what it lacks."""
    with cluster("cache_collapse", "steady") as locust:
        locust.perform([make_profile(duration_s=600, rate_per_s=1)], workers=1, starts_in_wall_s=4.0)
        locust.scenarios = ("steady",)
        locust.start_worker("poor")
        assert locust.master.wait(WITHIN_S) == 2
        assert locust.log("master").splitlines()[-1].startswith("poor: Load profile 'asks': 'cache_coll")


def test_the_web_page_has_workers(cluster, fake_gateway):
    """A test is started for all of them, whatever is asked for, ends by itself, and can be started again."""
    with cluster("steady") as locust:
        locust.start_master()
        for name in ("worker-1", "worker-2"):
            locust.start_worker(name, "--loglevel", "DEBUG")
        await_condition(
            lambda: len((locust.ask("/stats/requests") or {}).get("workers", [])) == 2,
            "two workers are there",
        )
        locust.swarm(duration_s="6000", rate="2", key="first")
        locust.await_calls(50)
        locust.stop()
        locust.swarm(duration_s="120", rate="1", key="second")
        await_condition(
            lambda: [seen.key for seen in fake_gateway.calls].count("second") == 120, "the second test sends"
        )
        await_condition(lambda: locust.ask("/stats/requests")["state"] == "stopped", "it ends by itself")
        await_condition(
            lambda: (
                [
                    entry["num_requests"]
                    for entry in locust.ask("/stats/requests")["stats"]
                    if entry["name"] == "steady"
                ]
                == [120]
            ),
            "the statistics of both workers are there",
        )
        told = "".join(locust.log(name) for name in locust.processes)
    for secret in (ADMIN_TOKEN, CONTROL_TOKEN, "token-of-"):
        assert secret not in told
