"""JUnit XML: what a CI system sees of a run."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from support.paging_records import FORTY, SUPPRESSED_SPANS, TROUBLES, build_paging_record
from support.report_records import build_record

from alertdrill.core.verdict import Finding, Verdict
from alertdrill.reports import RunRecord, junit


def _parse(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own document


def _suite(record: RunRecord) -> ET.Element:
    suite = _parse(junit.render(record)).find("testsuite")
    assert suite is not None
    return suite


def _case(suite: ET.Element, drill: str) -> ET.Element:
    """Return the one case of a drill."""
    (case,) = _list_cases(suite, drill)
    return case


def _list_cases(suite: ET.Element, drill: str) -> list[ET.Element]:
    return [case for case in suite.iter("testcase") if str(case.get("classname")).endswith(f".{drill}")]


def _read_properties(case: ET.Element) -> dict[str | None, str | None]:
    return {item.get("name"): item.get("value") for item in case.iter("property")}


@pytest.mark.parametrize("doubts", [(), ("scrapes came late",)])
def test_counts_are_those_of_the_cases(doubts: tuple[str, ...]) -> None:
    """The suite's counts are the numbers of its cases, failures, errors and skips."""
    suite = _suite(replace(build_record(), doubts=doubts))
    for name, tag in (
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ):
        assert int(suite.get(name, "")) == len(list(suite.iter(tag))), name
    assert suite.get("tests") == "18"


def test_unmet_drill_is_a_failure_with_its_evidence() -> None:
    """A failure says what was expected, what was seen, the evidence, and why the drill is held."""
    record = replace(build_record(), repeat=("alertdrill", "run", "DRILL"))
    case = _case(_suite(record), "metis-latency-two-models")
    failure = case.find("failure")
    assert failure is not None
    assert case.get("classname") == "alertdrill.metis.metis-latency-two-models"
    assert case.get("name") == 'MetisLLMCallLatencyP99High{provider="openai", model="gpt-4.1-mini"}'
    assert failure.get("type") == "late"
    assert failure.get("message") == "MetisLLMCallLatencyP99High: resolved at 18:30, after 15:00"
    text = failure.text or ""
    assert 'LATE: MetisLLMCallLatencyP99High{provider="openai", model="gpt-4.1-mini"}' in text
    assert "expected: fires between 1:00 and 20:00, pages metis-ticket, resolves by 15:00" in text
    assert "seen:     pending 2:45, firing 7:45" in text
    assert "Why it is drilled: MetisLLMCallLatencyP99High must tell" in text
    assert text.endswith("\nRepeat it: alertdrill run metis-latency-two-models")


def test_met_drill_passes_and_says_what_was_seen() -> None:
    """A met drill has no failure, and its output holds the hops."""
    case = _case(_suite(build_record()), "metis-latency-fires")
    assert [child.tag for child in case] == ["properties", "system-out"]
    assert "pending 2:45, firing 7:45, paged 8:26" in (case.findtext("system-out") or "")


def test_unobserved_drill_is_neither_failed_nor_skipped_and_says_so_in_its_name() -> None:
    """A drill that was not fully seen passes under a name that no green tick can hide."""
    case = _case(_suite(build_record()), "metis-errors-rate-limited")
    assert str(case.get("name")).endswith(" [unobserved]")
    assert [child.tag for child in case] == ["properties", "system-out"]
    assert (case.findtext("system-out") or "").startswith("UNOBSERVED: ")
    properties = _read_properties(case)
    assert (properties["drill"], properties["outcome"]) == ("metis-errors-rate-limited", "unobserved")


def test_page_and_close_have_their_times() -> None:
    """Properties have the instant of each hop and what page and close took; the output has words."""
    case = _case(_suite(build_paging_record()), "paging-critical")
    assert _read_properties(case) == {
        "drill": "paging-critical",
        "outcome": "met",
        "pending_s": "240.000",
        "firing_s": "300.000",
        "paged_s": "336.000",
        "resolved_s": "1200.000",
        "page_resolved_s": "1242.000",
        "firing_to_paged_s": "36.000",
        "firing_to_paged_wall_s": "0.600",
        "resolved_to_closed_s": "42.000",
        "resolved_to_closed_wall_s": "0.700",
    }
    output = case.findtext("system-out") or ""
    assert "page:     0:36/0.60 s after it fired\n" in output
    assert "close:    0:42/0.70 s after it resolved\n" in output
    assert "            slack of chat: text matches /for \\d+ minutes/, 0 attempts refused\n" in output


def test_what_held_a_page_back_is_said() -> None:
    """The output of a drill whose page was suppressed says how long and by what."""
    suite = _suite(build_paging_record())
    silenced = _case(suite, "paging-silenced").findtext("system-out") or ""
    assert '  suppressed: silenced 7:00 to 25:00 by a silence of {model="beta"}\n' in silenced
    failure = _case(suite, "paging-refused").findtext("failure") or ""
    assert "  suppressed: refused 10:40 to 19:00 by its receiver\n" in failure
    assert "  notified: email of mail 2 and 3 refused\n" in failure
    assert "It stopped at the receiver: mail refused 3 attempts" in failure


