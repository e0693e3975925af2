"""Tests of the runs that are known: timelines are read again, the newest are kept, and no file is trusted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import (
    BlindRule,
    Delivery,
    Expectation,
    Expected,
    Grouped,
    NearMiss,
    Suppressed,
)
from alertdrill.core.timeline import Timeline
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.errors import BadInput
from alertdrill.judging.coverage import list_claims
from alertdrill.reports import RunRecord, history, timeline_json
from alertdrill.reports.history import KEPT_RUNS, keep_run, parse_run, read_history, read_out

STARTED_AT = datetime(2025, 11, 3, 9, 41, 7, tzinfo=UTC)
FIRES = Expectation(alert="Slow", labels={"model": "m"}, fires_within_s=9, receiver="t", resolves_within_s=20)
GROUPED = Grouped(
    alert="Down",
    labels={},
    alerts=40,
    fires_within_s=9,
    resolves_within_s=20,
    receiver="t",
    integration="slack",
)
EXPECTED: tuple[Expected, ...] = (
    FIRES,
    replace(
        FIRES,
        deliveries=(
            Delivery(receiver="boss", integration="email"),
            Delivery(receiver="t", closes=False),
        ),
    ),
    replace(FIRES, suppressed=Suppressed(why="silenced", until_s=15)),
    replace(FIRES, suppressed=Suppressed(why="inhibited")),
    GROUPED,
    NearMiss(alert="Slow", labels={}, reaches=0.9, pending=True, pending_within_s=(10, 20)),
    BlindRule(alert="Slow", labels={}, after_s=5),
)


def make_timeline(*expects: Expected, started_at: datetime = STARTED_AT, doubts: tuple[str, ...] = ()) -> str:
    """Return the timeline.json of a run of one drill that broke at the page."""
    findings = tuple(
        Finding(
            outcome="late",
            alert=expected.alert,
            labels=expected.labels,
            expectation=expected,
            observed={"pending": 1.0, "firing": 5.0},
            evidence="",
            broke_at="paged",
        )
        for expected in expects
    )
    unexpected = Finding(
        outcome="unexpected", alert="A", labels={}, expectation=None, observed={"firing": 7.0}, evidence=""
    )
    drill = Drill(name="drill", system="metis", traffic=(), expects=expects, why="", lasts_s=60)
    record = RunRecord(
        placements=(Placement(drill=drill, start_s=100.0),),
        timeline=Timeline(mode="embedded", speed=60, until_s=160, observed=frozenset(), events=()),
        verdicts=(
            Verdict(drill="drill", findings=findings),
            Verdict(drill="(unasked)", findings=(unexpected,)),
        ),
        rules=(),
        wall_s=1.0,
        started_at=started_at,
        doubts=doubts,
    )
    return timeline_json.render(record)


def change(**fields: Any) -> str:
    """Return a timeline with other fields; one that is None is taken out."""
    document = json.loads(make_timeline(FIRES)) | fields
    return json.dumps({name: value for name, value in document.items() if value is not None})


FINDING = json.loads(make_timeline(FIRES))["verdicts"][0]["findings"][0]


def test_a_run_that_was_written_is_read_again() -> None:
    """Drills, outcomes, hops and what makes a claim survive; what nobody asked for is left out."""
    run = parse_run(make_timeline(*EXPECTED, doubts=("late",)))
    assert run is not None
    assert run.started_at == STARTED_AT
    assert run.is_doubted
    assert [list_claims(finding.expectation) for finding in run.findings] == list(map(list_claims, EXPECTED))
    assert [type(finding.expectation) for finding in run.findings] == list(map(type, EXPECTED))
    assert {finding.drill for finding in run.findings} == {"drill"}
    assert {finding.outcome for finding in run.findings} == {"late"}
    assert {finding.broke_at for finding in run.findings} == {"paged"}
    assert {finding.seen for finding in run.findings} == {frozenset({"pending", "firing"})}
    assert [run.findings[number].expectation for number in range(4)] == list(EXPECTED[:4])


def test_an_older_timeline_is_read_without_its_date(tmp_path: Path) -> None:
    """Without `started_at` the date is unknown, whatever the file's own is; `broke_at` may be missing."""
    document = json.loads(make_timeline(FIRES))
    del document["started_at"]
    del document["verdicts"][0]["findings"][0]["broke_at"]
    (tmp_path / "timeline.json").write_text(json.dumps(document))
    (run,) = read_history(tmp_path)
    assert run.started_at is None
    assert run.findings[0].broke_at is None


