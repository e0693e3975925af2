"""What a user does by hand: compose up and down, drills inside and from outside, two stacks at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.compose_project import Compose, make_compose
from support.whole_runs import CommandLine, run_until_told

from alertdrill.core.parts import PARTS

pytestmark = pytest.mark.long

QUICK = "mana_llm-down-near-for"
RESTARTS = "mana_llm-down-fires"
WITHIN_S = 300.0
BESIDE_OTHERS = "20"
"""A speed that containers keep while other tests hold stacks: to be asked again, alone, takes minutes."""


def put_command(folder: Path, *drills: str) -> Path:
    """Write an override by which the drill service holds these drills only."""
    path = folder / "override.yaml"
    path.write_text(f"services: {{drill: {{command: {json.dumps(list(drills))}}}}}\n")
    return path


def test_up_holds_the_drills_and_ends_with_their_code(compose: Compose, tmp_path: Path) -> None:
    """One command from nothing to the verdict, a killed gateway on the way; `down` leaves nothing."""
    files = (put_command(tmp_path, RESTARTS),)
    up = ("up", "--build", "--exit-code-from", "drill", "drill")
    finished = run_until_told(lambda _slower: compose.run(*up, files=files, ALERTDRILL_SPEED=BESIDE_OTHERS))
    assert finished.code == 0, finished.said
    assert "The drill is met" in finished.out
    assert compose.run("down", "--volumes").code == 0
    assert compose.list_leftovers() == []


def test_drills_inside_use_what_is_mounted_and_end_with_their_code(compose: Compose, tmp_path: Path) -> None:
    """Rules whose alert nobody can meet: exit 1; drills that there are none of: exit 2; the stack stays."""
    (tmp_path / "rules").mkdir()
    rules = tmp_path / "rules" / "mine.yml"
    rules.write_text(
        "groups: [{name: mine, rules: [{alert: LLMServiceDown, expr: 'up{job=\"mana-llm\"} == 2'},"
        " {alert: ServiceDown, expr: 'up{job=\"mana-llm\"} == 2'}]}]\n"
    )
    tmp_path.chmod(0o755)
    mounted = {"ALERTDRILL_CONFIG": str(tmp_path)}
    held = run_until_told(
        lambda slower: compose.run("run", "--rm", "--build", "drill", QUICK, *slower, **mounted)
    )
    assert held.code == 1, held.said
    assert "was never seen" in held.out
    unknown = compose.run("run", "--rm", "drill", "no-such-drill", **mounted)
    assert (unknown.code, "there is no drill" in unknown.err) == (2, True)
    slow = compose.run("run", "--rm", "drill", QUICK, "--speed", "0.5", **mounted)
    assert slow.code == 2
    states = compose.list_states()
    assert {states[part] for part in PARTS} == {"running"}


def test_two_stacks_stand_side_by_side(compose: Compose, alertdrill: CommandLine, tmp_path: Path) -> None:
    """Another project's ports, networks and volumes are its own, and so are its drills."""
    compose.up()
    first = {service: container.id for service, container in compose.find().items()}
    other = make_compose()
    finished = alertdrill.run_until_told(
        *("run", "--stack", "compose", "--project", other.name, QUICK, "--speed", BESIDE_OTHERS),
        out=tmp_path / "out",
        timeout_s=WITHIN_S,
    )
    assert finished.code == 0, finished.said
    assert other.list_leftovers() == []
    other.client.close()
    assert {service: container.id for service, container in compose.find().items()} == first
    assert {compose.list_states()[part] for part in PARTS} == {"running"}


@pytest.mark.parametrize(
    ("arguments", "environ", "said"),
    [
        (("--project", "No Good"), {}, "is not a project name"),
        (("--port", "gateway=8080"), {}, "--port is for --stack embedded"),
        ((), {"DOCKER_HOST": "unix:///nowhere/docker.sock"}, "no Docker engine can be reached"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    alertdrill: CommandLine, arguments: tuple[str, ...], environ: dict[str, str], said: str
) -> None:
    """Before anything is started; no engine is needed to be told so."""
    command = CommandLine(environ={**alertdrill.environ, **environ}, temporary=alertdrill.temporary)
    refused = command.run("run", "--stack", "compose", *arguments, QUICK)
    assert refused.code == 2
    assert said in refused.err
    assert len(refused.err.strip().splitlines()) == 1
