"""Locust's master and its workers as processes, against the fake gateway."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import requests

from alertdrill.runtime.free_ports import find_free_ports
from support.fake_gateway import ADMIN_TOKEN, CONTROL_TOKEN, FakeGateway

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 60.0


def await_condition(holds: Callable[[], Any], what: str) -> Any:
    """Wait until a condition holds, and return what it returns then."""
    give_up_at = time.monotonic() + WITHIN_S
    while not (found := holds()):
        assert time.monotonic() < give_up_at, f"not in time: {what}"
        time.sleep(0.02)
    return found


def _find_free_port() -> int:
    return find_free_ports(1)[0]


@dataclass(kw_only=True)
class Cluster:
    """A master that performs a plan, or shows its web page, and workers to start and to end at will."""

    gateway: FakeGateway
    folder: Path
    scenarios: tuple[str, ...]
    port: int = field(default_factory=_find_free_port)
    web_port: int = field(default_factory=_find_free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _resources: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    @property
    def master(self) -> subprocess.Popen[bytes]:
        """The master's process."""
        return self.processes["master"]

    @property
    def url(self) -> str:
        """Where the master's web page is."""
        return f"http://127.0.0.1:{self.web_port}"

    def perform(
        self,
        profiles: list[dict[str, Any]],
        *,
        workers: int,
        starts_in_wall_s: float = 8.0,
        last: Mapping[str, str] | None = None,
    ) -> None:
        """Start a master with a plan, and as many workers, the last one with more in its environment.

        Where it matters that arrivals are in time, `starts_in_wall_s` is what all of them take to start.
        """
        plan = {
            "speed": self.gateway.speed,
            "origin_s": time.time() + starts_in_wall_s,
            "seed": 1,
            "report": str(self.folder / "report.json"),
            "controls": {"openai": self.gateway.url},
            "profiles": [
                {"start_s": 0, "arrivals": "uniform", "changes": [], **profile} for profile in profiles
            ],
        }
        path = self.folder / "plan.json"
        path.write_text(json.dumps(plan))
        options = ("--headless", "--only-summary", "--plan", str(path), "--expect-workers", str(workers))
        self.start_master(*options)
        for number in range(1, workers + 1):
            self.start_worker(f"worker-{number}", **((last or {}) if number == workers else {}))

    def start_master(self, *options: str) -> None:
        """Start a master."""
        at = ("--master-bind-host", "127.0.0.1", "--master-bind-port", str(self.port))
        web = () if "--headless" in options else ("--web-host", "127.0.0.1", "--web-port", str(self.web_port))
        secrets = {"ALERTDRILL_ADMIN_TOKEN": ADMIN_TOKEN, "ALERTDRILL_CONTROL_TOKEN": CONTROL_TOKEN}
        self._start("master", ("--master", "--host", self.gateway.url, *at, *web, *options), secrets)

    def start_worker(self, name: str, *options: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a worker; it is given no secret."""
        at = ("--master-host", "127.0.0.1", "--master-port", str(self.port))
        return self._start(name, ("--worker", *at, *options), {"ALERTDRILL_WORKER": name, **env})

    def await_calls(self, least: int) -> None:
        """Wait until the gateway was asked so often."""

        def are_there() -> bool:
            assert self.master.poll() is None, self.log("master")
            return len(self.gateway.asked) >= least

        await_condition(are_there, f"{least} requests")

    def await_end(self) -> dict[str, Any]:
        """Wait until the plan is done, and return the report."""
        code = self.master.wait(WITHIN_S)
        assert code == 0, self.log("master")
        report = self.report()
        assert report["done"] is True
        return report

    def report(self) -> dict[str, Any]:
        """Return what the master has reported."""
        return json.loads((self.folder / "report.json").read_text())

    def stays(self) -> dict[str, dict[str, Any]]:
        """Return what the report says of each worker."""
        return {worker["id"]: worker for worker in self.report()["workers"]}

    def log(self, name: str) -> str:
        """Return what a process has written."""
        return (self.folder / f"{name}.log").read_text()

    def swarm(self, **options: str) -> None:
        """Start a test from the web page, with as few users as one may ask for."""
        form = {"user_count": "1", "spawn_rate": "1", **options}
        answer = requests.post(f"{self.url}/swarm", data=form, timeout=WITHIN_S)
        assert answer.json()["success"], answer.text

    def stop(self) -> None:
        """Stop the test from the web page."""
        assert requests.post(f"{self.url}/stop", timeout=WITHIN_S).json()["success"]

    def ask(self, path: str) -> Any:
        """Return what the web page's API answers; None while it is not there."""
        try:
            return requests.get(f"{self.url}{path}", timeout=WITHIN_S).json()
        except requests.ConnectionError:
            return None

    def _start(self, name: str, options: tuple[str, ...], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        files = ",".join(str(ROOT / "scenarios" / f"{scenario}.py") for scenario in self.scenarios)
        log = self._resources.enter_context((self.folder / f"{name}.log").open("wb"))
        process = self._resources.enter_context(
            _ended(
                subprocess.Popen(
                    [sys.executable, "-m", "locust", "-f", files, *options],
                    cwd=ROOT,
                    env={**os.environ, **env},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            )
        )
        self.processes[name] = process
        return process


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()
