"""When the tests of the compose stack run, are skipped, or fail, with a made-up docker on PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.docker_engine import (
    demand_engine,
    describe_skipped,
    find_hindrance,
    list_base_images,
    run_docker,
)

TESTS = Path(__file__).resolve().parents[1]
COMPOSE = """\
x-guarded: &guarded {read_only: true}
services:
  prepare: {image: ours, build: .}
  gateway: {<<: *guarded, image: ours}
  prometheus: {<<: *guarded, image: "prom/prometheus:v3.5.3"}
  standby: {image: "prom/prometheus:v3.5.3"}
  grafana: {image: "grafana/grafana:12.2.0", profiles: [grafana]}
"""
DOCKERFILE = """\
FROM python:3.13-slim-trixie AS build
RUN echo FROM here
FROM --platform=linux/amd64 python:3.13-slim-trixie
COPY --from=build /opt /opt
FROM build
"""
DOCKER = """\
#!/bin/sh
echo "$*" >>"{root}/log"
case "$*" in
{cases}
*) exit 0 ;;
esac
"""
ABSENT = '"image inspect prom/"*) exit 1 ;;'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with a compose.yaml and a Dockerfile."""
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    return tmp_path


@pytest.fixture
def place_docker(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that makes `docker` succeed except in these cases of a shell's `case`."""
    monkeypatch.setenv("PATH", f"{project / 'bin'}:{os.environ['PATH']}")

    def place(*cases: str) -> None:
        program = project / "bin/docker"
        program.parent.mkdir(exist_ok=True)
        program.write_text(DOCKER.replace("{root}", str(project)).replace("{cases}", "\n".join(cases)))
        program.chmod(0o755)

    return place


def test_base_images_are_those_from_elsewhere(project: Path) -> None:
    """Not what is built here, not what only a profile starts, no stage of the build, and each once."""
    assert list_base_images(project) == ["prom/prometheus:v3.5.3", "python:3.13-slim-trixie"]


def test_nothing_is_missing(project: Path, place_docker: Callable[..., None]) -> None:
    """With engine, plugin and images there, nothing hinders, and nothing is pulled."""
    place_docker()
    assert find_hindrance(project) == ""
    assert "pull" not in (project / "log").read_text()


def test_without_docker(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without docker is told so."""
    monkeypatch.setenv("PATH", str(project / "nothing"))
    assert find_hindrance(project) == "there is no docker on PATH"


@pytest.mark.parametrize(
    ("cases", "why"),
    [
        (['version*) echo "warning" >&2; echo "Cannot connect" >&2; exit 1 ;;'], "Cannot connect"),
        (["version*) exit 3 ;;"], "docker version failed with exit code 3"),
        (
            ["""compose*) printf "not a command\nSee 'docker --help'\n" >&2; exit 1 ;;"""],
            "no Compose plugin: not a command",
        ),
        (
            [ABSENT, "pull*) echo 'no such host' >&2; exit 1 ;;"],
            "no image prom/prometheus:v3.5.3: no such host",
        ),
    ],
)
def test_what_is_missing_is_said(
    project: Path, place_docker: Callable[..., None], cases: list[str], why: str
) -> None:
    """Engine, plugin and images are looked at in turn, and docker's last words are the reason."""
    place_docker(*cases)
    assert find_hindrance(project) == why


@pytest.mark.usefixtures("project")
def test_an_engine_that_does_not_answer(place_docker: Callable[..., None]) -> None:
    """An engine that hangs is as good as none."""
    place_docker("version*) exec sleep 30 ;;")
    assert run_docker("version", timeout_s=0.2) == "docker version did not end within 0.2 s"


def test_an_absent_image_is_pulled(project: Path, place_docker: Callable[..., None]) -> None:
    """An image that a registry has is no hindrance."""
    place_docker(ABSENT)
    assert find_hindrance(project) == ""
    assert "pull --quiet prom/prometheus:v3.5.3" in (project / "log").read_text().splitlines()


def test_a_test_is_skipped_or_fails(project: Path, place_docker: Callable[..., None]) -> None:
    """Without an engine a test is skipped with the reason; where one is required it fails with it."""
    place_docker("version*) echo 'Cannot connect' >&2; exit 1 ;;")
    with pytest.raises(pytest.skip.Exception, match=r"^no Docker engine: Cannot connect$"):
        demand_engine(project, {})
    with pytest.raises(pytest.fail.Exception, match=r"^no Docker engine: Cannot connect$"):
        demand_engine(project, {"ALERTDRILL_REQUIRE_DOCKER": "1"})
    place_docker()
    demand_engine(project, {"ALERTDRILL_REQUIRE_DOCKER": "1"})


def test_other_skips_are_not_counted() -> None:
    """Only what was skipped for the want of an engine is told as such."""
    assert describe_skipped(["no browser"]) == ""
    assert describe_skipped(["no Docker engine: why", "no browser", "no Docker engine: why"]) == (
        "SKIPPED, not passed: 2 tests of the compose stack: no Docker engine: why"
    )


@pytest.mark.parametrize(
    ("required", "code", "said"),
    [
        ("", 0, "SKIPPED, not passed: 1 test of the compose stack: no Docker engine: Cannot connect"),
        ("1", 1, "no Docker engine: Cannot connect"),
    ],
)
def test_a_run_of_pytest_tells_skipped_from_passed(
    project: Path, place_docker: Callable[..., None], required: str, code: int, said: str
) -> None:
    """A whole run says last what was not run; where an engine is required it does not pass."""
    place_docker("version*) echo 'Cannot connect' >&2; exit 1 ;;")
    (project / "test_with_engine.py").write_text("def test_it(docker_engine): pass\n")
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)]),
        "ALERTDRILL_REQUIRE_DOCKER": required,
    }
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "conftest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:cloudcoil",  # as pyproject.toml says, which this folder does not have
        "test_with_engine.py",
    ]
    ran = subprocess.run(
        argv, cwd=project, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == code, ran.stdout
    assert said in ran.stdout
    assert "1 passed" not in ran.stdout
