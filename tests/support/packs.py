"""A pack of somebody's: a system's folder whose drill expects what a stranger's recording has."""

from __future__ import annotations

from pathlib import Path

VALUES = """\
enabled: false
deep: {alert: Deep, enabled: true, threshold: 100, for: 2m}
"""
RULES = """\
groups:
- name: queues
  rules:
  - alert: Deep
    expr: depth > ${deep.threshold}
    for: ${deep.for}
    labels: {severity: critical, system: SYSTEM}
"""
AS_WRITTEN = """\
groups:
- name: as-written
  rules:
  - {alert: DeepAsWritten, expr: depth > 1000, labels: {edition: as_written}}
"""
DRILLS = """\
from alertdrill import Drill, Expectation

SYSTEM = "{name}"
DEEP = Expectation(
    alert="Deep",
    labels={{"queue": "a"}},
    fires_after_s=660,
    fires_within_s=780,
    receiver=f"{{SYSTEM}}-page",
    resolves_within_s=1320,
)


def make_drills(values):
    assert values["deep"].threshold == 100
    return [Drill(name="{name}-deep", system=SYSTEM, traffic=(), expects=(DEEP,), why="w", lasts_s=1800)]
"""


def write_pack(folder: Path, name: str) -> Path:
    """Write a pack into a folder of its name, and return that."""
    pack = folder / name
    pack.mkdir(parents=True)
    (pack / "values.yml").write_text(VALUES)
    (pack / "rules.tmpl.yml").write_text(RULES.replace("SYSTEM", name))
    (pack / "as_written.yml").write_text(AS_WRITTEN)
    (pack / "drills.py").write_text(DRILLS.format(name=name))
    return pack