def test_an_instant_is_read_in_any_zone() -> None:
    """A run elsewhere began at the same instant, and is told in UTC like all others."""
    run = parse_run(change(started_at="2025-11-03T11:41:07+02:00"))
    assert run is not None
    started_at = run.started_at
    assert started_at == STARTED_AT
    assert f"{started_at:%H:%M}" == "09:41"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not JSON"),
        ('{"schema": 1,', "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a timeline of schema 1"),
        ("{}", "is not a timeline of schema 1"),
        (change(schema=2), "is not a timeline of schema 1"),
        (change(verdicts=None), "verdicts is missing, not a list"),
        (change(verdicts=["x"]), "verdicts is not a list of objects"),
        (change(verdicts=[{"findings": []}, {"drill": 5, "findings": [FINDING]}]), "drill is 5, not a text"),
        (change(doubts="late"), 'doubts is "late", not a list'),
        (change(started_at="yesterday"), "started_at is 'yesterday', not an ISO 8601 instant"),
        (change(started_at="2025-11-03T09:41:07"), "not an ISO 8601 instant with its time zone"),
        (change(started_at="0001-01-01T00:00:00+14:00"), "which is not in the years 1970 to 9998"),
        (change(started_at="9999-12-31T23:59:59-14:00"), "which is not in the years 1970 to 9998"),
        (change(started_at="9999-12-31T23:59:59Z"), "which is not in the years 1970 to 9998"),
        *(
            (change(verdicts=[{"drill": "d", "findings": [FINDING | {name: value}]}]), says)
            for name, value, says in (
                ("alert", None, "alert is missing, not a text"),
                ("labels", [], "labels is [], not an object"),
                ("observed", 1, "observed is 1, not an object"),
                ("outcome", "fine", 'outcome is "fine", not one of met, late'),
                ("broke_at", "boiler", 'broke_at is "boiler", not one of pending'),
                ("expected", {}, "receiver is missing, not a text"),
                ("expected", {"receiver": "t"}, "fires_within_s is missing, not a number"),
                ("expected", {"receiver": "t", "fires_within_s": "x" * 99}, "xxx…, not a number"),
                ("expected", FINDING["expected"] | {"deliveries": [{}]}, "receiver is missing"),
                (
                    "expected",
                    FINDING["expected"] | {"deliveries": [{"receiver": "t", "integration": "pigeon"}]},
                    'integration is "pigeon", not one of',
                ),
                ("expected", FINDING["expected"] | {"held_back": {"why": "luck"}}, 'why is "luck"'),
                ("expected", {"silent": True, "reaches": 1}, "pending is missing, not true or false"),
            )
        ),
    ],
)
def test_a_broken_timeline_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    """One sentence names the file and what is wrong in it."""
    path = tmp_path / "ci" / "timeline.json"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(BadInput, match=r"timeline\.json: ") as refused:
        read_history(tmp_path)
    assert str(refused.value).startswith(f"{path}: ")
    assert says in str(refused.value)
    assert len(str(refused.value)) < 400


