"""Load workers of which none is left; the others, who want the machine, are in test_workers.py."""

from __future__ import annotations

from support.cluster import WITHIN_S
from support.distinct_calls import make_profile

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
