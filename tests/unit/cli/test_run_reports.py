"""Tests of what a run writes in the end: the verdict is told first, and reports are whole or not there."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.push_receiver import run_push_receiver
from support.whole_runs import METIS_RULES

from alertdrill.cli import reporting
from alertdrill.cli.beginning import SIGNALS, end_at_once
from alertdrill.cli.commands import run as run_command
from alertdrill.cli.commands import run_holding
from alertdrill.cli.commands import run_replay as replaying
from alertdrill.cli.commands.run_replay import check_goldens, keep_goldens
from alertdrill.cli.live_page import LivePage
from alertdrill.cli.main import call
from alertdrill.cli.run_folder import RunFolder
from alertdrill.core.drill import Drill, Placement
from alertdrill.core.timeline import Timeline
from alertdrill.errors import BadInput, CannotWrite, ComponentFailed
from alertdrill.reports import RunRecord
from alertdrill.runner.golden.folder import Golden, Manifest, read_manifest, write_manifest
from alertdrill.runner.order import Order

OLD = {
    "timeline.json": "{}",
    **dict.fromkeys(("junit.xml", "report.html", "report.md", "metrics.prom", "recording.om.gz"), "old"),
}
VERDICT = "No drill was held"


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder in which a run has left its reports."""
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    (out / "logs").mkdir(parents=True)
    for name, text in OLD.items():
        (out / name).write_text(text)
    return out


def make_record(order: Order) -> RunRecord:
    """Return what becomes of drills of which nothing is expected."""
    return RunRecord(
        placements=tuple(Placement(drill=drill, start_s=0) for drill in order.drills),
        timeline=Timeline(mode="embedded", speed=60, until_s=60, observed=frozenset(), events=()),
        verdicts=(),
        rules=(),
        wall_s=1,
        started_at=datetime(2026, 1, 5, tzinfo=UTC),
        notes={"speed": "60"},
    )


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[Order], RunRecord]]:
    """Return what drills become, instead of being held; the last entry counts."""
    becomes = [make_record]
    site: Any = SimpleNamespace(name="embedded", find_obstacle=lambda _drill: None)
    monkeypatch.setattr(run_command, "find_site", lambda *_: site)
    monkeypatch.setattr(run_command, "find_promtool", lambda _site: None)
    monkeypatch.setattr(run_holding, "hold", lambda order, _show: becomes[-1](order))
    return becomes


@pytest.fixture
def heed_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let signals end a command as they do where it is a process of its own."""
    before = {number: signal.signal(number, end_at_once) for number in SIGNALS}
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def run(*arguments: str) -> int:
    """Run `alertdrill run` on one drill, and return its exit code."""
    with pytest.raises(SystemExit) as end:
        call(["run", "metis-auth-fires", "--speed", "60", *arguments])
    return int(end.value.code or 0)


def read_reports(out: Path) -> dict[str, str]:
    """Return the reports that are there."""
    return {name: (out / name).read_text() for name in OLD if (out / name).exists()}


@pytest.mark.usefixtures("held")
def test_a_run_leaves_its_reports_and_its_history(out: Path) -> None:
    """The old run's are gone, also the recording, which this run has none of."""
    assert run() == 0
    assert sorted(read_reports(out)) == [
        *("junit.xml", "metrics.prom", "report.html", "report.md", "timeline.json")
    ]
    assert json.loads((out / "timeline.json").read_text())["mode"] == "embedded"
    assert [path.name for path in (out / "history").iterdir()] == ["2026-01-05T00-00-00.000000Z.json"]


