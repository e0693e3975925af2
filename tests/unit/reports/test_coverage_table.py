"""Coverage as people see it: the table in a terminal, the summary's line, the section of the page."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console, RenderableType
from support.report_documents import describe
from support.report_records import build_record

from alertdrill.core.expectation import Delivery, Expectation
from alertdrill.reports import RunRecord
from alertdrill.reports.coverage import CoverageTable
from alertdrill.reports.terminal.summary import summary


def print_lines(renderable: RenderableType, width: int, encoding: str = "utf-8") -> list[str]:
    """Return what a console that is not a terminal would show."""
    buffer = io.BytesIO()
    console = Console(file=io.TextIOWrapper(buffer, encoding=encoding), width=width)
    console.print(renderable)
    console.file.flush()
    return [line.rstrip() for line in buffer.getvalue().decode(encoding).splitlines()]


def build_detailed() -> RunRecord:
    """Return the run with an alert without `for`, and a drill that names a receiver it has no verdict on."""
    record = build_record()
    first, *others = record.placements
    (expected,) = first.drill.expects
    assert isinstance(expected, Expectation)
    delivery = Delivery(receiver="<ops>", integration="slack")
    drill = replace(first.drill, expects=(replace(expected, deliveries=(delivery,)),))
    rules = (replace(record.rules[0], for_s=0.0), *record.rules[1:])
    return replace(record, placements=(replace(first, drill=drill), *others), rules=rules)


def test_each_alert_has_a_row_with_a_mark_for_each_hop() -> None:
    """Marks, receivers and the date stand below their headings."""
    lines = print_lines(CoverageTable(build_record().coverage), 160)
    assert lines[0].split("  ")[0] == "alert"
    row = next(line for line in lines if line.startswith("MetisGatewayKeyCostSpike"))
    assert " ".join(row.split()) == "MetisGatewayKeyCostSpike ✓ ✓ ✗ metis-ticket ✓ ✓ ✓ 2025-11-03 09:41"
    assert row.index("✗") == lines[0].index("paged")
    assert lines[-2] == "✓ proved  ✗ failed  ? unobserved  - not drilled"
    assert lines[-1] == "4 alerts: 21 of 24 proved, 3 failed"


def test_every_receiver_has_a_line_and_what_does_not_apply_is_blank() -> None:
    """Receivers of one alert stand below each other; an alert without `for` has nothing under pending."""
    lines = print_lines(CoverageTable(build_detailed().coverage), 160)
    place = next(index for index, line in enumerate(lines) if line.startswith("MetisLLMCallLatencyP99High"))
    cell = slice(lines[0].index("pending"), lines[0].index("fires"))
    assert not lines[place][cell].strip()
    assert "- <ops> by slack" in lines[place]
    assert "✓ metis-ticket" in lines[place + 1]


def test_a_narrow_console_gets_a_list() -> None:
    """Below the table's width nothing is broken within a word, and each claim still has its mark."""
    lines = print_lines(CoverageTable(build_record().coverage), 80)
    place = lines.index("MetisGatewayKeyCostSpike  last drilled 2025-11-03 09:41")
    assert lines[place + 1].split("  ")[2:] == [
        "✓ pending",
        "✓ fires",
        "✗ paged metis-ticket",
        "✓ resolved",
        "✓ page closed",
        "✓ near",
    ]
    assert max(map(len, lines)) <= 80


def test_a_console_without_unicode_gets_ascii() -> None:
    """The marks have counterparts."""
    lines = print_lines(CoverageTable(build_record().coverage), 160, "ascii")
    assert lines[-2] == "+ proved  x failed  ? unobserved  - not drilled"


def test_what_is_left_out_is_named() -> None:
    """Rules that are kept to prove what is wrong with them are named below the table, and in the page."""
    record = build_record()
    rules = (*record.rules, replace(record.rules[0], name="Old", labels={"edition": "as_written"}))
    record = replace(record, rules=rules)
    says = "Left out, since they prove what is wrong with them: Old."
    assert says in print_lines(CoverageTable(record.coverage), 160)
    assert describe(record)["matrix"]["left_out"] == ["Old"]


def test_the_paging_paths_own_alerts_stand_apart() -> None:
    """They come last, below a heading, in the table, in the list and in the page."""
    record = build_record()
    first, *others = record.rules
    record = replace(record, rules=(replace(first, labels={"edition": "paging"}), *others))
    for width in (80, 160):
        lines = print_lines(CoverageTable(record.coverage), width)
        place = lines.index("to drill the paging path")
        assert lines[place + 1].split()[0] == first.name
        assert lines[place - 1] == ""
        assert any("MetisGatewayKeyCostSpike" in line for line in lines[:place])
    rows = describe(record)["matrix"]["rows"]
    assert [row["alert"] for row in rows if row["note"]] == [first.name]


def test_the_summary_says_what_the_run_has_proved() -> None:
    """One line; a run without rules has none."""
    record = build_record()
    assert "Coverage of 4 alerts: 21 of 24 proved, 3 failed" in print_lines(summary(record), 120)
    assert not any("Coverage" in line for line in print_lines(summary(replace(record, rules=())), 120))


def test_the_page_has_the_matrix() -> None:
    """A row for each alert with a cell for each claim and its drills; what is not proved stands first."""
    matrix = describe(build_detailed())["matrix"]
    rows = {row["alert"]: row["cells"] for row in matrix["rows"]}
    assert matrix["hops"] == ["pending", "fires", "paged", "resolved", "page closed", "near miss"]
    assert matrix["counts"] == "20 of 24 proved, 3 failed, 1 not drilled"
    assert 0 not in {place for place, *_ in rows["MetisLLMCallLatencyP99High"]}, "it has no `for`"
    latency = [cell for cell in rows["MetisLLMCallLatencyP99High"] if cell[3] == "<ops> by slack"]
    assert [cell[:3] for cell in latency] == [[2, "none", "not drilled"]]
    (paged,) = [cell for cell in rows["MetisGatewayKeyCostSpike"] if cell[0] == 2]
    assert paged[1:4] == ["unmet", "failed", "metis-ticket"]
    assert paged[4]
    failed = [any(cell[1] == "unmet" for cell in row["cells"]) for row in matrix["rows"]]
    assert failed == sorted(failed, reverse=True)
    assert describe(replace(build_record(), rules=()))["matrix"]["rows"] == []
