"""Locust as people start it: in a process of its own, against the fake gateway."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fake_gateway import ADMIN_TOKEN, CONTROL_TOKEN, FakeGateway

ROOT = Path(__file__).resolve().parents[3]
WITHIN_S = 60.0


@pytest.fixture
def environ(fake_gateway: FakeGateway) -> dict[str, str]:
    """Return the environment of a Locust that may do everything."""
    return {
        **os.environ,
        "ALERTDRILL_ADMIN_TOKEN": ADMIN_TOKEN,
        "ALERTDRILL_CONTROL_TOKEN": CONTROL_TOKEN,
        "ALERTDRILL_CONTROLS": f"openai={fake_gateway.url}",
    }


@pytest.fixture
def run_locust(
    fake_gateway: FakeGateway, environ: dict[str, str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `locust -f scenarios/<name>.py --headless …` to its end."""

    def run(*names: str, options: tuple[str, ...] = (), cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*_command(names, fake_gateway), "--headless", "--only-summary", *options],
            cwd=cwd,
            env=environ,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )

    return run


@pytest.fixture
def start_locust(fake_gateway: FakeGateway, environ: dict[str, str], tmp_path: Path) -> Callable[..., Any]:
    """Start Locust for the length of a `with` block; its output goes to `tmp_path / "locust.log"`."""

    @contextmanager
    def start(*names: str, options: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
        with (
            (tmp_path / "locust.log").open("wb") as log,
            subprocess.Popen(
                [*_command(names, fake_gateway), *options],
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
    fake_gateway: FakeGateway, run_locust: Callable[..., Any], tmp_path: Path
) -> Callable[..., dict[str, Any]]:
    """Have Locust perform a plan of these acts; return what it reports of them."""

    def perform_acts(*acts: dict[str, Any]) -> dict[str, Any]:
        path, report = tmp_path / "plan.json", tmp_path / "report.json"
        plan = {
            "speed": fake_gateway.speed,
            "origin_s": time.time() + 2.5,
            "seed": 1,
            "report": str(report),
            "controls": {"openai": fake_gateway.url},
            "acts": [{"start_s": 0, "arrivals": "uniform", "tells": [], **act} for act in acts],
        }
        path.write_text(json.dumps(plan))
        ended = run_locust(*dict.fromkeys(act["scenario"] for act in acts), options=("--plan", str(path)))
        assert ended.returncode == 0, ended.stderr
        result = json.loads(report.read_text())
        assert result["done"] is True
        return result["acts"]

    return perform_acts


def _command(names: tuple[str, ...], gateway: FakeGateway) -> list[str]:
    files = ",".join(str(ROOT / "scenarios" / f"{name}.py") for name in names)
    return [sys.executable, "-m", "locust", "-f", files, "--host", gateway.url]
