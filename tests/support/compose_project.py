"""A compose project as a test has it: what a user does with it by hand, and what the engine has of it."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.models.containers import Container

from alertdrill.stacks.compose.containers import PROJECT_LABEL, Project, find_published
from support.whole_runs import ROOT, Finished

WITHIN_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compose:
    """A project: what a user does with it by hand, and what the engine has of it."""

    name: str
    environ: Mapping[str, str]
    client: docker.DockerClient

    def run(self, *arguments: str, files: tuple[Path, ...] = (), **environ: str) -> Finished:
        """Run `docker compose` on the project to its end."""
        chosen = [part for file in (ROOT / "compose.yaml", *files) for part in ("--file", str(file))]
        finished = subprocess.run(
            ["docker", "compose", "--project-name", self.name, *chosen, *arguments],  # noqa: S607 - on PATH
            cwd=ROOT,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        return Finished(code=finished.returncode, out=finished.stdout, err=finished.stderr)

    def up(self) -> None:
        """Bring up all but the drills."""
        finished = self.run("up", "--detach", "--build", "--wait", "prometheus", "guard")
        assert finished.code == 0, finished.err

    def find(self) -> dict[str, Container]:
        """Return the containers by service."""
        return Project(self.name, self.client).find()

    def find_port(self, service: str, port: int) -> str:
        """Return where a service's port is published, as `host:port`."""
        found = find_published(self.find()[service], port)
        assert found is not None
        return found

    def list_states(self) -> dict[str, str]:
        """Return each container's state by service."""
        return {service: container.status for service, container in self.find().items()}

    def list_leftovers(self) -> list[str]:
        """Return what the engine still has of the project."""
        filters = {"label": f"{PROJECT_LABEL}={self.name}"}
        containers = self.client.containers.list(all=True, filters=filters, ignore_removed=True)
        return [
            *(container.name for container in containers),
            *(network.name for network in self.client.networks.list(filters=filters)),
            *(volume.name for volume in self.client.volumes.list(filters=filters)),
        ]


def make_compose() -> Compose:
    """Return a project of a name that nobody else has."""
    # The ports are free ones, whatever the environment of the tests says.
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_PORT")}
    return Compose(name=f"alertdrill-test-{secrets.token_hex(3)}", environ=environ, client=docker.from_env())
