"""The summary in a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from report_records import build_record
from rich.console import Console

from harness.model import Finding, Verdict
from harness.reports import RunRecord
from harness.reports.terminal import summary


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
        "    pending 2:45  firing 7:45  paged 8:26 → metis-ticket  resolved 18:30  page closed 19:22"
    )


def test_wide_terminal_has_a_line_per_expectation() -> None:
    """Where all fits, an expectation is one line."""
    lines = _print(build_record(), width=260)
    line = lines[_line(lines, "metis-latency-fires")]
    assert "pending 2:45" in line
    assert line.endswith("page closed 19:22")


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
    assert "paged 17:56  resolved" in lines[number + 1]
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
    assert lines[-1].startswith("No verdict can be trusted: ")


@pytest.mark.parametrize("width", [80, 120])
def test_lines_fit(width: int) -> None:
    """No line is longer than the terminal is wide."""
    assert max(map(len, _print(build_record(), width=width))) <= width


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
