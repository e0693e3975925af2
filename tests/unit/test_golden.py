"""Tests of golden recordings: what is cut, left out, moved, and what makes them stale."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from whole_runs import ROOT

from harness.errors import BadInput
from harness.golden.cutting import (
    GRID_MS,
    PHASE_MS,
    cut,
    digest_drill,
    digest_sources,
    leave_out_others,
    put_on_grid,
)
from harness.golden.folder import SOURCES, digest_systems
from harness.model import Act, Drill, Stage
from harness.recordings.recording import RecordedSeries, Recording
from harness.systems import System, find_systems


def make_series(times_ms: Sequence[int], stale_ms: Sequence[int] = (), **labels: str) -> RecordedSeries:
    """Return a series that counts up."""
    return RecordedSeries(
        labels={"__name__": "calls_total", "job": "gateway", **labels},
        times_ms=array("q", times_ms),
        values=array("d", range(len(times_ms))),
        stale_ms=array("q", stale_ms),
    )


def make_recording(*series: RecordedSeries, end_ms: int = 600_000) -> Recording:
    """Return a recording that starts at 0."""
    return Recording(name="r", start_ms=0, end_ms=end_ms, selectors=("calls_total",), series=series)


def make_drill(name: str, model: str) -> Drill:
    """Return a drill that calls one model."""
    act = Act(
        name=name,
        scenario="steady",
        start_s=0,
        stages=(Stage(duration_s=60, rate_per_s=1),),
        options={"models": [f"openai:{model}"], "key": name},
    )
    return Drill(name=name, system="metis", traffic=(act,), expects=(), why="because", lasts_s=300)


def test_a_cut_starts_at_0_and_keeps_samples_and_markers_in_it() -> None:
    """Samples and markers between the ends, both included, are moved so that the first end is 0."""
    cut_out = cut(make_recording(make_series([0, 15_000, 30_000, 45_000], [20_000, 60_000])), 15, 30)
    assert (cut_out.start_ms, cut_out.end_ms) == (0, 15_000)
    assert list(cut_out.series[0].times_ms) == [0, 15_000]
    assert list(cut_out.series[0].values) == [1, 2]
    assert list(cut_out.series[0].stale_ms) == [5_000]


def test_a_series_without_a_sample_in_it_is_cut_off() -> None:
    """What had ended before the cut is not in it."""
    assert cut(make_recording(make_series([0], [15_000])), 30, 60).series == ()


def test_series_of_other_drills_are_left_out() -> None:
    """What only another drill's traffic names is left out; what both name, or nobody, stays."""
    kept = (make_series([0], model="mine"), make_series([0], provider="openai"), make_series([0], reason="x"))
    other = make_series([0], model="theirs", provider="openai")
    left = leave_out_others(
        make_recording(*kept, other), make_drill("a", "mine"), [make_drill("b", "theirs")]
    )
    assert left.series == kept


def test_the_target_is_no_mark_of_a_drill() -> None:
    """A job's name in another drill's traffic leaves nothing out."""
    mine = make_series([0], job="b")
    assert leave_out_others(make_recording(mine), make_drill("a", "m"), [make_drill("b", "n")]).series == (
        mine,
    )


