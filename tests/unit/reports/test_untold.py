"""Every report says of what cannot be told that it cannot, and why; nothing of it counts as proved."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace

from rich.console import Console
from support.report_documents import describe
from support.report_records import build_record

from alertdrill.core.timeline import Stall
from alertdrill.judging.coverage import make_held_run, settle_claims
from alertdrill.reports import RunRecord, junit, timeline_json
from alertdrill.reports.history import parse_run
from alertdrill.reports.terminal.summary import summary

DOUBT = "Alertmanager answered nothing from 12:10 to 17:10; whether the page had come in time cannot be told"
QUIET = "the gateway answered nothing from 1:00 to 3:00; whether anything would have fired cannot be told"


def make_untold() -> RunRecord:
    """Return a run of one drill that was met but for a doubt, and of a quiet one that cannot be told."""
    record = build_record()
    met = next(one for one in record.verdicts if one.outcome == "met" and one.findings)
    findings = tuple(replace(finding, outcome="unobserved", doubt=DOUBT) for finding in met.findings)
    quiet = replace(met, drill="nothing-happens", findings=(), doubt=QUIET)
    return replace(
        record,
        verdicts=(replace(met, findings=findings), quiet),
        doubts=(),
        timeline=replace(record.timeline, stalls=(Stall(part="alertmanager", from_s=730.0, until_s=1030.0),)),
    )


def test_junit_has_an_error_for_each_drill() -> None:
    """It is neither a pass nor a failure, and its name does not claim that it merely was not seen."""
    suite = ET.fromstring(junit.render(make_untold())).find("testsuite")  # noqa: S314 - our own document
    assert suite is not None
    assert (suite.get("failures"), suite.get("errors")) == ("0", "2")
    said = [error.get("message") for error in suite.iter("error")]
    assert said == [f"Could not tell: {DOUBT}", f"Could not tell: {QUIET}"]
    assert not any("[unobserved]" in str(case.get("name")) for case in suite.iter("testcase"))


def test_the_terminal_says_why() -> None:
    """Both sentences, what was seen all the same, and the count in the last line."""
    file = io.StringIO()
    Console(file=file, width=200).print(summary(make_untold()))
    printed = file.getvalue()
    assert f"cannot tell: {DOUBT}" in printed
    assert f"? Nothing-happens: {QUIET}." in printed
    assert "2 of 2 drills could not be judged" in printed


def test_the_page_says_why() -> None:
    """Each drill begins with its sentence."""
    told, quiet = describe(make_untold())["drills"]
    assert {finding["stopped"] for finding in told["findings"]} == {f"Nobody can tell: {DOUBT}"}
    assert quiet["doubt"] == QUIET


def test_the_timeline_has_stalls_and_doubts() -> None:
    """Who was silent is data; a doubt stands beside the outcome `unobserved`."""
    document = json.loads(timeline_json.render(make_untold()))
    assert document["stalls"] == [{"part": "alertmanager", "from_s": 730.0, "until_s": 1030.0}]
    told, quiet = document["verdicts"]
    assert {finding["doubt"] for finding in told["findings"]} == {DOUBT}
    assert (told["outcome"], told["doubt"]) == ("unobserved", None)
    assert (quiet["outcome"], quiet["doubt"]) == ("unobserved", QUIET)


def test_what_cannot_be_told_proves_nothing() -> None:
    """Neither in the run's own coverage, nor when its timeline is read again."""
    record = make_untold()
    kept = parse_run(timeline_json.render(record))
    assert kept is not None
    for run in (make_held_run(record.verdicts, record.started_at, is_doubted=False), kept):
        states = {state for finding in run.findings for _, state in settle_claims(finding)}
        assert states == {"unobserved"}
