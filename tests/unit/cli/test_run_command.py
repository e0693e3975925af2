"""`alertdrill run` on rule files of somebody: what it orders, what it leaves out, what it refuses at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.recorded import make_recording, scrape
from support.whole_runs import METIS_RULES, ROOT

from alertdrill.cli.commands import run as run_command
from alertdrill.cli.commands import run_holding
from alertdrill.cli.main import cli
from alertdrill.core.drill import Placement
from alertdrill.core.timeline import Timeline
from alertdrill.errors import BadInput
from alertdrill.recording.files import write_recording
from alertdrill.reports import RunRecord
from alertdrill.runner.golden.folder import FOLDER
from alertdrill.runner.order import Order
from alertdrill.systems import find_systems

NOBODYS = "groups:\n- name: g\n  rules:\n  - alert: Mine\n    expr: mine > 1\n"
SYSTEMS = {system.name: system for system in find_systems()}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a rule file that no drill is about."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yml").write_text(NOBODYS)
    return tmp_path


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """Return the orders that are given; whatever is ordered is taken for held, and nothing is started."""
    given: list[Order] = []

    def hold(order: Order, _show: Callable[..., None]) -> RunRecord:
        given.append(order)
        return RunRecord(
            placements=tuple(Placement(drill=drill, start_s=0) for drill in order.drills),
            timeline=Timeline(mode="embedded", speed=60, until_s=60, observed=frozenset(), events=()),
            verdicts=(),
            rules=(),
            wall_s=1,
            started_at=datetime.now(UTC),
            notes={"speed": "60"},
        )

    site: Any = SimpleNamespace(name="embedded", find_obstacle=lambda _drill: None)
    monkeypatch.setattr(run_command, "find_site", lambda *_: site)
    monkeypatch.setattr(run_command, "find_promtool", lambda _site: None)
    monkeypatch.setattr(run_holding, "hold", hold)
    return given


def invoke(*arguments: str) -> Result:
    """Run `alertdrill run`; what it raises is raised."""
    return CliRunner().invoke(cli, ["run", *arguments], catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--rules", "mine.yml"), "mine.yml: no drill expects any of the alerts here (Mine)"),
        (("--config", "."), "rules/mine.yml: no drill expects any of the alerts here (Mine)"),
        (("--system", "metis", "--rules", "mine.yml"), "no drill of metis expects any of the alerts here"),
        (("--set", "metis.llmErrorRate.threshold=0.02", "--rules", "mine.yml"), "no drill expects any"),
        (("metis-auth-fires", "--rules", "mine.yml"), "metis-auth-fires cannot be held: no rule file given"),
        (
            ("paging-critical", "--rules", str(METIS_RULES)),
            "paging-critical cannot be held: no rule file given has MetisSpendCritical",
        ),
        (("--replay", str(ROOT / FOLDER), "--rules", "mine.yml"), "no drill expects any of the alerts here"),
        (
            ("metis-auth-fires", "--replay", str(ROOT / FOLDER), "--rules", "mine.yml"),
            "metis-auth-fires cannot be held",
        ),
    ],
)
def test_rules_that_cannot_be_drilled_are_refused_before_anything_starts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    """Neither a stack nor an engine is looked for."""
    (folder / "rules").mkdir()
    (folder / "rules" / "mine.yml").write_text(NOBODYS)
    for name in ("run.find_site", "run_replay.find_promtool"):
        monkeypatch.setattr(
            f"alertdrill.cli.commands.{name}", lambda *_, **__: pytest.fail("something was started")
        )
    with pytest.raises(BadInput) as refused:
        invoke(*arguments)
    assert says in str(refused.value)


def test_drills_of_other_alerts_are_left_out_and_named(orders: list[Order]) -> None:
    """They are on standard error and in the reports; what is held has the rules that were given alone."""
    finished = invoke("--rules", str(METIS_RULES), "--speed", "60")
    (order,) = orders
    assert {drill.system for drill in order.drills} == {"metis"}
    assert "metis-quiet" in {drill.name for drill in order.drills}
    assert [file.name for file in order.rules] == [str(METIS_RULES)]
    said = [line for line in finished.stderr.splitlines() if line.startswith("left out: ")]
    assert "left out: paging-info, paging-unresolved: no rule file given has MetisSpendInfo" in said
    assert any("mantis-quiet" in line and line.endswith("concerns mantis") for line in said)
    for report in ("out/junit.xml", "out/report.html"):
        text = Path(report).read_text()
        assert "paging-info, paging-unresolved: no rule file given has MetisSpendInfo" in text
        assert "left out" in text


def test_drills_that_compare_have_the_rules_kept_as_written(orders: list[Order]) -> None:
    """A changed copy of a system's rules is held to every drill of the system, and nothing is left out."""
    system = SYSTEMS["mantis"]
    finished = invoke("--system", "mantis", "--rules", str(system.rules_path), "--speed", "60")
    (order,) = orders
    assert "mantis-failure-poller" in {drill.name for drill in order.drills}
    assert [Path(file.name).name for file in order.rules] == ["rules.yml", "as_written.yml"]
    assert "left out" not in finished.stderr


