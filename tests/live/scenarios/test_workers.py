"""Several load workers: one schedule split over them, whoever dies, leaves or joins."""

from __future__ import annotations

import signal

from support.cluster import WITHIN_S, await_condition
from support.distinct_calls import count_bodies, make_profile
from support.fake_gateway import ADMIN_TOKEN, CONTROL_TOKEN

SOON_WALL_S = 4.0
"""When a plan starts in which nothing has to be in time: what is due before that is sent late."""


def all_send(stays, *names: str) -> bool:
    """Return whether each of these workers has sent something."""
    return all(stays.get(name, {}).get("sent", 0) > 0 for name in names)


def test_the_shares_of_workers_that_die_or_stand_still_are_sent_by_others(cluster, fake_gateway):
    """Every request is still sent; those that may have been sent twice are counted, and the losses are told.

    When the one that stood still goes on, its leases have run out: it asks before it sends, and others have
    its shares.
    """
    with cluster("cache_collapse") as locust:
        locust.perform([make_profile(duration_s=900, rate_per_s=2)], workers=3)
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
        locust.perform([make_profile(duration_s=900, rate_per_s=2)], workers=2)
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


def test_without_workers_the_test_has_failed(cluster):
    """When the last one dies the master ends, with 1 and a sentence that says who it was."""
    with cluster("cache_collapse") as locust:
        locust.perform([make_profile(duration_s=6000, rate_per_s=1)], workers=1, starts_in_wall_s=SOON_WALL_S)
        locust.await_calls(50)
        locust.processes["worker-1"].kill()
        assert locust.master.wait(WITHIN_S) == 1
        assert locust.log("master").splitlines()[-1] == (
            "No load worker is left: the last, worker-1, gave no sign of life"
        )
        assert locust.report()["done"] is False


def test_a_worker_without_the_scenario_ends_the_test(cluster):
    """One sentence names the worker and what it lacks."""
    with cluster("cache_collapse", "steady") as locust:
        locust.perform([make_profile(duration_s=600, rate_per_s=1)], workers=1, starts_in_wall_s=SOON_WALL_S)
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
