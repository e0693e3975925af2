"""report.md: a run in short, for a pull request or a chat."""

from __future__ import annotations

from dataclasses import replace

from support.report_records import build_record

from alertdrill.core.verdict import Finding, Verdict
from alertdrill.reports import LEFT_OUT, RunRecord, markdown
from alertdrill.reports.markdown import MAX_TEXT

REPEAT = ("alertdrill", "run", "DRILL", "--speed", "60")


def render(**changes: object) -> str:
    """Return the summary of a run that was typed, with some of it changed."""
    record: RunRecord = replace(build_record(), repeat=REPEAT, **changes)  # type: ignore[arg-type]
    return markdown.render(record)


def blame(drill: str, text: str, findings: int = 1) -> Verdict:
    """Return a drill that is not met, with texts that somebody else wrote."""
    finding = Finding(
        outcome="missing",
        alert="A",
        labels={"l": text},
        expectation=None,
        observed={},
        evidence=text,
        broke_at="paged",
    )
    return Verdict(drill=drill, findings=(finding,) * findings)


def test_what_is_not_met_comes_before_what_is() -> None:
    """The first line has the verdict, then come the unmet drills, and one line for all that are met."""
    lines = render().splitlines()
    assert lines[0] == "### ❌ alertdrill: 3 of 18 drills not met"
    marked = [line for line in lines if line[:1] in "❌❔✅" and line]
    assert [line[0] for line in marked] == ["❌", "❌", "❌", "✅"]
    assert marked[-1].startswith("✅ 14 drills met, 1 drill as expected as far as was seen")


def test_drills_that_were_left_out_are_named() -> None:
    """Without it, "all drills met" would be read as all that there are; of many the first are named."""
    assert "\nLeft out: pair: it wants a cluster\n" in render(notes={LEFT_OUT: "pair: it wants a cluster"})
    (line,) = [one for one in render(notes={LEFT_OUT: "a, " * 999}).splitlines() if "Left out" in one]
    assert (len(line), line[-1]) == (MAX_TEXT + len("Left out: "), "…")
    assert "Left out" not in render()


def test_an_unmet_drill_says_where_it_stopped_and_how_it_is_repeated() -> None:
    """The hop, what was seen there, what was expected, and a command that can be typed."""
    lines = render().splitlines()
    at = lines.index("❌ **`metis-latency-two-models`**")
    assert lines[at + 2 : at + 5] == [
        '- `MetisLLMCallLatencyP99High{provider="openai", model="gpt-4.1-mini"}` stopped at **resolved**, '
        "late: resolved at 18:30, after 15:00",
        "  - expected: fires between 1:00 and 20:00, pages metis-ticket, resolves by 15:00; seen: pending "
        "2:45, firing 7:45, paged 8:26, resolved 18:30, page closed 19:22",
        "- repeat it: `alertdrill run metis-latency-two-models --speed 60`",
    ]


def test_an_unexpected_alert_is_repeated_with_all_drills() -> None:
    """No drill of its own is there to name."""
    assert "- repeat it: `alertdrill run --speed 60`" in render(verdicts=(blame("(unasked)", "fired"),))


def test_a_doubted_run_calls_no_drill_met_or_unmet() -> None:
    """It says why no verdict can be trusted, and each drill has a question mark."""
    said = render(doubts=("scrapes came late",))
    assert said.startswith("### ❔ alertdrill: No verdict can be trusted\n\n❔ scrapes came late\n")
    assert "✅" not in said
    assert "❌" not in said


def test_what_could_not_be_told_has_its_doubt() -> None:
    """It follows what is not met, and is counted neither as met nor as unmet."""
    said = render(verdicts=(Verdict(drill="quiet", findings=(), doubt="the gateway stalled"),))
    assert said.startswith("### ❔ alertdrill: 1 of 1 drills could not be judged\n")
    assert "❔ **`quiet`**\n\n- the gateway stalled\n" in said


def test_it_fits_a_post() -> None:
    """Two thousand unmet drills with long texts are 12,000 characters, whole lines, and a number."""
    many = tuple(blame(f"drill-{number}", "why " * 1000, findings=40) for number in range(2000))
    for verdicts in (many, tuple(blame(one.drill, "why") for one in many)):
        said = render(verdicts=verdicts)
        assert len(said) <= 12_000
        assert "2000 of 2000 drills not met" in said
        assert "and 1980 more drills unmet" in said or said.endswith("report.html has all of it.\n")


def test_hostile_text_stays_text() -> None:
    """No markup, mention, line or control character of a label or an evidence does anything."""
    nasty = "`**x** @here <!channel>\n# [a](http://b) \x1b[31m"
    said = render(verdicts=(blame("d`d", nasty),))
    assert "\x1b" not in said
    assert "\n# " not in said
    assert r"\`\*\*x\*\* \@here \<!channel\> \# \[a\](http://b)" in said
    assert "**`` d`d ``**" in said
