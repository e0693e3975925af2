"""A stranger's project: rules, drills, recordings, and a pytest of their own in it."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

# Once for all runs in this process: each forgets what it alone imported.
import alertdrill.pytest_plugin.assertions
import alertdrill.pytest_plugin.live
import alertdrill.pytest_plugin.session
import alertdrill.pytest_plugin.summary
from alertdrill.recording.files import write_recording
from alertdrill.recording.recording import RecordedSeries, Recording

PROJECT = """\
name = "queues"
rules = ["rules.yml"]
drills = ["drills"]
"""
RULES = """\
groups:
- name: queues
  rules:
  - {alert: Deep, expr: depth > 100, for: 2m}
  - {alert: Low, expr: level > 3}
"""
DRILLS = """\
drills:
- name: deep
  why: The queue is deep for ten minutes.
  expect:
  - {alert: Deep, labels: {queue: a}, fires: 11m..13m, pages: oncall, resolves_by: 22m}
- name: late
  why: It is deep too late.
  expect:
  - {alert: Deep, labels: {queue: a}, fires: 11m..13m, pages: oncall, resolves_by: 22m}
- name: near
  why: The level comes near.
  expect:
  - {alert: Low, near_miss: {reaches: 60%..95%}}
"""
LASTS_S = 3600
STEP_S = 30


def make_series(name: str, find_value: Callable[[int], float], **labels: str) -> RecordedSeries:
    """Return a gauge of an hour."""
    times_s = range(0, LASTS_S + 1, STEP_S)
    return RecordedSeries(
        labels={"__name__": name, **labels},
        times_ms=array("q", [at_s * 1000 for at_s in times_s]),
        values=array("d", [find_value(at_s) for at_s in times_s]),
        stale_ms=array("q"),
    )


def write_hour(path: Path, *, deep_from_s: int = 600, level: float = 2.0) -> None:
    """Write an hour in which a queue is deep from an instant until 20:00, and the level stands."""
    depth = make_series("depth", lambda at_s: 150.0 if deep_from_s <= at_s < 1200 else 0.0, queue="a")
    series = (depth, make_series("level", lambda _: level))
    path.parent.mkdir(exist_ok=True)
    hour = Recording(name=path.name, start_ms=0, end_ms=LASTS_S * 1000, selectors=(), series=series)
    write_recording(hour, path)


class Stranger:
    """A project in a folder of its own; `run` is their pytest, with our plugin and no other."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.folder = pytester.path
        self.write("alertdrill.toml", PROJECT)
        self.write("rules.yml", RULES)
        self.write("drills/queues.yml", DRILLS)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def record(self) -> None:
        """Have a recording of each drill, of which the one of `late` is not as its drill expects."""
        write_hour(self.folder / "recordings" / "deep.om.gz")
        write_hour(self.folder / "recordings" / "late.om.gz", deep_from_s=900)
        write_hour(self.folder / "recordings" / "near.om.gz", deep_from_s=1200, level=2.5)

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run their pytest."""
        return self.pytester.runpytest_inprocess(*arguments, plugins=[alertdrill.pytest_plugin])

    def run_on_workers(self, *arguments: str) -> pytest.RunResult:
        """Run it on two workers of pytest-xdist, which are processes."""
        return self.pytester.runpytest_subprocess(
            *("-p", "xdist", "-p", "alertdrill.pytest_plugin", "-n", "2"), *arguments
        )

    def replay(self, *arguments: str) -> pytest.RunResult:
        """Run it on their recordings."""
        return self.run("--alertdrill-replay", "recordings", *arguments)
