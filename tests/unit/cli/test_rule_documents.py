"""Rule files with several documents, or lists of resources: every command takes or refuses them alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from alertdrill.cli.main import cli

RULES = "groups: [{name: %(name)s, rules: [{alert: %(name)s, expr: up == 0}]}]"
RESOURCE = (
    "{apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, metadata: {name: %(name)s}, spec: {"
    + RULES
    + "}}"
)
COMMANDS = {
    "dilate": ("dilate", "{rules}", "--speed", "60"),
    "replay": ("replay", "{recording}", "--rules", "{rules}"),
    "export": ("export", "{recording}", "--rules", "{rules}", "-o", "{out}"),
    "judge": ("judge", "{recording}", "--drills", "{drills}", "--rules", "{rules}"),
    "page": ("page", "--alert", "Gone", "--rules", "{rules}", "--dry-run"),
    "mutate": ("mutate", "{recording}", "--rules", "{rules}"),
    "init": ("init", "--rules", "{rules}", "--metrics", "http://127.0.0.1:1"),
}
"""Commands that read rule files; none gets beyond them here, where they are taken."""


def say(folder: Path, command: str, rules: str) -> str:
    """Return what a command says of a rule file with this text."""
    for name, text in (
        ("rules.yml", rules),
        ("drills.yml", "drills: [{name: d, expects: []}]"),
        ("r.om", ""),
    ):
        (folder / name).write_text(text)
    places = {"rules": "rules.yml", "recording": "r.om", "drills": "drills.yml", "out": "out"}
    arguments = [argument.format(**places) for argument in COMMANDS[command]]
    result = CliRunner().invoke(cli, arguments)
    return result.output if result.exception is None else f"{result.exception}{result.output}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_second_document_is_refused_with_its_line(folder: Path, command: str) -> None:
    """Prometheus would read the first and pass over the rest, whose alerts would never fire."""
    said = say(folder, command, f"{RULES % {'name': 'A'}}\n---\n{RULES % {'name': 'B'}}\n")
    assert "rules.yml:3: the file has more than one document, of which Prometheus reads the first" in said


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("between", ["\n---\n", None], ids=["documents", "list"])
def test_resources_are_taken_in_any_number(folder: Path, command: str, between: str | None) -> None:
    """In several documents, or in a list: what is complained of then, if anything, is something else."""
    both = [RESOURCE % {"name": name} for name in "AB"]
    text = between.join(both) if between else f"{{apiVersion: v1, kind: List, items: [{', '.join(both)}]}}"
    said = say(folder, command, text)
    assert not [word for word in ("document", "kind", "resource") if word in said], said
    assert "there are: A, B" in said or command != "page"
