"""Several load workers: how their test ends, and their web page."""

from __future__ import annotations

from support.cluster import WITHIN_S, await_condition
from support.distinct_calls import make_profile
from support.fake_gateway import ADMIN_TOKEN, CONTROL_TOKEN

SOON_WALL_S = 4.0
"""When a plan starts in which nothing has to be in time: what is due before that is sent late."""


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
