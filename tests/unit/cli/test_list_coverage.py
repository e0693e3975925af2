"""Tests of `alertdrill list --coverage`, and of what `alertdrill run` leaves for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alertdrill.cli.commands import run_holding
from alertdrill.cli.main import cli
from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import BlindRule, Expectation, NearMiss
from alertdrill.core.timeline import Timeline
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.errors import BadInput
from alertdrill.reports import RunRecord, timeline_json
from alertdrill.systems.catalogue import list_drills, override_values

NOW = datetime.now(UTC)
DRILLS = list_drills(override_values(()))
AUTH = "MetisGatewayAuthFailureRateHigh"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder in which no run was held."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(*arguments: str) -> Result:
    """Run `alertdrill`."""
    return CliRunner().invoke(cli, arguments)


def hold(drill: Drill, number: int) -> tuple[Placement, Verdict]:
    """Return a drill with a verdict that meets every expectation, as if it had been held."""
    findings = tuple(
        Finding(
            outcome="met",
            alert=expected.alert,
            labels=expected.labels,
            expectation=expected,
            observed={}
            if isinstance(expected, NearMiss | BlindRule)
            else {"pending": 1.0, "firing": 2.0, "paged": 3.0, "resolved": 4.0, "page_resolved": 5.0},
            evidence="",
        )
        for expected in drill.expects
    )
    return Placement(drill=drill, start_s=100.0 * number), Verdict(drill=drill.name, findings=findings)


def make_record(drills: tuple[Drill, ...] = DRILLS, started_at: datetime = NOW) -> RunRecord:
    """Return a run that met everything that these drills expect."""
    held = [hold(drill, number) for number, drill in enumerate(drills)]
    return RunRecord(
        placements=tuple(placement for placement, _ in held),
        timeline=Timeline(mode="embedded", speed=60, until_s=900, observed=frozenset(), events=()),
        verdicts=tuple(verdict for _, verdict in held),
        rules=(),
        wall_s=1.0,
        started_at=started_at,
    )


def spoil(record: RunRecord, drill: str) -> RunRecord:
    """Return the run as if one drill's alert had never paged."""

    def change(verdict: Verdict) -> Verdict:
        if verdict.drill != drill:
            return verdict
        findings = [
            replace(
                finding,
                outcome="missing",
                broke_at="paged",
                observed={"pending": 1.0, "firing": 2.0},
            )
            for finding in verdict.findings
        ]
        return replace(verdict, findings=tuple(findings))

    return replace(record, verdicts=tuple(change(verdict) for verdict in record.verdicts))


def write(record: RunRecord, path: Path) -> None:
    """Write a run's timeline.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(timeline_json.render(record))


def read_states(*arguments: str) -> dict[str, str]:
    """Return the states of one alert's cells from the JSON, by hop and receiver."""
    result = invoke("list", "--coverage", "--json", *arguments)
    assert result.exit_code == 0, result.output
    rows = {row["alert"]: row for row in json.loads(result.stdout)["coverage"]}
    states = {}
    for cell in rows[AUTH]["hops"]:
        words = (cell["hop"], cell["receiver"], cell["integration"])
        states[" ".join(word for word in words if word is not None)] = cell["state"]
    return states


def test_without_a_run_nothing_is_drilled() -> None:
    """Every alert has a row, none is proved, and `--require` exits 1 and names every gap."""
    shown = invoke("list", "--coverage")
    assert shown.exit_code == 0
    assert AUTH in shown.stdout
    assert "0 of " in shown.stdout
    assert set(read_states().values()) == {"not drilled"}
    required = invoke("list", "--coverage", "--require")
    assert required.exit_code == 1
    gap = f"{AUTH}: paged metis-ticket: not drilled: no known run held metis-auth-fires, metis-auth-rotation"
    assert gap in required.stderr.splitlines()


def test_the_catalogue_leaves_no_gap() -> None:
    """Were all drills held and met, every alert would be proved at every hop."""
    write(make_record(), Path("out/timeline.json"))
    required = invoke("list", "--coverage", "--require")
    assert (required.exit_code, required.stderr) == (0, "")
    assert set(read_states().values()) == {"proved"}
    assert {name.split()[0] for name in read_states()} == {
        "pending",
        "fires",
        "paged",
        "resolved",
        "page",
        "near",
    }
    assert f"{NOW:%Y-%m-%d %H:%M}" in required.stdout


def test_a_hop_that_failed_is_named_and_fails_what_is_required() -> None:
    """The gap says alert, hop, receiver, drill and date; without `--require` the exit code stays 0."""
    write(spoil(make_record(), "metis-auth-fires"), Path("out/timeline.json"))
    states = read_states()
    assert states.pop("paged metis-ticket") == "failed"
    assert set(states.values()) == {"proved"}, "other drills met the hops that this one did not get to"
    required = invoke("list", "--coverage", "--require")
    assert required.exit_code == 1
    assert required.stderr.splitlines() == [
        f"{AUTH}: paged metis-ticket: failed on {NOW:%Y-%m-%d %H:%M}: metis-auth-fires, metis-auth-rotation"
    ]


