"""A project file with every field, and the files that it names."""

from __future__ import annotations

from pathlib import Path

PROJECT = """\
name = "litellm"
rules = ["rules.yml"]
alertmanager = "alertmanager.yml"
drills = ["drills"]
out = "reports"
speed = 12

[target]
url = "http://127.0.0.1:4000/"
ready = "/health/readiness"
key = {env = "MASTER_KEY"}
headers = {x-team = {file = "team.txt"}, x-plain = "text"}
ca = "ca.pem"
command = ["litellm", "--port", "4000"]
[target.env]
API_BASE = "{provider.openai.url}/v1"

[[scrape]]
job = "litellm"
path = "/metrics/"
interval = "30s"
key = {env = "MASTER_KEY"}
relabel = [{source_labels = ["a"], target_label = "b", replacement = ""}]

[[provider]]
name = "openai"
dialect = "openai"
port = 9101
behaviour = {latency = {kind = "constant", s = 0.2}, errors = {class = "timeout", every = 3}}

[[timer]]
name = "cooldown"
lasts = "30s"
alerts = ["DeploymentDown"]
drills = ["one-deployment-down"]
"""


def write_project(folder: Path, text: str = PROJECT, name: str = "alertdrill.toml") -> Path:
    """Write a project file and what it names; return its path."""
    for named in ("rules.yml", "alertmanager.yml", "ca.pem"):
        (folder / named).touch()
    (folder / "drills").mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path
