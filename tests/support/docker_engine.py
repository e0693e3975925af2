"""Whether this machine can run the compose stack: a Docker engine, the Compose plugin and the base images."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from support.plain_yaml import read_yaml

ANSWER_TIMEOUT_S = 20.0
PULL_TIMEOUT_S = 300.0
SKIPPED = "no Docker engine"
"""What the reason of a test starts with that is skipped for the want of one."""

_FROM = re.compile(r"^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$", re.MULTILINE | re.IGNORECASE)


def list_base_images(root: Path) -> list[str]:
    """Return the images that compose.yaml and Dockerfile take from elsewhere, each once.

    A service of a profile is left out, because it does not start unless it is asked for.
    """
    services = read_yaml(root / "compose.yaml")["services"].values()
    made = {service["image"] for service in services if "build" in service}
    taken = [service["image"] for service in services if "profiles" not in service]
    stages: set[str] = set()
    for image, stage in _FROM.findall((root / "Dockerfile").read_text()):
        taken += [image] if image not in stages else []
        stages.add(stage)
    return [image for image in dict.fromkeys(taken) if image not in made]


def demand_engine(root: Path, environ: Mapping[str, str]) -> None:
    """Skip the test, saying why, unless this machine can run the compose stack that is in `root`.

    With ALERTDRILL_REQUIRE_DOCKER=1, as in CI, the test fails instead.
    """
    if why := find_hindrance(root):
        if environ.get("ALERTDRILL_REQUIRE_DOCKER") == "1":
            pytest.fail(f"{SKIPPED}: {why}", pytrace=False)
        pytest.skip(f"{SKIPPED}: {why}")


def describe_skipped(reasons: Sequence[str]) -> str:
    """Return the line that tells which tests were skipped for the want of an engine, empty if none were."""
    missing = [reason for reason in reasons if reason.startswith(SKIPPED)]
    tests = "1 test" if len(missing) == 1 else f"{len(missing)} tests"
    return f"SKIPPED, not passed: {tests} of the compose stack: {missing[0]}" if missing else ""


def find_hindrance(root: Path) -> str:
    """Return why the compose stack cannot be run here, empty if it can; images that are absent are pulled."""
    if said := run_docker("version", "--format={{.Server.Version}}"):
        return said
    if said := run_docker("compose", "version"):
        return f"no Compose plugin: {said}"
    for image in list_base_images(root):
        if run_docker("image", "inspect", image) and (said := pull(image)):
            return f"no image {image}: {said}"
    return ""


def pull(image: str) -> str:
    """Pull an image; return why it cannot be had, empty if it was."""
    return run_docker("pull", "--quiet", image, timeout_s=PULL_TIMEOUT_S)


def run_docker(*arguments: str, timeout_s: float = ANSWER_TIMEOUT_S) -> str:
    """Run docker; return its last complaint, empty if it succeeded."""
    try:
        ran = subprocess.run(
            ["docker", *arguments],  # noqa: S607 - the one on PATH
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError:
        return "there is no docker on PATH"
    except subprocess.TimeoutExpired:
        return f"docker {arguments[0]} did not end within {timeout_s:g} s"
    if ran.returncode == 0:
        return ""
    said = [line.strip() for line in ran.stderr.decode(errors="replace").splitlines()]
    lines = [line for line in said if line and not line.startswith("See 'docker")]
    return lines[-1] if lines else f"docker {arguments[0]} failed with exit code {ran.returncode}"