@pytest.mark.parametrize("name", ["timeline.json", "report.html"])
@pytest.mark.usefixtures("held")
def test_the_verdict_is_told_before_what_cannot_be_written(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Exit 2 wins, the sentence names the report where it would have been, and the old run is there."""
    write = RunFolder.write

    def refuse(folder: Any, report: str, text: str) -> None:
        if report == name:
            raise CannotWrite(f"out/{name}: cannot be written: No space left on device")
        write(folder, report, text)

    monkeypatch.setattr(RunFolder, "write", refuse)
    assert run() == 2
    said = capsys.readouterr()
    assert VERDICT in said.out
    assert "Report:" not in said.out
    assert said.err.endswith(f"alertdrill: out/{name}: cannot be written: No space left on device\n")
    assert read_reports(out) == OLD
    assert not (out / "history").exists()


def test_a_recording_that_cannot_be_written_is_said_in_the_end(
    out: Path, held: list[Callable[[Order], RunRecord]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The reports are there, the verdict is told, and exit 2 says that not all of it is."""
    held.append(lambda order: replace(make_record(order), unwritten="recording.om.gz: full"))
    assert run() == 2
    said = capsys.readouterr()
    assert VERDICT in said.out
    assert said.err.endswith("alertdrill: recording.om.gz: full\n")
    assert sorted(read_reports(out)) == [
        *("junit.xml", "metrics.prom", "report.html", "report.md", "timeline.json")
    ]


def test_a_run_that_broke_reports_that_alone(
    out: Path, held: list[Callable[[Order], RunRecord]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of the old run stays beside the error."""

    def fail(_order: Order) -> RunRecord:
        raise ComponentFailed("gateway was ended by SIGKILL")

    held.append(fail)
    assert run() == 3
    assert capsys.readouterr().err.endswith("alertdrill: gateway was ended by SIGKILL\n")
    assert list(read_reports(out)) == ["junit.xml"]
    assert "gateway was ended by SIGKILL" in (out / "junit.xml").read_text()


@pytest.mark.usefixtures("held", "heed_signals")
def test_a_signal_while_reports_are_written_leaves_them_whole(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is said is true: the drills were judged, and the exit code is their verdict's."""
    draw = reporting.html.draw

    def interrupt(document: Mapping[str, Any]) -> str:
        signal.raise_signal(signal.SIGTERM)
        return draw(document)

    monkeypatch.setattr(reporting.html, "draw", interrupt)
    assert run() == 0
    assert capsys.readouterr().err.endswith(
        "interrupted by SIGTERM; the drills were judged before, and the reports in out are whole\n"
    )
    assert sorted(read_reports(out)) == [
        *("junit.xml", "metrics.prom", "report.html", "report.md", "timeline.json")
    ]
    assert "old" not in read_reports(out).values()


@pytest.mark.usefixtures("heed_signals")
def test_a_signal_while_drills_are_held_leaves_the_old_run(
    out: Path, held: list[Callable[[Order], RunRecord]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was judged, and nothing is touched."""

    def interrupt(order: Order) -> RunRecord:
        signal.raise_signal(signal.SIGTERM)
        return make_record(order)

    held.append(interrupt)
    assert run() == 3
    assert capsys.readouterr().err.endswith("alertdrill: interrupted by SIGTERM; nothing was judged\n")
    assert read_reports(out) == OLD


@pytest.mark.usefixtures("out")
def test_a_history_that_cannot_be_written_is_said_before_drills_are_held(
    held: list[Callable[[Order], RunRecord]], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is known then."""
    held.append(lambda _order: pytest.fail("drills were held"))
    Path("out/history").touch()
    assert run() == 2
    assert "out/history: is not a folder that can be written to" in capsys.readouterr().err


def test_what_does_not_load_is_said_before_the_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules that cannot be read leave no folder behind."""
    monkeypatch.chdir(tmp_path)
    assert run("--rules", "absent.yml", "--out", "new") == 2
    assert run("--rules", str(METIS_RULES), "--out", "") == 2
    assert list(tmp_path.iterdir()) == []


def make_golden(name: str) -> Golden:
    """Return what made.json says of a drill's recording."""
    return Golden(drill=name, run="2026", start_s=0.0, does="a", sources="b")


def make_drill(name: str) -> Drill:
    """Return a drill that does nothing."""
    return Drill(name=name, system="metis", traffic=(), expects=(), why="", lasts_s=60)


def test_a_recording_that_is_no_golden_of_ours_is_not_replaced(tmp_path: Path) -> None:
    """A drill's name alone does not make it ours; what made.json names is."""
    (tmp_path / "a.om.gz").write_text("somebody's")
    with pytest.raises(BadInput, match=r"a.om.gz: made.json does not name it"):
        check_goldens(tmp_path, [make_drill("a")])
    check_goldens(tmp_path, [make_drill("b")])
    write_manifest(tmp_path, Manifest(drills={"a": make_golden("a")}))
    check_goldens(tmp_path, [make_drill("a")])


def test_only_recordings_of_ours_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of drills that are no more; whatever else is in the folder stays."""
    for name in ("gone", "precious"):
        (tmp_path / f"{name}.om.gz").write_text("")
    write_manifest(tmp_path, Manifest(drills={name: make_golden(name) for name in ("gone", "metis-quiet")}))
    for name in ("read_recording", "replay_whole", "digest_systems"):
        monkeypatch.setattr(replaying, name, lambda *_: None)
    monkeypatch.setattr(replaying, "make_goldens", lambda *_: [])
    order: Any = SimpleNamespace(promtool=Path(), seed=1, rules=(), drills=())
    keep_goldens(tmp_path, tmp_path / "out", make_record(order), order)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.json", "precious.om.gz"]
    assert list(read_manifest(tmp_path).drills) == ["metis-quiet"]


def test_metrics_are_sent_where_it_is_asked_for(
    out: Path, capsys: pytest.CaptureFixture[str], held: Any
) -> None:
    """What metrics.prom has; where they cannot be sent it is said, and the verdict's exit code stands."""
    held.append(lambda order: replace(make_record(order), doubts=("scrapes came late",)))
    with run_push_receiver() as receiver:
        assert run("--push", receiver.url) == 3
        (pushed,) = receiver.pushed
        assert pushed.body == (out / "metrics.prom").read_bytes()
        assert f"Metrics: sent to {receiver.url}/metrics/job/alertdrill" in capsys.readouterr().out
        receiver.status = 500
        held.append(make_record)
        assert run("--push", receiver.url) == 0
    said = capsys.readouterr()
    assert "Metrics: sent" not in said.out
    assert said.err.endswith(
        "alertdrill: the metrics were not sent, and the verdict stands: Pushgateway at "
        f"{receiver.url} answered 500 to /metrics/job/alertdrill: Internal Server Error\n"
    )


@pytest.mark.usefixtures("held")
def test_a_replay_sends_no_metrics(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It holds no drill; what is there of the last run is not replaced."""
    with pytest.raises(SystemExit) as end:
        call(["run", "--replay", "out", "--push", "http://127.0.0.1:1"])
    assert end.value.code == 2
    assert "--push" in capsys.readouterr().err
    assert read_reports(out) == OLD


@pytest.mark.usefixtures("held", "out")
def test_a_history_that_cannot_be_read_costs_no_reports(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said that the metrics do not know when alerts were proved before."""
    assert run() == 0
    said = capsys.readouterr().err
    assert "metrics.prom does not know when alerts were proved before: out/timeline.json: is not a" in said
    assert run() == 0
    assert "metrics.prom" not in capsys.readouterr().err


@pytest.mark.usefixtures("held", "heed_signals")
def test_a_signal_while_metrics_are_sent_leaves_the_verdict(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reports are whole, that is said, and the exit code is the verdict's."""

    def wait(*_: Any) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(reporting, "push", wait)
    assert run("--push", "http://127.0.0.1:1") == 0
    assert json.loads((out / "timeline.json").read_text())["mode"] == "embedded"
    assert "the drills were judged before, and the reports in out are whole" in capsys.readouterr().err


@pytest.mark.usefixtures("out", "held")
def test_a_watched_run_says_where_and_concludes_the_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page shows in the end what report.html draws; a run that nobody asked to watch serves none."""
    concluded: list[Mapping[str, Any]] = []
    drawn: list[Mapping[str, Any]] = []
    draw = reporting.html.draw
    monkeypatch.setattr(LivePage, "conclude", lambda _page, document: concluded.append(document))
    monkeypatch.setattr(reporting.html, "draw", lambda one: (drawn.append(one), draw(one))[1])
    assert run() == 0
    assert "Watch it at" not in capsys.readouterr().out
    assert run("--ui") == 0
    assert re.match(r"Watch it at http://127\.0\.0\.1:\d+/\?token=\S{32}\n", capsys.readouterr().out)
    assert concluded == drawn[1:]
