"""Where stacks of containers are made: a compose project, brought up and taken down, or found standing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alertdrill.alertmanager.redirect import write_config
from alertdrill.alertmanager.target import Target
from alertdrill.core.drill import STARTS_AGAIN, Drill, Outage
from alertdrill.core.parts import PARTS
from alertdrill.errors import BadInput, ComponentFailed, MissingEngine
from alertdrill.places import COMPOSE_FILE
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.process import read_last_words
from alertdrill.stacks import Setup
from alertdrill.stacks.compose.containers import Project, connect, has_fixed_port
from alertdrill.stacks.compose.stack import PORTS, PREPARE, ComposeStack
from alertdrill.stacks.configs import dilate_all
from alertdrill.stacks.subject import Subject, find_reference_subject

DEFAULT_PROJECT = "alertdrill"
BUILD_WITHIN_S = 1200.0
RARELY = "1h"
"""How often the engine probes containers of a stack of our own: each probe is a process, and a pause for
others, and the harness sees for itself whether they answer."""
NOWHERE = Target(
    url="https://pager", smarthost="pager:25", ca_file="", token_file="", token="", templates_folder=""
)
"""Enough to see whether a config can be redirected, before anything is started."""
STANDING = ("running", "paused", "restarting")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeSite:
    """A compose project. `is_inside`: we run in a container of it ourselves, and only attach."""

    project: Project
    is_inside: bool
    name: str = "compose"
    subject: Subject = field(default_factory=find_reference_subject)

    @classmethod
    def find(cls, name: str | None, environ: Mapping[str, str]) -> ComposeSite:
        """Return the site of a project. Raises BadInput for a bad name, MissingEngine without an engine."""
        chosen = name or environ.get("COMPOSE_PROJECT_NAME") or DEFAULT_PROJECT
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", chosen):
            raise BadInput(f"{chosen!r} is not a project name: lower case, digits, dashes and underscores")
        return cls(
            project=Project(chosen, connect(environ)), is_inside=environ.get("ALERTDRILL_INSIDE") == "1"
        )

    def find_obstacle(self, drill: Drill) -> str | None:
        """Say why a drill cannot be held here; see `Site.find_obstacle`."""
        if drill.alertmanagers > 1:
            return (
                "compose.yaml has one Alertmanager: hold it without --stack compose, with --alertmanagers 2"
            )
        found = (self._find_obstacle(outage) for outage in drill.outages)
        return next((obstacle for obstacle in found if obstacle is not None), None)

    def _find_obstacle(self, outage: Outage) -> str | None:
        if outage.how == "unlist":
            return "containers keep Prometheus's config: hold it without --stack compose"
        if self.is_inside and outage.how == "slow":
            return "the engine's guard allows no slow network: alertdrill run --stack compose"
        containers = self.project.find()
        part = containers.get(outage.part)
        if self.is_inside or part is None or outage.how not in STARTS_AGAIN:
            return None
        if has_fixed_port(part, PORTS[outage.part]):
            return None
        return (
            f"the port of {outage.part} changes when it is started again: set {_to_variable(outage.part)}, "
            "or hold it with docker compose run --rm drill"
        )

    @contextmanager
    def open(self, setup: Setup) -> Iterator[ComposeStack]:
        """Bring the project up, or attach to it, and make its parts start anew; see `Site.open`."""
        dilate_all(setup.rules, setup.speed)
        write_config(setup.alertmanager, target=NOWHERE, speed=setup.speed)
        with ExitStack() as resources:
            if not self._is_up():
                if self.is_inside:
                    raise BadInput(f"the project {self.project.name} is not up")
                resources.callback(self._compose, "down", "--volumes", "--timeout", "2", log=setup.logs)
                self._compose("create", "--build", PREPARE, *PARTS, log=setup.logs)
            stack = ComposeStack(self.project, logs=setup.logs, is_inside=self.is_inside)
            resources.callback(stack.close)
            stack.renew(setup)
            yield stack

    def _is_up(self) -> bool:
        """Whether somebody has the project up already. Raises BadInput when only some of it is there."""
        containers = self.project.find()
        running = [part for part in PARTS if part in containers and containers[part].status in STANDING]
        if not running:
            return False
        missing = [part for part in (*PARTS, PREPARE) if part not in containers]
        if missing:
            raise BadInput(
                f"the project {self.project.name} is up without {', '.join(missing)}: "
                "take it down, or bring all of it up"
            )
        return True

    def _compose(self, *arguments: str, log: Path) -> None:
        """Run docker compose on the project; what it says goes to a log. Raises ComponentFailed."""
        program = shutil.which("docker")
        if program is None or not COMPOSE_FILE.is_file():
            raise MissingEngine("the docker command and a checkout with compose.yaml are needed")
        log_path = log / "compose.log"
        environ = dict(os.environ) | _choose_ports() | {"ALERTDRILL_HEALTH_INTERVAL": RARELY}
        argv = [
            program,
            "compose",
            "--file",
            str(COMPOSE_FILE),
            "--project-name",
            self.project.name,
            *arguments,
        ]
        with log_path.open("ab") as output:
            try:
                code = subprocess.run(  # noqa: S603 - our own command line, without a shell
                    argv,
                    env=environ,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=BUILD_WITHIN_S,
                    check=False,
                ).returncode
            except (OSError, subprocess.TimeoutExpired) as error:
                raise ComponentFailed(f"docker compose {arguments[0]} failed: {error}") from error
        if code != 0:
            raise ComponentFailed(
                f'docker compose {arguments[0]} ended with exit code {code} ("{read_last_words(log_path)}"); '
                f"its log is {log_path}"
            )


def _choose_ports() -> dict[str, str]:
    """Return a free port for each part that has one; they stay the same when a container starts again."""
    names = [_to_variable(part) for part in PORTS]
    return {name: str(port) for name, port in zip(names, find_free_ports(len(names)), strict=True)}


def _to_variable(part: str) -> str:
    """Return the variable of compose.yaml that has a part's published port."""
    return f"ALERTDRILL_{part.upper().replace('-', '_')}_PORT"
