"""Load from containers: Locust's master, its page, and any number of workers send what one process sends."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import requests
from prometheus_client.parser import text_string_to_metric_families
from support.compose_project import Compose
from support.whole_runs import ROOT

from alertdrill.stacks.compose.containers import read_file

WITHIN_S = 120.0
WORKERS = 3
SCENARIO = "steady"
OPTIONS = {"rate": "2", "duration_s": "600"}
"""1,200 calls, in ten seconds at the stack's speed."""
ARRIVALS = 1200


def await_condition(holds: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds."""
    give_up_at = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < give_up_at, f"not in time: {what}"
        time.sleep(0.2)


def count_calls(gateway: str) -> int:
    """Return how many calls the gateway has seen so far."""
    text = requests.get(f"{gateway}/metrics/metis", timeout=WITHIN_S).text
    return round(
        sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "metis_llm_calls_total"
        )
    )


def read_stats(page: str) -> dict[str, Any]:
    """Return Locust's statistics as its page shows them."""
    answer: dict[str, Any] = requests.get(f"{page}/stats/requests", timeout=WITHIN_S).json()
    return answer


def test_workers_send_as_many_arrivals_as_one_process(compose: Compose) -> None:
    """As the gateway counts them, to 1 %; the page of the master lists the workers."""
    up = ("--profile", "load", "up", "--detach", "--build", "--wait", "--scale", f"worker={WORKERS}")
    finished = compose.run(*up, "locust", "worker", ALERTDRILL_SCENARIO=SCENARIO)
    assert finished.code == 0, finished.err
    gateway = f"http://{compose.find_port('gateway', 8080)}"
    page = f"http://{compose.find_port('locust', 8089)}"
    await_condition(lambda: len(read_stats(page)["workers"]) == WORKERS, f"{WORKERS} workers")

    swarmed = requests.post(
        f"{page}/swarm", data={"user_count": "1", "spawn_rate": "1", **OPTIONS}, timeout=WITHIN_S
    )
    assert swarmed.json()["success"], swarmed.text
    await_condition(lambda: read_stats(page)["state"] == "stopped", "the test ends by itself")
    by_workers = count_calls(gateway)

    one = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", str(ROOT / "scenarios" / f"{SCENARIO}.py")),
            *("--headless", "--only-summary", "--host", gateway),
            *(f"--{name.replace('_', '-')}={value}" for name, value in OPTIONS.items()),
        ],
        env={
            **compose.environ,
            "ALERTDRILL_ADMIN_TOKEN": read_file(
                compose.find()["prepare"], "/run/alertdrill/ALERTDRILL_ADMIN_TOKEN"
            ),
        },
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert one.returncode == 0, one.stderr
    by_one = count_calls(gateway) - by_workers
    assert abs(by_one - ARRIVALS) <= 0.01 * ARRIVALS
    assert abs(by_workers - by_one) <= 0.01 * by_one
    sent = {worker["id"] for worker in read_stats(page)["workers"]}
    assert len(sent) == WORKERS
