"""A run in short, as Markdown: for a pull request, a job's summary or a post in a chat.

What is not met comes first, then what could not be told; of what is met there is a number. Each drill says at
which hop it stopped and the command that repeats it. Lists and code only, no tables: Slack's `markdown` block
shows them too, and takes 12,000 characters (Slack's reference, "Markdown block"), GitHub's comments 65,536.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alertdrill.core.clock import format_s
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.core.wording import say_number, say_selector
from alertdrill.reports import (
    HOPS,
    LEFT_OUT,
    REPLAY,
    RunRecord,
    say_agreement,
    say_expected,
    say_hops,
    say_outcome,
    say_repeat,
)
from alertdrill.reports.markdown_text import bound, escape, show_code

MAX_CHARS = 12_000
MAX_DRILLS = 20
MAX_FINDINGS = 5
MAX_TEXT = 400
"""How much of one sentence is shown; an evidence quotes what servers said."""
MARKS = {0: "✅", 1: "❌", 3: "❔"}
TOO_LONG = "\nThe rest is left out: it is too long for a post. report.html has all of it."


def render(record: RunRecord) -> str:
    """Return the summary of a run, at most 12,000 characters of whole lines."""
    lines = [f"### {MARKS[record.exit_code]} alertdrill: {escape(say_outcome(record))}"]
    lines += [f"\n❔ {_say(doubt)}" for doubt in record.doubts[:MAX_FINDINGS]]
    lines += _list_drills(record, [one for one in record.verdicts if one.outcome == "unmet"], "❌", "unmet")
    untold = [one for one in record.verdicts if one.outcome != "unmet" and one.doubts]
    lines += _list_drills(record, untold, "❔", "not judged")
    lines += ["", *_say_others(record)]
    if left_out := record.notes.get(LEFT_OUT):
        lines += ["", f"Left out: {_say(left_out)}"]
    lines += ["", _say_run(record)]
    return bound("\n".join(lines), MAX_CHARS, TOO_LONG)


def _list_drills(record: RunRecord, verdicts: Sequence[Verdict], mark: str, word: str) -> Iterator[str]:
    """Yield what is wrong with drills, a paragraph each; of those that are too many, how many they are."""
    mark = "❔" if record.doubts else mark
    for verdict in verdicts[:MAX_DRILLS]:
        yield ""
        yield f"{mark} **{show_code(verdict.drill)}**"
        yield ""
        wrong = [one for one in verdict.findings if one.doubt or one.outcome not in {"met", "unobserved"}]
        for finding in wrong[:MAX_FINDINGS]:
            yield from _say_finding(finding)
        if len(wrong) > MAX_FINDINGS:
            yield f"- and {len(wrong) - MAX_FINDINGS} more of its expectations"
        if verdict.doubt:
            yield f"- {_say(verdict.doubt)}"
        if command := say_repeat(record, verdict):
            yield f"- repeat it: {show_code(command)}"
    if len(verdicts) > MAX_DRILLS:
        yield ""
        yield f"{mark} and {len(verdicts) - MAX_DRILLS} more drills {word}; report.html has them."


def _say_finding(finding: Finding) -> Iterator[str]:
    """Yield what is wrong with an expectation: where it stopped, what was seen there, what was expected."""
    alert = show_code(_cut(say_selector(finding.alert, finding.labels)))
    if finding.doubt:
        yield f"- {alert} could not be told: {_say(finding.doubt)}"
        return
    where = f"stopped at **{HOPS[finding.broke_at]}**, " if finding.broke_at else ""
    yield f"- {alert} {where}{finding.outcome}: {_say(finding.evidence)}"
    seen = ", ".join(say_hops(finding)) or "nothing"
    yield f"  - expected: {_say(say_expected(finding.expectation))}; seen: {escape(seen)}"


def _say_others(record: RunRecord) -> Iterator[str]:
    """Yield a line for the drills of which there is nothing to tell."""
    fine = [one for one in record.verdicts if one.outcome != "unmet" and not one.doubts]
    if not fine or record.doubts:
        return
    met = sum(one.outcome == "met" for one in fine)
    unseen = len(fine) - met
    said = [f"✅ {say_number(met, 'drill')} met"] if met else []
    if unseen:
        why = "a replay sees no pages" if record.timeline.mode == REPLAY else "not every hop could be seen"
        said.append(f"{say_number(unseen, 'drill')} as expected as far as was seen ({why})")
    yield ", ".join(said) + "."


def _say_run(record: RunRecord) -> str:
    timeline = record.timeline
    engines = ", ".join(f"{name} {version}" for name, version in sorted(timeline.engines.items()))
    facts = [
        f"{timeline.mode} at speed {timeline.speed:g}",
        f"{format_s(timeline.until_s)} of rule time in {format_s(record.wall_s)}",
        *([engines] if engines else []),
        *([say_agreement(record.agreement)] if record.agreement is not None else []),
    ]
    return f"{_say('; '.join(facts))}. Begun {record.started_at.replace(microsecond=0).isoformat()}."


def _say(text: str) -> str:
    return escape(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
