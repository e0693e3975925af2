"""Locust as people start it: in a process of its own, against the fake gateway."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.cluster import Cluster
from support.fake_gateway import ADMIN_TOKEN, CONTROL_TOKEN, FakeGateway
from support.locust_nursery import STARTS_IN_WALL_S, LocustNursery, open_locust_nursery

ROOT = Path(__file__).resolve().parents[3]
WITHIN_S = 60.0


@pytest.fixture
def fake_gateway() -> Iterator[FakeGateway]:
    """Run a gateway that answers everything at once, until it is told otherwise."""
    with FakeGateway() as gateway:
        yield gateway


def make_environ(gateway: FakeGateway) -> dict[str, str]:
    """Return the environment of a Locust that may do everything at a gateway."""
    return {
        **os.environ,
        "ALERTDRILL_ADMIN_TOKEN": ADMIN_TOKEN,
        "ALERTDRILL_CONTROL_TOKEN": CONTROL_TOKEN,
        "ALERTDRILL_CONTROLS": f"openai={gateway.url}",
    }


@pytest.fixture(scope="session")
def locusts() -> Iterator[LocustNursery]:
    """Run what forks a Locust for each test that has one do something and end."""
    with open_locust_nursery() as nursery:
        yield nursery


def run_headless(
    locusts: LocustNursery,
    gateway: FakeGateway,
    environ: Mapping[str, str],
    *names: str,
    options: tuple[str, ...] = (),
    cwd: Path = ROOT,
) -> subprocess.CompletedProcess[str]:
    """Run `locust -f scenarios/<name>.py --headless …` to its end."""
    arguments = [*_say_where(names, gateway), "--headless", "--only-summary", *options]
    return locusts.run(arguments, env=environ, cwd=cwd, within_s=WITHIN_S)


def perform_plan(
    locusts: LocustNursery,
    gateway: FakeGateway,
    environ: Mapping[str, str],
    folder: Path,
    profiles: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Have Locust perform a plan of these load profiles; return what it reports of them."""
    path, report = folder / "plan.json", folder / "report.json"
    plan = {
        "speed": gateway.speed,
        "origin_s": time.time() + STARTS_IN_WALL_S,
        "seed": 1,
        "report": str(report),
        "controls": {"openai": gateway.url},
        "profiles": [{"start_s": 0, "arrivals": "uniform", "changes": [], **profile} for profile in profiles],
    }
    path.write_text(json.dumps(plan))
    scenarios = dict.fromkeys(profile["scenario"] for profile in profiles)
    ended = run_headless(locusts, gateway, environ, *scenarios, options=("--plan", str(path)))
    assert ended.returncode == 0, ended.stderr
    result: dict[str, Any] = json.loads(report.read_text())
    assert result["done"] is True
    return dict(result["profiles"])


@pytest.fixture
def environ(fake_gateway: FakeGateway) -> dict[str, str]:
    """Return the environment of a Locust that may do everything."""
    return make_environ(fake_gateway)


@pytest.fixture
def run_locust(
    locusts: LocustNursery, fake_gateway: FakeGateway, environ: dict[str, str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return `run_headless` for this test's gateway."""
    return partial(run_headless, locusts, fake_gateway, environ)


@pytest.fixture
def start_locust(fake_gateway: FakeGateway, environ: dict[str, str], tmp_path: Path) -> Callable[..., Any]:
    """Start Locust for the length of a `with` block; its output goes to `tmp_path / "locust.log"`."""

    @contextmanager
    def start(*names: str, options: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
        with (
            (tmp_path / "locust.log").open("wb") as log,
            subprocess.Popen(
                [sys.executable, "-m", "locust", *_say_where(names, fake_gateway), *options],
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            ) as process,
        ):
            try:
                yield process
            finally:
                process.terminate()
                try:
                    process.wait(WITHIN_S)
                finally:
                    process.kill()

    return start


@pytest.fixture
def perform(
    locusts: LocustNursery, fake_gateway: FakeGateway, environ: dict[str, str], tmp_path: Path
) -> Callable[..., dict[str, Any]]:
    """Return `perform_plan` for this test's gateway."""
    return lambda *profiles: perform_plan(locusts, fake_gateway, environ, tmp_path, profiles)


@pytest.fixture(scope="module")
def performed(
    request: pytest.FixtureRequest, locusts: LocustNursery, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, Any], FakeGateway]]:
    """Perform the `ACTS` of a module together; return what Locust reports, and the gateway that was asked."""
    with FakeGateway() as gateway:
        folder = tmp_path_factory.mktemp("performed")
        yield perform_plan(locusts, gateway, make_environ(gateway), folder, request.module.PROFILES), gateway


@pytest.fixture
def cluster(fake_gateway: FakeGateway, tmp_path: Path) -> Callable[..., Cluster]:
    """Make a master with these scenarios."""

    def make(*scenarios: str) -> Cluster:
        return Cluster(gateway=fake_gateway, folder=tmp_path, scenarios=scenarios)

    return make


def _say_where(names: tuple[str, ...], gateway: FakeGateway) -> list[str]:
    files = ",".join(str(ROOT / "scenarios" / f"{name}.py") for name in names)
    return ["-f", files, "--host", gateway.url]
