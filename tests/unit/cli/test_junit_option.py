"""Tests of `--junit`: what CI sees of commands that judge without a stack."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from support.recordings import make_recording, make_series
from support.whole_runs import CommandLine

from alertdrill.recording.files import write_recording

RULES = """\
groups:
- name: g
  rules:
  - {alert: A, expr: a > 0}
  - {alert: B, expr: a > 9}
"""


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """Return a folder with rules, routes, a recording, and one that lacks what the rules read."""
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "am.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    (tmp_path / "routes.csv").write_text("severity,receivers\ncritical,nobody\n")
    samples = [(at, 1.0) for at in range(0, 600_001, 15_000)]
    for name in ("a", "other"):
        series = make_series(name, samples, job="j")
        write_recording(make_recording(series, selectors=(), end_ms=600_000), tmp_path / f"{name}.om.gz")
    return tmp_path


def read_cases(path: Path) -> dict[str, list[str]]:
    """Return what each case has, by its name."""
    root = ET.fromstring(path.read_text())  # noqa: S314 - our own document
    return {str(case.get("name")): [one.tag for one in case] for case in root.iter("testcase")}


def test_a_replay_has_a_case_for_each_alert(alertdrill: CommandLine, given: Path) -> None:
    """Alerts that never fired say so in their names; a replay expects nothing, so none fails."""
    done = alertdrill.run_here(
        "replay", str(given / "a.om.gz"), "--rules", str(given / "rules.yml"), "--junit", str(given / "j.xml")
    )
    assert done.code == 0, done.err
    assert read_cases(given / "j.xml") == {"A": ["system-out"], "B [silent]": ["system-out"]}


def test_what_cannot_be_told_is_an_errored_case(alertdrill: CommandLine, given: Path) -> None:
    """Where a command ends with 3, the file says why."""
    rules = str(given / "rules.yml")
    done = alertdrill.run_here(
        "replay", str(given / "other.om.gz"), "--rules", rules, "--junit", str(given / "j.xml")
    )
    assert done.code == 3
    assert read_cases(given / "j.xml") == {"run": ["error"]}


def test_label_sets_have_a_case_each(alertdrill: CommandLine, given: Path) -> None:
    """A table of label sets is judged, by where each stands."""
    done = alertdrill.run_here(
        *("page", "--labels", str(given / "routes.csv"), "--alertmanager-config", str(given / "am.yml")),
        *("--junit", str(given / "j.xml")),
    )
    assert done.code == 0, done.err
    assert [name.rpartition("/")[2] for name in read_cases(given / "j.xml")] == ["routes.csv:2"]


@pytest.mark.parametrize("name", ["rules.yml", "-"])
def test_a_place_that_is_no_place_is_refused(alertdrill: CommandLine, given: Path, name: str) -> None:
    """Neither what is read nor standard output is written to."""
    path = name if name == "-" else str(given / name)
    done = alertdrill.run_here(
        "replay", str(given / "a.om.gz"), "--rules", str(given / "rules.yml"), "--junit", path
    )
    assert done.code == 2
    assert (given / "rules.yml").read_text() == RULES
