"""How a run and the replay of its recording agree, in every report."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console
from support.report_documents import describe
from support.report_records import build_record

from alertdrill.core.timeline import Event
from alertdrill.judging.replay_agreement import Agreement, compare
from alertdrill.reports import RunRecord, html, junit, say_agreement
from alertdrill.reports.terminal.summary import summary


def build_agreed(off_s: float) -> RunRecord:
    """Return a run whose first finding's alert fired `off_s` later in the replay."""
    record = build_record()
    verdict = next(
        verdict for verdict in record.verdicts if record.find_placement(verdict) and verdict.findings
    )
    finding = verdict.findings[0]
    placement = record.find_placement(verdict)
    assert placement is not None
    live = Event(at_s=placement.start_s + 60, kind="firing", alert=finding.alert, labels=finding.labels)
    replayed = replace(live, at_s=live.at_s + off_s)
    return replace(record, agreement=compare([live], [replayed], [], 9999.0))


def show(record: RunRecord) -> str:
    """Return what the terminal shows."""
    console = Console(file=io.StringIO(), width=200)
    console.print(summary(record))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_largest_difference_is_said_everywhere() -> None:
    """Terminal, page and XML say how many instants were compared and the largest difference."""
    record = build_agreed(12.5)
    words = "he replay agrees: 1 instants compared, the largest difference 12.5 s"
    for report in (show(record), html.render(record), junit.render(record)):
        assert words in report


def test_a_finding_shows_its_own_difference() -> None:
    """The page and the XML have the difference beside the finding that it is of."""
    record = build_agreed(-7.0)
    findings = [one for drill in describe(record)["drills"] for one in drill["findings"]]
    assert "firing -7.0 s" in {finding["replay"] for finding in findings}
    assert 'agreement" value="firing -7.0 s"' in junit.render(record)


def test_a_difference_of_nothing_has_no_minus() -> None:
    """A hair's breadth earlier is shown as no difference."""
    assert 'agreement" value="firing +0.0 s"' in junit.render(build_agreed(-0.01))


def test_disagreement_is_counted() -> None:
    """More than the bound is said to be disagreement."""
    agreement = build_agreed(31.0).agreement
    assert agreement is not None
    assert say_agreement(agreement) == "the replay disagrees in 1 of 1 instants compared"


def test_an_appended_tail_is_marked() -> None:
    """Terminal and page say that nothing was measured there."""
    record = replace(build_record(), appended=((600.0, 4200.0),))
    assert "A quiet tail of 1:00:00 was appended, in which nothing was measured." in show(record)
    assert "10:00 to 1:10:00: nothing was measured, a quiet tail" in html.render(record)


def test_nothing_to_compare_is_not_called_agreement() -> None:
    """A quiet run has no instant; what was not compared does not agree."""
    assert "agrees" not in say_agreement(Agreement(instants=()))
