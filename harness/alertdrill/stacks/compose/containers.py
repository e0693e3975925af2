"""A compose project's containers, through docker's SDK: what they are, where they listen, what befell them.

Labels are those that compose gives everything it makes (com.docker.compose.project, .service); events and
states are the Engine API's.
"""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import DockerException
from docker.models.containers import Container

from alertdrill.errors import ComponentFailed, MissingEngine
from alertdrill.runtime.files import write_own

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
ONE_OFF_LABEL = "com.docker.compose.oneoff"
TIMEOUT_S = 60.0
MAX_ARCHIVE_BYTES = 1024 * 1024
MAX_LOG_LINES = 20_000
BREAKS = ("die", "oom", "health_status: unhealthy")
"""Events after which a container is not what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """What befell a service's container at an instant (epoch seconds), in words that follow its name."""

    at_s: float
    service: str
    said: str


class Project:
    """The containers of one project. Every method raises ComponentFailed when the engine does not answer."""

    def __init__(self, name: str, client: docker.DockerClient) -> None:
        self.name = name
        self.client = client

    def find(self) -> dict[str, Container]:
        """Return the containers by service, running or not."""
        label = f"{PROJECT_LABEL}={self.name}"
        with naming_the_engine():
            # A container that goes while they are asked for one by one is simply no longer among them.
            found = self.client.containers.list(all=True, filters={"label": label}, ignore_removed=True)
        return {
            container.labels[SERVICE_LABEL]: container
            for container in found
            if SERVICE_LABEL in container.labels and container.labels.get(ONE_OFF_LABEL) != "True"
        }

    def read_mishaps(self, since_s: int, until_s: int) -> list[Mishap]:
        """Return which containers ended or became unhealthy from one second to another one, which is over.

        The engine would wait for one that is not.
        """
        with naming_the_engine():
            events = self.client.api.events(
                since=since_s,
                until=until_s,
                filters={"type": "container", "label": f"{PROJECT_LABEL}={self.name}"},
                decode=True,
            )
            return [mishap for event in events if (mishap := _read_mishap(event)) is not None]

    def find_networks(self, container: Container) -> set[str]:
        """Return the networks that a container is on, by their names in compose.yaml."""
        return {name.removeprefix(f"{self.name}_") for name in container.attrs["NetworkSettings"]["Networks"]}


def connect(environ: Mapping[str, str]) -> docker.DockerClient:
    """Return a client of the engine that DOCKER_HOST names, or the local one; raises MissingEngine."""
    try:
        client = docker.from_env(environment=dict(environ), timeout=int(TIMEOUT_S))
        client.ping()
    except (DockerException, requests.RequestException) as error:
        raise MissingEngine(f"no Docker engine can be reached: {_first_line(error)}") from error
    return client


@contextmanager
def naming_the_engine() -> Iterator[None]:
    """Turn what docker's SDK raises into ComponentFailed."""
    try:
        yield
    except (DockerException, requests.RequestException) as error:
        raise ComponentFailed(f"the Docker engine failed: {_first_line(error)}") from error


def read_file(container: Container, path: str, max_bytes: int = MAX_ARCHIVE_BYTES) -> str:
    """Return a file of a container, running or not. Raises ComponentFailed, as for one that is not there."""
    with naming_the_engine():
        chunks, _ = container.get_archive(path)
        packed = io.BytesIO()
        for chunk in chunks:
            packed.write(chunk)
            if packed.tell() > max_bytes:
                raise ComponentFailed(f"{path} of {container.name} is larger than {max_bytes} bytes")
    packed.seek(0)
    with tarfile.open(fileobj=packed) as archive:
        member = archive.next()
        file = archive.extractfile(member) if member else None
        if file is None:
            raise ComponentFailed(f"{path} of {container.name} is not a file")
        return file.read().decode()


def find_published(container: Container, port: int) -> str | None:
    """Return where a container's port is published on this machine, as `host:port`; None if it is not."""
    bindings = container.attrs["NetworkSettings"]["Ports"].get(f"{port}/tcp")
    return f"{bindings[0]['HostIp']}:{bindings[0]['HostPort']}" if bindings else None


def has_fixed_port(container: Container, port: int) -> bool:
    """Whether a container keeps its published port when it is started again."""
    bindings = (container.attrs["HostConfig"]["PortBindings"] or {}).get(f"{port}/tcp") or []
    return all(binding["HostPort"] not in ("", "0") for binding in bindings)


def save_log(container: Container, path: Path, since_s: float) -> None:
    """Write what a container has said since an instant, the last lines of it, to a file."""
    with naming_the_engine():
        log = container.logs(since=since_s, timestamps=True, tail=MAX_LOG_LINES)
    write_own(path, log)


def describe_end(container: Container) -> str:
    """Say how a container that does not run has ended."""
    state = container.attrs["State"]
    if state.get("OOMKilled"):
        return "was killed for using more memory than its limit"
    return f"is {state['Status']}, with exit code {state['ExitCode']}"


def _read_mishap(event: Mapping[str, Any]) -> Mishap | None:
    attributes = event["Actor"]["Attributes"]
    action = event["Action"]
    if action not in BREAKS or attributes.get(ONE_OFF_LABEL) == "True":
        return None
    said = {
        "die": f"ended with exit code {attributes.get('exitCode', 'unknown')}",
        "oom": "used more memory than its limit",
    }.get(action, "became unhealthy")
    at_s = event.get("timeNano", time.time_ns()) / 1e9
    return Mishap(at_s=at_s, service=attributes.get(SERVICE_LABEL, "a container"), said=said)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