def test_a_run_on_the_systems_own_rules_notes_only_what_is_left_out(orders: list[Order]) -> None:
    """Without rule files nothing is lacking; what wants a lower speed is in the record, too."""
    invoke("--system", "mantis", "--speed", "60")
    assert "left out" not in Path("out/junit.xml").read_text()
    invoke("--system", "inference", "--speed", "60")
    assert "inference-latency-near-threshold: a pause" in Path("out/junit.xml").read_text()
    assert len(orders) == 2


def test_where_nothing_is_left_to_hold_the_run_is_refused(orders: list[Order]) -> None:
    """A drill that wants a lower speed may be the only one of the rules that were given."""
    drills = run_command.list_drills(run_command.override_values(()))
    (slow,) = (drill for drill in drills if drill.name == "inference-latency-near-threshold")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_command, "list_drills", lambda *_: (slow,))
        with pytest.raises(BadInput, match="no drill can be held: inference-latency-near-threshold: a pause"):
            invoke("--rules", str(SYSTEMS["inference"].rules_path), "--speed", "60")
    assert orders == []


def test_goldens_of_other_alerts_are_left_out_and_named() -> None:
    """A replay says it where a run does."""
    finished = invoke("--replay", str(ROOT / FOLDER), "--rules", str(METIS_RULES), "--system", "metis")
    line = "paging-info, paging-unresolved: no rule file given has MetisSpendInfo"
    assert f"left out: {line}" in finished.stderr
    assert line in Path("out/replay/junit.xml").read_text()
    verdicts = json.loads(Path("out/replay/timeline.json").read_text())["verdicts"]
    assert {verdict["outcome"] for verdict in verdicts} == {"met", "unobserved"}
    assert not {verdict["drill"] for verdict in verdicts} & {"paging-info", "paging-unresolved"}


def write_run(folder: Path, *drills: str) -> str:
    """Write what a run leaves: a recording, and the timeline that says which drills it is of."""
    path = folder / "recording.om.gz"
    write_recording(make_recording(scrape("up", [1]), until_s=60), path)
    held = [{"drill": name, "start_s": 0} for name in drills]
    (folder / "timeline.json").write_text(json.dumps({"drills": held}))
    return str(path)


def test_a_runs_recording_is_not_judged_by_rules_of_other_alerts(folder: Path) -> None:
    """Only what the run held is looked at, and nothing of it is about the rules."""
    path = write_run(folder, "metis-auth-fires", "metis-quiet")
    with pytest.raises(BadInput, match=r"no drill can be held|no drill expects any of the alerts here"):
        invoke("--replay", path, "--rules", "mine.yml")
    with pytest.raises(BadInput, match="metis-auth-fires cannot be held: no rule file given has"):
        invoke("metis-auth-fires", "--replay", path, "--rules", "mine.yml")


def test_a_recording_without_its_timeline_says_what_makes_both(folder: Path) -> None:
    """The sentence names the missing file, who writes it, and what can be done without it."""
    path = write_run(folder, "metis-quiet")
    (folder / "timeline.json").unlink()
    with pytest.raises(BadInput) as refused:
        invoke("--replay", path)
    said = str(refused.value)
    assert said.startswith(f"{folder / 'timeline.json'}: is not there, and says which drills the recording")
    assert "`alertdrill run` writes both side by side" in said
    assert "`alertdrill replay FILE --rules RULES`" in said


def test_a_golden_recording_is_sent_to_its_folder() -> None:
    """It has no timeline, since what it is of stands in the folder's made.json."""
    golden = ROOT / FOLDER / "metis-quiet.om.gz"
    with pytest.raises(BadInput) as refused:
        invoke("--replay", str(golden))
    assert str(refused.value).endswith(
        f"golden recordings are judged by their folder: alertdrill run --replay {golden.parent} DRILL"
    )