def test_scrapes_stand_on_the_grid_by_their_number() -> None:
    """Jitter goes, also about the edge of the grid; a missed scrape stays missed, a marker in its place."""
    jittered = [14_900, 30_040, 44_960, 75_000, 90_030]
    one = put_on_grid(make_recording(make_series(jittered, [105_010]))).series[0]
    assert [(at_ms - PHASE_MS) % GRID_MS for at_ms in (*one.times_ms, *one.stale_ms)] == [0] * 6
    first = one.times_ms[0]
    assert [(at_ms - first) // GRID_MS for at_ms in (*one.times_ms, *one.stale_ms)] == [0, 1, 2, 4, 5, 6]


def test_targets_have_grids_of_their_own() -> None:
    """No sample is moved by more than half an interval and its jitter, whenever its target was scraped."""
    series = [
        make_series(range(phase, 600_000, GRID_MS), instance=str(phase)) for phase in range(0, 15_000, 1000)
    ]
    for before, after in zip(series, put_on_grid(make_recording(*series)).series, strict=True):
        assert max(abs(a - b) for a, b in zip(before.times_ms, after.times_ms, strict=True)) <= PHASE_MS


def test_two_scrapes_at_one_place_are_refused() -> None:
    """Samples that are closer together than the grid cannot be put on it."""
    with pytest.raises(BadInput, match="less than 15 s apart"):
        put_on_grid(make_recording(make_series([0, 15_000, 18_000, 30_000])))


def test_a_drill_that_does_something_else_has_another_digest() -> None:
    """Traffic changes the digest; reasons and deadlines do not."""
    drill = make_drill("a", "mine")
    act = replace(drill.traffic[0], start_s=1)
    assert digest_drill(replace(drill, why="another", lasts_s=900)) == digest_drill(drill)
    assert digest_drill(replace(drill, traffic=(act,))) != digest_drill(drill)


@pytest.mark.parametrize(
    ("text", "is_same"),
    [
        ('"""Other words."""\n\ndef f(a):\n    # a comment\n    return  a + 1\n', True),
        ('"""Words."""\ndef f(a):\n    """Say."""\n    return a + 1\n', True),
        ('"""Words."""\ndef f(a):\n    return a + 2\n', False),
        ('"""Words."""\ndef f(a):\n    return "Words."\n', False),
    ],
)
def test_comments_and_docstrings_make_nothing_stale(text: str, is_same: bool) -> None:
    """Only what Python does changes the digest of a source."""
    before = digest_sources({"f.py": '"""Words."""\ndef f(a):\n    return a + 1\n'})
    assert (digest_sources({"f.py": text}) == before) == is_same


def test_data_are_digested_as_they_are() -> None:
    """A file that is not Python's changes the digest with any of its characters, and with its name."""
    assert digest_sources({"m.yml": "a: 1"}) != digest_sources({"m.yml": "a: 1 "})
    assert digest_sources({"m.yml": "a: 1"}) != digest_sources({"n.yml": "a: 1"})


def put_sources(root: Path) -> System:
    """Write the least of a repository that recordings can be made with, and return its one system."""
    folder = root / "harness" / "systems" / "one"
    files = (*(root / source / "it.py" for source in SOURCES), root / "scenarios" / "drills" / "it.py")
    for path in (*files, folder / "surface.py", folder / "metrics.yml"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a = 1\n")
    return System(name="one", folder=folder, find_surface=lambda: pytest.fail("it is not made"))


@pytest.mark.parametrize(
    ("changed", "is_stale"),
    [
        ("harness/gateway/it.py", True),
        ("stub_providers/it.py", True),
        ("scenarios/it.py", True),
        ("scenarios/new.py", True),
        ("harness/systems/one/surface.py", True),
        ("harness/systems/one/metrics.yml", True),
        ("scenarios/drills/it.py", False),
        ("harness/other.py", False),
    ],
)
def test_what_turns_traffic_into_samples_is_digested(tmp_path: Path, changed: str, is_stale: bool) -> None:
    """Gateway, providers, scenarios and the system's own surface; drills are digested one by one."""
    system = put_sources(tmp_path)
    before = digest_systems([system], tmp_path)
    (tmp_path / changed).write_text("b = 2\n")
    assert (digest_systems([system], tmp_path) != before) == is_stale


@pytest.mark.parametrize("folder", SOURCES)
def test_sources_that_are_not_there_are_refused(tmp_path: Path, folder: str) -> None:
    """A digest of nothing would never be stale."""
    system = put_sources(tmp_path)
    (tmp_path / folder / "it.py").unlink()
    with pytest.raises(BadInput, match="there are none in"):
        digest_systems([system], tmp_path)


def test_the_projects_own_sources_are_found() -> None:
    """They are looked for from the repository's root."""
    assert digest_systems(find_systems()) == digest_systems(find_systems(), ROOT)
