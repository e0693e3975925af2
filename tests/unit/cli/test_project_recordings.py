"""A project's recordings: `run --replay` judges drills on them, and `--keep-recordings` makes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.gated_repository import make_repository
from support.stranger import write_hour
from support.whole_runs import CommandLine

from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.runner.held_run import find_held_run
from alertdrill.runner.kept_run import check_kept, keep_run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with a project, its recordings, and what a run of it left."""
    folder = make_repository(tmp_path / "project")
    write_run(folder / "left")
    write_run(folder / "named")
    (folder / "named" / "recording.om.gz").rename(folder / "named" / "run.om.gz")
    return folder


def write_run(folder: Path, *names: str) -> None:
    """Write what a run leaves that held drills, all of them from the beginning."""
    folder.mkdir(exist_ok=True)
    write_hour(folder / "recording.om.gz")
    held = [{"drill": name, "start_s": 0} for name in (names or ("deep", "late", "near"))]
    (folder / "timeline.json").write_text(json.dumps({"drills": held}))


@pytest.mark.parametrize("recordings", ["recordings", "left", "left/recording.om.gz", "named"])
def test_drills_of_a_project_are_judged_on_its_recordings(
    alertdrill: CommandLine, project: Path, recordings: str
) -> None:
    """On one for each, on a run's, and on the folder that a run left; by name, or all of them."""
    finished = alertdrill.run_here("run", "--replay", recordings, "deep", folder=project)
    assert (finished.code, finished.err) == (0, "")
    assert "deep" in finished.out
    assert "near" not in finished.out
    assert (project / "alertdrill-out" / "replay" / "timeline.json").exists()
    finished = alertdrill.run_here("run", "--replay", recordings, folder=project)
    assert "near" in finished.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dep",), "the project has no drill 'dep'; do you mean 'deep'?"),
        (("--speed", "4"), "--speed is for drills on a stack, and --replay starts none"),
        (("--quiet-tail", "5m"), "alertdrill judge appends one to a recording"),
        (("--out", "left"), "left: the recording is of the run that left its reports here; name another"),
    ],
)
def test_what_has_no_meaning_on_recordings_is_refused(
    alertdrill: CommandLine, project: Path, arguments: tuple[str, ...], said: str
) -> None:
    """It is bad usage, and nothing is judged."""
    finished = alertdrill.run_here("run", "--replay", "left", *arguments, folder=project)
    assert (finished.code, finished.out) == (2, "")
    assert said in finished.err


def test_the_gate_takes_the_folder_of_a_run(alertdrill: CommandLine, project: Path) -> None:
    """As --recordings names it, and as the action and the hook do."""
    (project / "rules.yml").write_text((project / "rules.yml").read_text().replace("> 100", "> 200"))
    finished = alertdrill.run_here("gate", "--recordings", "left", folder=project)
    assert finished.code == 1, finished.err
    assert "✗ deep is not met" in finished.out


def make_drill(name: str) -> Drill:
    """Return a drill that does nothing."""
    return Drill(name=name, system="own", why="w", traffic=(), expects=(), lasts_s=60.0)


def test_a_run_is_kept_whole(tmp_path: Path) -> None:
    """Its recording and its timeline, in place of those that were there."""
    deep, near = make_drill("deep"), make_drill("near")
    write_run(tmp_path / "out", "deep", "near")
    kept = tmp_path / "recordings"
    check_kept(kept, [deep, near], [deep, near])
    assert "KiB" in keep_run(kept, tmp_path / "out")
    held = find_held_run(kept / "recording.om.gz", [deep, near])
    assert held is not None
    assert [place.drill.name for place in held.placements] == ["deep", "near"]
    assert (kept / "recording.om.gz").read_bytes() == (tmp_path / "out" / "recording.om.gz").read_bytes()


def test_a_run_of_fewer_drills_does_not_take_the_place_of_one_of_more(tmp_path: Path) -> None:
    """The others would have no recording; what is no drill of the project any more is no loss."""
    deep, near = make_drill("deep"), make_drill("near")
    write_run(tmp_path, "deep", "near", "gone")
    with pytest.raises(BadInput, match="is of near, too, which this run would not hold"):
        check_kept(tmp_path, [deep], [deep, near])
    check_kept(tmp_path, [deep, near], [deep, near])


def test_a_run_without_a_recording_has_nothing_to_keep(tmp_path: Path) -> None:
    """As on a store without remote read."""
    with pytest.raises(CouldNotTell, match="left no recording"):
        keep_run(tmp_path, tmp_path)
