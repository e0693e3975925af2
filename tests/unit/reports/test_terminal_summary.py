"""The summary in a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console
from support.paging_records import FORTY, SUPPRESSED_SPANS, TROUBLES, build_paging_record, notify
from support.report_records import build_record

from alertdrill.core.timeline import PagingPath
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.reports import RunRecord
from alertdrill.reports.terminal.summary import summary


def _print(record: RunRecord, *, width: int = 120, encoding: str = "utf-8") -> list[str]:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    Console(file=file, width=width, color_system=None).print(summary(record))
    file.flush()
    return raw.getvalue().decode(encoding).splitlines()


def _line(lines: list[str], drill: str) -> int:
    (number,) = [number for number, line in enumerate(lines) if line[2:].split(" ")[0] == drill]
    return number


def test_met_expectation_says_every_hop() -> None:
    """A met expectation is a tick, the drill, the alert, and each hop with its instant and receiver."""
    lines = _print(build_record())
    number = _line(lines, "metis-latency-fires")
    assert lines[number].startswith("✓ metis-latency-fires ")
    assert lines[number].endswith('MetisLLMCallLatencyP99High{provider="openai", model="gpt-4.1"}')
    assert lines[number + 1] == (
        "    pending 2:45  firing 7:45  paged 8:26 +0:41/0.68 s → metis-ticket  resolved 18:30  "
        "page closed 19:22 +0:52/0.87 s"
    )


def test_wide_terminal_has_a_line_per_expectation() -> None:
    """Where all fits, an expectation is one line."""
    lines = _print(build_record(), width=260)
    line = lines[_line(lines, "metis-latency-fires")]
    assert "pending 2:45" in line
    assert line.endswith("page closed 19:22 +0:52/0.87 s")


def test_unmet_expectation_is_followed_by_its_evidence() -> None:
    """An unmet expectation has a cross, the evidence and what was expected beneath it."""
    lines = _print(build_record())
    number = _line(lines, "metis-auth-slow-scan")
    assert lines[number].startswith("✗ ")
    assert lines[number + 1].strip() == "nothing seen"
    assert lines[number + 2].strip() == "missing: never fired; the rule's value reached 90% of its threshold"
    assert lines[number + 3].strip() == (
        "expected: fires between 1:00 and 20:00, pages metis-page, resolves by 40:00"
    )


def test_unobserved_is_a_question_mark() -> None:
    """What could not be fully seen is never a tick."""
    lines = _print(build_record())
    assert lines[_line(lines, "metis-errors-rate-limited")].startswith("? ")


def test_wrong_receiver_is_not_shown_as_the_one_paged() -> None:
    """When another receiver was paged, the expected one does not stand beside the page."""
    lines = _print(build_record())
    number = _line(lines, "metis-cost-bulk-load")
    assert "paged 17:56 +0:41/0.68 s  resolved" in lines[number + 1]
    assert "paged metis-page instead of metis-ticket" in lines[number + 2]


def test_silence_and_quiet_drills_say_so() -> None:
    """A near miss says how near it came, and a quiet drill that nothing fired."""
    lines = _print(build_record())
    number = _line(lines, "metis-latency-just-below")
    assert lines[number + 1].strip() == "silent; the rule's value reached 87% of its threshold"
    assert lines[_line(lines, "metis-quiet-day") + 1].strip() == "nothing fired, as it should be"


def test_last_line_counts() -> None:
    """The last line has the outcome, the counts, and both times."""
    assert _print(build_record())[-1] == (
        "3 of 18 drills not met: 14 met · 3 unmet · 1 unobserved · 17 expectations · "
        "1:10:00 of rule time in 1:18"
    )


def test_doubts_are_sentences_before_the_last_line() -> None:
    """Doubts are said in full, and the last line says that no verdict can be trusted."""
    lines = _print(replace(build_record(), doubts=("scrapes were up to 70 s of rule time apart",)))
    assert lines[-2] == "? Scrapes were up to 70 s of rule time apart."
    assert lines[-1].startswith("No verdict can be trusted: 14 would be met · 3 unmet · 1 unobserved · ")


def test_no_drill_of_a_doubted_run_has_a_tick_or_a_cross() -> None:
    """Where no verdict can be trusted, the mark of each drill says that nobody can tell."""
    record = replace(build_record(), doubts=("scrapes were up to 70 s of rule time apart",))
    assert _list_marks(record) == {"?"}
    assert _list_marks(build_record()) == {"✓", "✗", "?"}


def _list_marks(record: RunRecord) -> set[str]:
    lines = _print(record)
    return {lines[_line(lines, verdict.drill)][0] for verdict in record.verdicts}


def test_times_are_explained() -> None:
    """What stands behind a + is explained where something does, and at speed 1 there is but one time."""
    lines = _print(build_record())
    explained = (
        "Times are rule time from the start of each drill; "
        "after a +, rule/wall time since it fired or resolved."
    )
    assert explained in lines
    record = build_record()
    slow = _print(replace(record, timeline=replace(record.timeline, speed=1)))
    assert "page closed 19:22 +0:52" in slow[1]
    assert "/" not in slow[1]
    quiet = _print(replace(record, verdicts=record.verdicts[-1:]))
    assert "Times are rule time from the start of each drill." in quiet


def test_what_held_the_page_back_stands_before_the_page() -> None:
    """A span in which the page was suppressed stands where it happened; that nobody is paged is said."""
    lines = _print(build_paging_record(), width=160)
    number = _line(lines, "paging-silenced")
    assert "firing 7:00  silenced 7:00 to 25:00  paged 25:30 +18:30/18.50 s → oncall" in lines[number + 1]
    inhibited = lines[_line(lines, "paging-inhibited") + 1]
    assert "inhibited 5:45 to 19:30  resolved 19:30  inhibited all the while" in inhibited


def test_many_spans_are_bounded() -> None:
    """Of forty alerts that were suppressed two are named."""
    record = build_paging_record()
    held = tuple(replace(SUPPRESSED_SPANS[0], labels=labels) for labels in FORTY)
    timeline = replace(record.timeline, paging=replace(record.timeline.paging, suppressed=held))
    lines = _print(replace(record, timeline=timeline), width=200)
    said = lines[_line(lines, "paging-outage") + 1]
    assert said.count("silenced") == 2
    assert "silenced 7:00 to 25:00  and 38 more  paged" in said


def test_who_was_told_is_said_where_a_drill_says_who_should_be() -> None:
    """An expectation of deliveries is followed by how many notifications each integration took."""
    lines = _print(build_paging_record())
    number = _line(lines, "paging-critical")
    assert lines[number + 2].strip() == "notified: slack of chat 2, pagerduty of oncall 3"
    assert sum("notified:" in line for line in lines) == 1
    assert "fired, paged, resolved and closed in time" not in "".join(_print(build_record()))


def test_explanation_of_several_sentences_is_readable() -> None:
    """A long explanation is wrapped and indented, each line of it on a line of its own, then the expected."""
    record = build_paging_record()
    (finding,) = record.verdicts[0].findings
    finding = replace(finding, outcome="missing", evidence="No page. It stopped at the route.\nLog: x")
    lines = [
        line.rstrip() for line in _print(replace(record, verdicts=(Verdict(drill="d", findings=(finding,)),)))
    ]
    assert lines[3:6] == [
        "    missing: No page. It stopped at the route.",
        "    Log: x",
        "    expected: fires by 10:00, pages oncall within 5:00, resolves by 40:00, closes within 4:00",
    ]
    assert lines[6].startswith("      pagerduty of oncall: group {")
    assert lines[8] == "      slack of chat: text matches /for \\d+ minutes/, 0 attempts refused"


def test_receivers_have_a_line_each() -> None:
    """After the drills stands what each receiver got, by integration, and how long that took."""
    lines = [line.rstrip() for line in _print(build_paging_record())]
    (mail,) = [line for line in lines if line.startswith("mail email")]
    assert mail.split(maxsplit=5)[2:] == [
        "1", "1", "3", "9:00/9.00 s, max 9:00/9.00 s  0:50/0.83 s, max 0:50/0.83 s",
    ]  # fmt: skip
    narrow = [line.rstrip() for line in _print(build_paging_record(), width=80)]
    assert "oncall pagerduty       3       3        0  0:36, max 1:00  0:48, max 1:00" in narrow
    assert not any("firing to page" in line for line in _print(build_record()))


def test_receivers_are_bounded() -> None:
    """Of many receivers twenty have a line, and it is said how many have none."""
    record = build_paging_record()
    notifications = tuple(notify(number, number, receiver=f"r{number:02}") for number in range(1, 24))
    timeline = replace(record.timeline, paging=PagingPath(notifications=notifications))
    lines = [line.rstrip() for line in _print(replace(record, timeline=timeline))]
    assert sum(line.startswith("r") and "pagerduty" in line for line in lines) == 20
    assert "and 3 more" in lines


def test_troubles_are_said_if_not_all_is_met() -> None:
    """What went wrong on the way is said when a drill failed, and not when receivers failed on purpose."""
    record = build_paging_record()
    assert f"! {TROUBLES[0]}" in _print(record)
    met = replace(record, verdicts=tuple(one for one in record.verdicts if one.outcome == "met"))
    assert not any(line.startswith("!") for line in _print(met))


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("build", [build_record, build_paging_record])
def test_lines_fit(width: int, build: Callable[[], RunRecord]) -> None:
    """No line is longer than the terminal is wide."""
    assert max(map(len, _print(build(), width=width))) <= width


def test_plain_ascii_where_the_encoding_has_no_more() -> None:
    """A console that cannot write Unicode gets ASCII marks, and other characters as escapes."""
    finding = Finding(
        outcome="met", alert="É", labels={"l": "✓"}, expectation=None, observed={}, evidence="naïve"
    )
    record = build_record()
    record = replace(record, verdicts=(*record.verdicts, Verdict(drill="café", findings=(finding,))))
    lines = _print(record, encoding="ascii")
    assert lines[_line(lines, "metis-latency-fires")].startswith("+ metis")
    assert lines[_line(lines, "metis-auth-slow-scan")].startswith("x metis")
    assert lines[_line(lines, "caf\\xe9")].endswith('\\xc9{l="+"}')


def test_label_values_cannot_move_the_cursor_or_style_the_text() -> None:
    """Escape sequences and Rich markup in a label are shown, not obeyed."""
    finding = Finding(
        outcome="late",
        alert="A",
        labels={"l": "\x1b[2J[bold]x"},
        expectation=None,
        observed={},
        evidence="\x1b[1m",
    )
    lines = _print(replace(build_record(), verdicts=(Verdict(drill="d", findings=(finding,)),)))
    assert 'A{l="\\x1b[2J[bold]x"}' in lines[0]
    assert not any("\x1b" in line for line in lines)
