"""A repository with a project in it, whose changes are gated."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.stranger import DRILLS, PROJECT, RULES, write_hour

ALERTMANAGER = """\
route: {receiver: oncall, routes: [{matchers: ['alertname="Low"'], receiver: chat}]}
receivers: [{name: oncall}, {name: chat}]
"""


def ask_git(folder: Path, *arguments: str) -> str:
    """Return what git says."""
    command = ("git", "-C", str(folder), *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def run_git(folder: Path, *arguments: str) -> None:
    """Run git as somebody."""
    named = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    ask_git(folder, *named, *arguments)


def make_repository(folder: Path) -> Path:
    """Make a repository with a project, its rules, drills and recordings, all of them committed."""
    (folder / "drills").mkdir(parents=True)
    project = PROJECT + 'alertmanager = "alertmanager.yml"\n'
    texts = {"alertdrill.toml": project, "rules.yml": RULES, "drills/own.yml": DRILLS}
    for name, text in {**texts, "alertmanager.yml": ALERTMANAGER}.items():
        (folder / name).write_text(text)
    for name in ("deep", "near", "late"):
        write_hour(folder / "recordings" / f"{name}.om.gz")
    run_git(folder, "init", "-q")
    run_git(folder, "add", "-A")
    run_git(folder, "commit", "-qm", "first")
    return folder