def test_a_file_that_is_no_text_or_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, and a link that leads nowhere."""
    path = tmp_path / "timeline.json"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match=r"timeline\.json:1: "):
        read_history(tmp_path)
    path.unlink()
    path.symlink_to(tmp_path / "absent")
    with pytest.raises(BadInput, match=r"timeline\.json: cannot be read: No such file"):
        read_history(tmp_path)


def test_folders_are_searched_to_their_depth(tmp_path: Path) -> None:
    """Timelines and kept runs count wherever they are; other JSON does not."""
    (tmp_path / "monday" / "out").mkdir(parents=True)
    (tmp_path / "monday" / "out" / "timeline.json").write_text(make_timeline(FIRES))
    keep_run(tmp_path / "monday" / "out", make_timeline(FIRES), STARTED_AT)
    (tmp_path / "monday" / "out" / "history" / "notes.json").write_text("[]")
    (tmp_path / "monday" / "traffic.json").write_text("[]")
    assert len(read_history(tmp_path)) == 2
    assert len(read_history(tmp_path / "monday" / "out" / "history")) == 1


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    """A folder that was named by mistake is not taken for one in which nothing was held."""
    with pytest.raises(BadInput, match=r"no run has left a timeline\.json here"):
        read_history(tmp_path)
    with pytest.raises(BadInput, match="is not a folder"):
        read_history(tmp_path / "absent")


def test_what_is_read_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large a file, too many runs and too many folders are refused by the name of what holds them."""
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "timeline.json").write_text(make_timeline(FIRES))
    monkeypatch.setattr(history, "MAX_FOLDERS", 3)
    with pytest.raises(BadInput, match="more than 3 folders"):
        read_history(tmp_path)
    monkeypatch.setattr(history, "MAX_FOLDERS", 4)
    assert len(read_history(tmp_path)) == 3
    monkeypatch.setattr(history, "MAX_FILES", 2)
    with pytest.raises(BadInput, match="more than 2 runs"):
        read_history(tmp_path)
    monkeypatch.setattr(history, "MAX_BYTES", 100)
    with pytest.raises(BadInput, match=r"timeline\.json: is larger than"):
        read_history(tmp_path / "a")


def test_an_output_folder_knows_its_newest_runs(tmp_path: Path) -> None:
    """The newest stay, the oldest go, without events; nothing is there before the first run."""
    out = tmp_path / "out"
    assert read_out(out) == ()
    out.mkdir()
    precious = out / "history" / "precious.json"
    for number in range(KEPT_RUNS + 3):
        at = STARTED_AT + timedelta(hours=number)
        keep_run(out, make_timeline(FIRES, started_at=at), at)
        precious.write_text("somebody's")
    runs = read_out(out)
    assert [run.started_at for run in runs] == [
        STARTED_AT + timedelta(hours=number) for number in range(3, KEPT_RUNS + 3)
    ]
    assert precious.exists()
    assert len(list((out / "history").iterdir())) == KEPT_RUNS + 1
    kept = json.loads((out / "history" / "2025-11-03T12-41-07.000000Z.json").read_text())
    assert not {"events", "notices", "incidents"} & kept.keys()
    assert kept["verdicts"] == json.loads(make_timeline(FIRES))["verdicts"]
    (out / "timeline.json").write_text(make_timeline(FIRES))
    assert len(read_out(out)) == KEPT_RUNS + 1


def test_a_broken_history_is_refused_by_name(tmp_path: Path) -> None:
    """What a run has kept is trusted no more than any other file."""
    keep_run(tmp_path, make_timeline(FIRES), STARTED_AT)
    (path,) = (tmp_path / "history").iterdir()
    path.write_text("{")
    with pytest.raises(BadInput) as refused:
        read_out(tmp_path)
    assert str(refused.value).startswith(f"{path}: is not JSON")


def test_what_was_replayed_was_not_held(tmp_path: Path) -> None:
    """The timeline of a replay is no run: a page that nobody could see outdates no page that was seen."""
    for name, text in (("held", change()), ("replayed", change(mode="replay"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "timeline.json").write_text(text)
    assert len(read_history(tmp_path)) == 1
    assert read_out(tmp_path / "replayed") == ()
