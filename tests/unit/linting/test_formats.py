"""Tests of how findings are written."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from alertdrill.linting.checks import find_checks
from alertdrill.linting.finding import Finding
from alertdrill.linting.formats import FORMATS


def make_finding(**fields: object) -> Finding:
    """Return a finding with some fields of its own."""
    own = {
        "file": "rules/a b.yml",
        "line": 3,
        "column": 7,
        "check": "no-for",
        "severity": "warning",
        "rule": "Deep",
        "happens": "It fires at once, 100%.",
        "instead": "Give it a `for`.",
    }
    return Finding(**(own | fields))  # type: ignore[arg-type]


FINDINGS = (make_finding(), make_finding(line=9, check="never-met", severity="error", rule="Low"))


def test_text_has_two_lines_a_finding_and_a_count() -> None:
    """The place as editors know it, then what to write instead."""
    assert FORMATS["text"](FINDINGS, ()) == (
        "rules/a b.yml:3:7: warning: Deep: It fires at once, 100%. [no-for]\n"
        "    Give it a `for`.\n"
        "rules/a b.yml:9:7: error: Low: It fires at once, 100%. [never-met]\n"
        "    Give it a `for`.\n"
        "1 error, 1 warning\n"
    )


def test_text_says_that_there_is_nothing() -> None:
    """An empty output would leave open whether anything was done."""
    assert FORMATS["text"]((), ()) == "no findings\n"


def test_json_has_all_fields() -> None:
    """What a program reads."""
    written = json.loads(FORMATS["json"](FINDINGS, ()))
    assert written["schema"] == 1
    assert written["findings"][0] == {
        "file": "rules/a b.yml",
        "line": 3,
        "column": 7,
        "check": "no-for",
        "severity": "warning",
        "rule": "Deep",
        "happens": "It fires at once, 100%.",
        "instead": "Give it a `for`.",
    }


def test_github_escapes_what_its_commands_are_made_of() -> None:
    """Percent signs and line ends in texts, colons and commas in properties, too."""
    text = FORMATS["github"]((make_finding(file="a,b:c.yml", happens="One\ntwo: 5%."),), ())
    assert text == (
        "::warning file=a%2Cb%3Ac.yml,line=3,col=7,title=no-for::Deep: One%0Atwo: 5%25. Give it a `for`.\n"
    )


@pytest.mark.parametrize(
    ("severity", "command"), [("error", "error"), ("warning", "warning"), ("information", "notice")]
)
def test_github_has_a_command_for_each_severity(severity: str, command: str) -> None:
    """Information is a notice."""
    assert FORMATS["github"]((make_finding(severity=severity),), ()).startswith(f"::{command} ")


def test_sarif_names_every_check_and_places_every_result() -> None:
    """Rule ids are those of the checks, and paths are relative addresses."""
    log = json.loads(FORMATS["sarif"](FINDINGS, ()))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert ids == [check.name for check in find_checks()]
    assert [result["ruleId"] for result in run["results"]] == ["never-met", "no-for"]
    assert [result["level"] for result in run["results"]] == ["error", "warning"]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "rules/a%20b.yml"
    assert place["region"] == {"startLine": 3, "startColumn": 7}


def test_sarif_keeps_the_worst_of_too_many() -> None:
    """GitHub takes 25,000 results, and refuses more."""
    many = [make_finding(line=line, severity="information") for line in range(1, 25_002)]
    (run,) = json.loads(FORMATS["sarif"]([*many, FINDINGS[1]], ()))["runs"]
    assert len(run["results"]) == 25_000
    assert run["results"][0]["level"] == "error"


def test_junit_has_a_failure_for_each_finding() -> None:
    """Its type is the severity."""
    root = ET.fromstring(FORMATS["junit"](FINDINGS, ()))  # noqa: S314 - written here
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures")) == ("2", "2")
    assert [case.get("name") for case in suite] == ["rules/a b.yml:3:7 no-for", "rules/a b.yml:9:7 never-met"]
    assert [case[0].get("type") for case in suite] == ["warning", "error"]


def test_junit_of_nothing_passes() -> None:
    """A suite without a case is taken for a run that broke."""
    (suite,) = ET.fromstring(FORMATS["junit"]((), ()))  # noqa: S314 - written here
    assert (suite.get("tests"), suite.get("failures"), len(suite), len(suite[0])) == ("1", "0", 1, 0)


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_hands_on_what_moves_a_cursor(form: str) -> None:
    """Names of files and of rules are somebody's."""
    assert "\x1b" not in FORMATS[form](
        (make_finding(file="a\x1b[2J.yml", rule="B\x1b"),), ("c\x1b: it is gone",)
    )


REFUSED = ("gone.yml: the file cannot be read: No such file or directory",)


def test_junit_has_an_error_for_what_could_not_be_read() -> None:
    """A CI that looks at cases only would take a suite without one for a pass."""
    (suite,) = ET.fromstring(FORMATS["junit"]((), REFUSED))  # noqa: S314 - written here
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "0", "1")
    assert [(case.get("name"), case[0].tag) for case in suite] == [(REFUSED[0], "error")]


def test_sarif_says_whether_all_could_be_read() -> None:
    """Code scanning shows a run that was not successful as such."""
    invocation = json.loads(FORMATS["sarif"]((), REFUSED))["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == REFUSED[0]
    assert json.loads(FORMATS["sarif"]((), ()))["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_the_other_formats_say_what_could_not_be_read() -> None:
    """JSON names it, GitHub shows it as an error, and a text does not say that there is nothing."""
    assert json.loads(FORMATS["json"]((), REFUSED))["refused"] == list(REFUSED)
    assert FORMATS["github"]((), REFUSED) == f"::error title=alertdrill lint::{REFUSED[0]}\n"
    assert FORMATS["text"]((), REFUSED) == "no findings in what could be read\n"