def test_spans_that_held_a_group_back_are_bounded() -> None:
    """Of many spans ten are said, and how many more there were."""
    record = build_paging_record()
    held = tuple(replace(SUPPRESSED_SPANS[0], labels=labels) for labels in FORTY)
    timeline = replace(record.timeline, paging=replace(record.timeline.paging, suppressed=held))
    output = _case(_suite(replace(record, timeline=timeline)), "paging-outage").findtext("system-out") or ""
    assert output.count("  suppressed:") == 10
    assert "            and 30 more\n" in output


def test_receivers_are_summed_up_for_the_suite() -> None:
    """The suite's properties have a line for each inbox, and its output the troubles on the way."""
    suite = _suite(build_paging_record())
    properties = {item.get("name"): item.get("value") for item in suite.findall("properties/property")}
    assert properties["receiver.mail.email"] == (
        "1 opened, 1 closed, 3 refused; firing to page 9:00/9.00 s, max 9:00/9.00 s; "
        "resolved to closed 0:50/0.83 s, max 0:50/0.83 s"
    )
    assert "receiver.oncall.pagerduty" in properties
    assert suite.findtext("system-out") == TROUBLES[0]


def test_doubts_make_every_case_an_error() -> None:
    """A run that cannot be trusted neither passes nor fails: each case is an error that says why."""
    suite = _suite(replace(build_record(), doubts=("scrapes came late", "arrivals too")))
    for case in suite.iter("testcase"):
        error = case.find("error")
        assert error is not None
        assert error.get("message") == "No verdict can be trusted: scrapes came late; arrivals too"
        assert case.find("failure") is None


def test_no_detail_of_a_doubted_run_says_ok() -> None:
    """What cannot be trusted is said so in the text of every case, too."""
    suite = _suite(replace(build_record(), doubts=("scrapes came late",)))
    for case in suite.iter("testcase"):
        lines = (case.findtext("system-out") or "").splitlines()
        assert not [line for line in lines if line.startswith(("ok:", "unobserved:", "MISSING:"))]
        assert any(line.startswith("CANNOT TELL") for line in lines), case.get("name")


def test_doubts_without_verdicts_are_an_error_too() -> None:
    """A run that is doubted before it has verdicts is not an empty, green suite."""
    suite = _suite(replace(build_record(), verdicts=(), doubts=("no scrape came",)))
    assert suite.get("errors") == "1"
    assert "no scrape came" in (suite.findtext("testcase/error") or "")


def test_what_nobody_asked_for_is_a_failed_case_of_the_run() -> None:
    """An alert that no drill asked for is a case of its own."""
    finding = Finding(
        outcome="unexpected",
        alert="A",
        labels={},
        expectation=None,
        observed={"firing": 60.0},
        evidence="fired",
    )
    suite = _suite(replace(build_record(), verdicts=(Verdict(drill="(unasked)", findings=(finding,)),)))
    case = _case(suite, "(unasked)")
    assert (case.get("classname"), case.get("name")) == ("alertdrill.run.(unasked)", "A")
    assert case.find("failure") is not None


def test_each_expectation_is_a_case_of_its_drill() -> None:
    """One that is not met fails alone; one of which nobody can tell is an error; names are told apart."""
    met, unmet, untold = (
        Finding(
            outcome=outcome,
            alert="A",
            labels={"queue": queue},
            expectation=None,
            observed={},
            evidence="seen",
            doubt=doubt,
        )
        for outcome, queue, doubt in (("met", "a", ""), ("late", "a", ""), ("unobserved", "b", "it stalled"))
    )
    verdict = Verdict(drill="three", findings=(met, unmet, untold))
    suite = _suite(replace(build_record(), verdicts=(verdict, Verdict(drill="none", findings=()))))
    assert [(case.get("name"), [child.tag for child in case]) for case in suite.iter("testcase")] == [
        ('A{queue="a"}', ["properties", "system-out"]),
        ('A{queue="a"} (2)', ["properties", "failure", "system-out"]),
        ('A{queue="b"}', ["properties", "error", "system-out"]),
        ("nothing fires", ["properties", "system-out"]),
    ]
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["4", "1", "1"]


def test_hostile_text_stays_text() -> None:
    """Control characters and markup in labels, evidence and notes leave the document well-formed."""
    nasty = 'a\x00\x1b[31m</failure>]]>&"\ud800\ufffe'
    finding = Finding(
        outcome="late", alert=nasty, labels={"l": nasty}, expectation=None, observed={}, evidence=nasty
    )
    record = replace(
        build_record(),
        verdicts=(Verdict(drill=nasty, findings=(finding,)),),
        notes={nasty: nasty},
    )
    suite = _suite(record)
    suite_text = junit.render(record).encode("utf-8").decode("utf-8")
    case = next(suite.iter("testcase"))
    assert case.get("classname") == 'alertdrill.run.a\\x00\\x1b[31m</failure>]]>&"\\ud800\\ufffe'
    assert "</failure>]]>&" in (case.findtext("failure") or "")
    assert "\x1b" not in suite_text


def test_broken_run_is_one_errored_case() -> None:
    """A run that broke is one error, its first line as the message and all of it as the text."""
    root = _parse(junit.render_error("prometheus died\nsee logs/prometheus.log \x07"))
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("errors"), suite.get("failures")) == ("1", "1", "0")
    error = suite.find("testcase/error")
    assert error is not None
    assert error.get("message") == "prometheus died"
    assert error.text == "prometheus died\nsee logs/prometheus.log \\x07"
