"""Tests of what `alertdrill page` answers about routing, as JSON, and of its notes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alertdrill.cli.main import cli
from alertdrill.cli.options.moment import Moment
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines

CONFIG = """\
route:
  receiver: desk
  routes:
  - {matchers: [severity="page"], receiver: oncall, mute_time_intervals: [nights]}
inhibit_rules:
- {source_matchers: [severity="page"], target_matchers: [severity="ticket"]}
time_intervals:
- {name: nights, time_intervals: [{times: [{start_time: "22:00", end_time: "24:00"}]}]}
receivers: [{name: desk}, {name: oncall}]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a config, where the command is called."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "am.yml").write_text(CONFIG)
    return tmp_path


def page(*arguments: str) -> Result:
    """Return what the command came to, with the config."""
    return CliRunner().invoke(cli, ["page", "--alertmanager-config", "am.yml", *arguments])


def test_json_has_the_answer_to_each_question(here: Path) -> None:
    """Under a key each, in the order in which people see them; every place with its line."""
    (here / "t.csv").write_text("name,labels,receivers\nwake,severity=page,oncall\n,severity=ticket,oncall\n")
    asked = ("--at", "2027-01-04T23:30[Europe/Berlin]", "--inhibitions", "--coverage")
    result = page("--labels", "t.csv", "--json", *asked)
    document: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == 1
    assert list(document) == ["alertmanager", "label_sets", "muting", "inhibitions", "coverage"]
    wake, ticket = document["label_sets"]
    assert wake == {
        "name": "wake",
        "source": "t.csv:2",
        "labels": {"severity": "page"},
        "outcome": "met",
        "expected": ["oncall"],
        "route": [{"receiver": "oncall", "where": "am.yml:4"}],
    }
    assert (ticket["name"], ticket["outcome"], ticket["route"][0]["where"]) == (
        "t.csv:3",
        "mismatched",
        "am.yml:1",
    )
    assert document["muting"]["at"] == "2027-01-04T23:30+01:00"
    assert document["muting"]["alerts"][0]["routes"] == [
        {
            "receiver": "oncall",
            "where": "am.yml:4",
            "state": "muted",
            "relation": "in",
            "time_intervals": [{"name": "nights", "where": "am.yml:8"}],
        }
    ]
    (pair,) = document["inhibitions"]
    assert (pair["source"]["name"], pair["target"]["name"], pair["where"], pair["certain"]) == (
        "wake",
        "t.csv:3",
        ["am.yml:6"],
        True,
    )
    assert all(place["reached"] for place in document["coverage"])
    assert [place["kind"] for place in document["coverage"]] == [
        *["routes"] * 2,
        *["receivers"] * 2,
        "inhibit rules",
        "time intervals",
    ]


def test_labels_that_are_there_twice_are_noted_and_met(here: Path) -> None:
    """On standard error, so that JSON stays JSON."""
    (here / "t.csv").write_text("severity,receivers\npage,oncall\npage,oncall\n")
    result = page("--labels", "t.csv", "--json")
    assert result.exit_code == 0
    assert result.stderr == 't.csv:3: the labels severity="page" stand at t.csv:2 already\n'
    assert len(json.loads(result.stdout)["label_sets"]) == 2


def test_a_label_may_be_called_by_any_characters_where_alertmanager_takes_them(
    here: Path, each_engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older one is not asked: it is said from which version on it would be."""
    monkeypatch.setenv("ALERTDRILL_ALERTMANAGER", str(each_engines.alertmanager))
    monkeypatch.setenv("ALERTDRILL_AMTOOL", str(each_engines.amtool))
    is_old = each_engines.versions["alertmanager"].startswith("0.25")
    if not is_old:
        (here / "am.yml").write_text(CONFIG.replace('severity="page"', '\'"näme 1"="ü"\''))
    (here / "t.yml").write_text("- {labels: {'näme 1': ü}, receiver: oncall}\n")
    result = page("--labels", "t.yml")
    if is_old:
        assert isinstance(result.exception, BadInput)
        assert "t.yml:1: 'näme 1' is no name of a label to Alertmanager 0.25" in str(result.exception)
    else:
        assert (result.exit_code, result.stdout.split("  by ")[0]) == (
            0,
            't.yml:1  met  {"näme 1"="ü"}  to oncall',
        )


@pytest.mark.parametrize(("at", "zone"), [("03-28T01:59", "+01:00"), ("03-28T03:00", "+02:00")])
def test_a_time_beside_a_change_of_clocks_is_one(at: str, zone: str) -> None:
    """The last minute before the change, and the first after it."""
    moment = Moment().convert(f"2027-{at}[Europe/Berlin]", None, None)
    assert moment.isoformat() == f"2027-{at}:00{zone}"


def test_an_alertmanager_that_does_not_say_what_it_mutes_is_noted(
    here: Path, each_engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nobody holds alertdrill to what it reads; the answer is the same."""
    monkeypatch.setenv("ALERTDRILL_ALERTMANAGER", str(each_engines.alertmanager))
    monkeypatch.setenv("ALERTDRILL_AMTOOL", str(each_engines.amtool))
    (here / "t.csv").write_text("severity,receivers\npage,oncall\n")
    result = page("--labels", "t.csv", "--at", "2027-01-04T23:30")
    assert "t.csv:2  oncall  muted in nights (am.yml:8)  by am.yml:4" in result.stdout
    is_old = each_engines.versions["alertmanager"].startswith("0.25")
    assert ("does not say what it mutes" in result.stderr) is is_old


def test_an_alert_knows_the_line_of_its_route(here: Path) -> None:
    """In JSON of what is sent, too."""
    (here / "r.yml").write_text(
        "groups: [{name: g, rules: [{alert: A, expr: x > 1, labels: {severity: page}}]}]\n"
    )
    result = page("--all", "--rules", "r.yml", "--dry-run", "--json")
    (alert,) = json.loads(result.stdout)["alerts"]
    assert [leg["where"] for leg in alert["route"]] == ["am.yml:4"]


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("tomorrow", "is no date and time, such as 2027-01-04T03:00"),
        ("2027-01-04", "is no date and time"),
        ("2027-02-30T03:00", "is no date and time: "),
        ("2027-02-20T25:00", "is no date and time: "),
        ("2027-02-20T03:00[Mars/Base]", "'Mars/Base' is no time zone"),
        ("2027-02-20T03:00[../UTC]", "is no date and time"),
        ("2027-02-20T03:00Z[UTC]", "has an offset and a zone"),
        ("1969-02-20T03:00", "is not in the years from 1970 to 2090"),
        (
            "2027-03-28T02:30[Europe/Berlin]",
            "is a time that does not exist: clocks there go on from 2027-03-28 02:00 to 03:00",
        ),
        (
            "2011-12-30T12:00[Pacific/Apia]",
            "is a time that does not exist: clocks there go on from 2011-12-30 00:00 to 2011-12-31 00:00",
        ),
        (
            "2027-10-31T02:30[Europe/Berlin]",
            "is there twice, for clocks are put back: say which, as 2027-10-31T02:30+02:00 or "
            "2027-10-31T02:30+01:00",
        ),
    ],
)
def test_what_is_no_instant_is_refused(here: Path, at: str, says: str) -> None:
    """With what is wrong with it, and how one is written."""
    result = page("--all", "--rules", str(here / "r.yml"), "--at", at)
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())
