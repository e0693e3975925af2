"""Drills as tests: what is met, what is not, what nobody can tell, and how each of them is shown."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from support.stranger import Stranger, write_hour


def test_each_drill_is_a_test_of_its_own(recorded: Stranger) -> None:
    """Without a line of Python: as expected, not met, met; what a recording cannot show is no green tick."""
    result = recorded.replay("drills", "-v")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "drills/queues.yml::deep UNOBSERVED *",
            "drills/queues.yml::late FAILED *",
            "drills/queues.yml::near PASSED *",
            "alertdrill.toml::unexpected-alerts PASSED *",
        ],
        consecutive=True,
    )
    result.stdout.fnmatch_lines(["*1 failed, 2 passed, 1 unobserved in *"])


def test_the_test_for_unexpected_alerts_is_counted(recorded: Stranger) -> None:
    """As collected, though it stands in no file of drills."""
    result = recorded.replay("drills/queues.yml::near")
    result.stdout.fnmatch_lines(["collected 2 items"])


def test_a_failure_says_what_was_seen_and_what_was_expected(recorded: Stranger) -> None:
    """In the words of every other report, with what the alert did and why it is drilled."""
    result = recorded.replay("drills/queues.yml::late")
    result.stdout.fnmatch_lines(
        [
            "_* drill late _*",
            '✗ late  Deep{queue="a"}  pending 15:00  firing 17:00  resolved 20:00',
            "    late: fired at 17:00, after 13:00",
            "    expected: fires between 11:00 and 13:00, pages oncall, resolves by 22:00",
            "What its alerts did:",
            '    15:00  pending      Deep{queue="a"}',
            '    17:00  firing       Deep{queue="a"}',
            "Why it is drilled: It is deep too late.",
            "alertdrill.toml: 1 of 1 drills not met",
            "FAILED drills/queues.yml::late - Deep: fired at 17:00, after 13:00",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert ".py" not in result.stdout.str().partition("= FAILURES =")[2]


@pytest.mark.parametrize("name", ["recordings", "recordings/hour.om.gz"])
def test_a_pending_that_never_fired_has_its_end(recorded: Stranger, name: str) -> None:
    """On a recording of the drill's own, and on that of a run, where the drill began later."""
    write_hour(recorded.folder / "recordings" / "late.om.gz", deep_from_s=1140)
    write_hour(recorded.folder / "recordings" / "hour.om.gz", deep_from_s=1140)
    starts_s = 60 if "hour" in name else 0
    held = json.dumps({"drills": [{"drill": "late", "start_s": starts_s}]})
    recorded.write("recordings/timeline.json", held)
    result = recorded.run("--alertdrill-replay", name, "drills/queues.yml::late")
    minute = 19 - starts_s // 60
    result.stdout.fnmatch_lines([f'*{minute}:00  pending      Deep{{queue="a"}} until {minute}:45'])


def test_what_nobody_can_tell_is_an_error(recorded: Stranger) -> None:
    """Not a failure: no alert did anything wrong. Others are judged all the same."""
    (recorded.folder / "recordings" / "deep.om.gz").unlink()
    result = recorded.replay("drills", "--junit-xml", "junit.xml")
    assert result.ret == 1
    result.assert_outcomes(errors=1, failed=1, passed=2)
    result.stdout.fnmatch_lines(
        ["ERROR drills/queues.yml::deep - Could not tell: recordings/deep.om.gz: is not there, and deep is *"]
    )
    assert ".py" not in result.stdout.str().partition("= ERRORS =")[2]
    cases = {case.get("name"): case for case in ET.parse(recorded.folder / "junit.xml").iter("testcase")}  # noqa: S314 - pytest's own
    kinds = {name: [child.tag for child in case if child.tag != "properties"] for name, case in cases.items()}
    assert kinds == {"deep": ["error"], "late": ["failure"], "near": [], "unexpected-alerts": []}
    failure = cases["late"].find("failure")
    assert failure is not None
    assert failure.get("message") == "Deep: fired at 17:00, after 13:00"
    assert 'Deep{queue="a"}' in (failure.text or "")


def test_junit_says_that_something_was_unobserved(recorded: Stranger) -> None:
    """It has no word for it, so a property does."""
    recorded.replay("drills", "--junit-xml", "junit.xml")
    said = {
        case.get("name"): [one.get("value") for one in case.iter("property")]
        for case in ET.parse(recorded.folder / "junit.xml").iter("testcase")  # noqa: S314 - pytest's own
    }
    assert said == {"deep": ["unobserved"], "late": ["unmet"], "near": ["met"], "unexpected-alerts": []}


def test_rules_that_read_what_was_not_recorded_are_an_error_of_every_drill(recorded: Stranger) -> None:
    """With the rule, its line, and what it reads."""
    recorded.write(
        "rules.yml",
        "groups: [{name: g, rules: [{alert: Deep, expr: absent > 100}, {alert: Low, expr: level > 3}]}]",
    )
    result = recorded.replay("drills")
    result.assert_outcomes(errors=4)
    result.stdout.fnmatch_lines(
        [
            "*rules.yml:1: Deep: reads absent, which *lacks*",
            "ERROR alertdrill.toml::unexpected-alerts - no drill was judged, so *",
        ]
    )


def test_a_mistake_in_the_rules_is_an_error_with_its_line(recorded: Stranger) -> None:
    """The drills cannot be judged, and nothing is wrong with them."""
    recorded.write("rules.yml", "groups: [{name: g, rules: [{alert: Deep, expr: depth >}]}]")
    result = recorded.replay("drills")
    result.assert_outcomes(errors=4)
    result.stdout.fnmatch_lines(["ERROR drills/queues.yml::deep - rules.yml:1: *"])
    assert "Traceback" not in result.stdout.str()


def test_with_v_the_whole_summary_is_shown(recorded: Stranger) -> None:
    """A line for each expectation: of the silent alert, how near it came."""
    result = recorded.replay("drills", "-v")
    result.stdout.fnmatch_lines(
        [
            "*= alertdrill =*",
            "✓ near*Low  silent; the rule's value reached 83% of its threshold",
            "1 of 3 drills not met: *",
        ]
    )


def test_reports_of_the_run_are_written_to_a_folder(recorded: Stranger) -> None:
    """Those of every other run."""
    recorded.replay("drills", "--alertdrill-out", "reports")
    folder = recorded.folder / "reports"
    assert {"timeline.json", "junit.xml", "report.html"} <= {path.name for path in folder.iterdir()}
    verdicts = json.loads((folder / "timeline.json").read_text())["verdicts"]
    assert [(one["drill"], one["outcome"]) for one in verdicts] == [
        ("deep", "unobserved"),
        ("late", "unmet"),
        ("near", "met"),
    ]
