"""Tests of the command's options: what goes together, and what is shown without sending anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from alertdrill.cli.main import cli
from alertdrill.errors import BadInput
from alertdrill.runner.synthetic.hops import Hop, find_outcome

RULES = "groups: [{name: g, rules: [{alert: A, expr: x > 1}]}]\n"


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """Return the path of a rule file."""
    (tmp_path / "rules.yml").write_text(RULES)
    return str(tmp_path / "rules.yml")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("", "which alert[?]"),
        ("--all --watchdog", "two different proofs"),
        ("--all --alert A", "leave --alert out"),
        ("--all --alertmanager http://x", "leave --alertmanager out"),
        ("--watchdog --alertmanager http://x", "leave --alertmanager out"),
        ("--alert A --header a=b", "--header is for the Alertmanager that --alertmanager names"),
        ("--alert A --alertmanager http://x --alertmanager-config f", "leave --alertmanager out"),
        ("--all --receiver x", "--receiver is for one alert"),
        ("--all", "--rules FILE says where"),
        ("--alert A --within 2m", "--within is for --all and --watchdog"),
        ("--all --dry-run --out o", "--out is for --all where alerts are sent"),
        ("--alert A --out o", "--out is for --all where alerts are sent"),
        ("--all --rules r.yml --coverage --alertmanager-config f --out o", "--out is for --all where alerts"),
        ("--all --within 0s", "--within: nothing can be sent in no time"),
        ("--all --within soon", "--within: 'soon' is not a duration"),
        ("--all --templates .", "--templates is for the config that --alertmanager-config names"),
        ("--alert A --alertmanager ftp://x", "--alertmanager wants http://HOST"),
        (
            "--alert A --alertmanager http://a:b@x",
            "credentials stand in a file: --header Authorization=@FILE",
        ),
        ("--labels t.csv --all", "leave --all out"),
        ("--labels t.csv --alert A --alertmanager-config f", "leave --alert out"),
        ("--labels t.csv --label a=b", "leave --label out"),
        ("--labels t.csv --nobody x", "leave --nobody out"),
        ("--labels t.csv --alertmanager http://x", "leave --alertmanager out"),
        ("--labels t.csv", "name it by --alertmanager-config"),
        ("--labels severity=page", "there is no such file; a single label is --label severity=page"),
        ("--at 2027-01-04T03:00", "which alert[?]"),
        ("--watchdog --coverage --alertmanager-config f", "ask about the routing of a config"),
        ("--all --rules r.yml --coverage", "name it by --alertmanager-config"),
        ("--alert A --alertmanager http://x --inhibitions", "ask about the routing of a config"),
        ("--alert A --external-url http://a:b@x", "--external-url wants an address without credentials"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: str, says: str) -> None:
    """With a sentence, before anything is started."""
    result = CliRunner().invoke(cli, ["page", *options.split()])
    assert isinstance(result.exception, BadInput)
    assert result.exception.exit_code == 2
    with pytest.raises(BadInput, match=says):
        raise result.exception


def test_a_file_without_alerts_is_refused(tmp_path: Path) -> None:
    """Nothing to prove is no proof."""
    (tmp_path / "rules.yml").write_text("groups: [{name: g, rules: [{record: a, expr: x}]}]\n")
    result = CliRunner().invoke(cli, ["page", "--all", "--rules", str(tmp_path / "rules.yml")])
    assert "there are no alerts" in str(result.exception)


@pytest.mark.parametrize("mode", ["--all", "--watchdog", "--alert=A"])
def test_a_dry_run_shows_where_an_alert_would_go(rules: str, mode: str) -> None:
    """And says that it was not sent; our own routing takes it at its default receiver."""
    source = [] if mode == "--watchdog" else ["--rules", rules]
    result = CliRunner().invoke(cli, ["page", mode, *source, "--dry-run", "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    alert = document["alerts"][0] if "alerts" in document else document
    assert alert["outcome"] == "not sent"
    assert [leg["receiver"] for leg in alert["route"]] == ["unrouted"]


def test_the_worst_hop_is_the_outcome() -> None:
    """What is known to have failed is worse than what is not known."""

    def say(*outcomes: str) -> str:
        hops = [Hop(name="h", took_s=None, outcome=outcome) for outcome in outcomes]  # type: ignore[arg-type]
        return find_outcome(hops)

    assert say("done") == "delivered"
    assert say("done", "could not tell") == "could not tell"
    assert say("could not tell", "not delivered", "done") == "not delivered"
    assert say("suppressed", "done") == "not delivered"
    assert say() == "not sent"