def test_histories_are_joined_and_the_newest_verdict_wins() -> None:
    """What failed last week and was met since is proved, wherever the two runs left their timelines."""
    week = timedelta(days=7)
    write(spoil(make_record(started_at=NOW - week), "metis-auth-fires"), Path("out/timeline.json"))
    write(make_record(), Path("ci/tuesday/timeline.json"))
    assert read_states()["paged metis-ticket"] == "failed"
    assert read_states("--history", "ci")["paged metis-ticket"] == "proved"
    write(
        spoil(make_record(started_at=NOW + timedelta(minutes=1)), "metis-auth-fires"), Path("b/timeline.json")
    )
    assert read_states("--history", "ci", "--history", "b")["paged metis-ticket"] == "failed"


def test_proofs_have_to_be_young_enough() -> None:
    """`--require-within` implies `--require`, and says when the last proof was."""
    write(make_record(started_at=NOW - timedelta(days=8)), Path("out/timeline.json"))
    assert invoke("list", "--coverage", "--require").exit_code == 0
    assert invoke("list", "--coverage", "--require-within", "9d").exit_code == 0
    late = invoke("list", "--coverage", "--require-within", "7d")
    assert late.exit_code == 1
    assert f"{AUTH}: fires: last proved on {NOW - timedelta(days=8):%Y-%m-%d %H:%M}: " in late.stderr


def test_a_timeline_without_a_date_is_of_unknown_age() -> None:
    """The file's own date is no evidence."""
    document = json.loads(timeline_json.render(make_record()))
    del document["started_at"]
    Path("out").mkdir()
    Path("out/timeline.json").write_text(json.dumps(document))
    assert "unknown" in invoke("list", "--coverage").stdout
    assert invoke("list", "--coverage", "--require").exit_code == 0
    late = invoke("list", "--coverage", "--require-within", "7d")
    assert late.exit_code == 1
    assert "proved at an unknown time" in late.stderr


def test_a_doubted_run_leaves_gaps() -> None:
    """Its verdicts are met, and yet nothing is proved."""
    write(replace(make_record(), doubts=("scrapes came late",)), Path("out/timeline.json"))
    assert set(read_states().values()) == {"unobserved"}
    assert invoke("list", "--coverage", "--require").exit_code == 1


def test_json_says_which_drills_and_when() -> None:
    """The JSON of `list` gains the coverage and what is left out of it, and keeps all else."""
    write(make_record(), Path("out/timeline.json"))
    document = json.loads(invoke("list", "--coverage", "--json").stdout)
    assert {name: document[name] for name in ("drills", "alerts")} == json.loads(
        invoke("list", "--json").stdout
    )
    row = next(row for row in document["coverage"] if row["alert"] == AUTH)
    assert row["is_drilled"] is True
    assert row["last_drilled"] == NOW.isoformat()
    paged = next(cell for cell in row["hops"] if cell["hop"] == "paged")
    assert paged == {
        "hop": "paged",
        "receiver": "metis-ticket",
        "integration": None,
        "state": "proved",
        "last_drilled": NOW.isoformat(),
        "drills": ["metis-auth-fires", "metis-auth-rotation"],
    }
    assert "MantisHighFailureRateAsWritten" in document["left_out"]
    assert not {row["alert"] for row in document["coverage"]} & set(document["left_out"])


@pytest.mark.parametrize("path", ["out/timeline.json", "ci/timeline.json"])
def test_a_broken_timeline_is_bad_input(path: str) -> None:
    """The error names the file."""
    Path(path).parent.mkdir()
    Path(path).write_text("{}")
    Path("ci").mkdir(exist_ok=True)
    with pytest.raises(BadInput, match=f"^{path}: is not a timeline of schema 1$"):
        CliRunner().invoke(cli, ["list", "--coverage", "--history", "ci"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--require",), "--history, --require and --require-within are for --coverage"),
        (("--history", "out"), "--history, --require and --require-within are for --coverage"),
        (("--require-within", "7d"), "--history, --require and --require-within are for --coverage"),
        (("--coverage", "--require-within", "soon"), "'soon' is not an age such as 7d or 12h"),
        (("--coverage", "--require-within", "-7d"), "'-7d' is not an age such as 7d or 12h"),
        (("--coverage", "--require-within", f"{'9' * 30}y"), "is not an age such as 7d or 12h"),
    ],
)
def test_wrong_options_are_refused(arguments: tuple[str, ...], says: str) -> None:
    """Usage errors are one sentence and exit code 2."""
    result = invoke("list", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_run_leaves_what_coverage_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """After two runs, both are in out/history, so that the first one's drill keeps its date."""
    by_name = {drill.name: drill for drill in DRILLS}
    days: list[tuple[str, datetime]] = [
        ("metis-auth-fires", NOW - timedelta(days=3)),
        ("metis-errors-outage", NOW),
    ]
    for name, started_at in days:
        record = make_record((by_name[name],), started_at)
        monkeypatch.setattr(run_holding, "hold", _return(record))
        assert invoke("run", name, "--speed", "60").exit_code == 0
    assert len(list(Path("out/history").iterdir())) == 2
    document = json.loads(invoke("list", "--coverage", "--json").stdout)
    dates = {row["alert"]: row["last_drilled"] for row in document["coverage"] if row["is_drilled"]}
    assert dates == {
        expected.alert: started_at.isoformat()
        for name, started_at in days
        for expected in by_name[name].expects
        if isinstance(expected, Expectation)
    }


def _return(record: RunRecord) -> Callable[..., RunRecord]:
    return lambda *_: record
