"""A change as Markdown, for the pull request that it is reviewed in. Pure.

GitHub takes 65,536 characters in a comment and 1 MiB in a job's summary; what is too much is left out, and
that is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alertdrill.core.wording import printable
from alertdrill.gating.bands import LEGEND
from alertdrill.gating.changes import RuleChange
from alertdrill.gating.gate import Gated, Outcome, decide
from alertdrill.gating.wording import (
    list_doubts,
    list_troubles,
    list_warnings,
    say_alarm,
    say_change,
    say_instants,
    say_total,
)

MAX_CHARS = 60_000
MARKS: dict[Outcome, str] = {"untouched": "✅", "met": "✅", "unmet": "❌", "could not tell": "❔"}
TOO_LONG = "\nThe rest is left out: it is too long for a comment. The gate's own output has all of it.\n"


def render_markdown(gated: Sequence[Gated], base: str) -> str:
    """Return what a change did beside a commit."""
    lines = [f"### {MARKS[decide(gated)]} Alert gate, beside `{base}`", "", f"{say_total(tuple(gated))}.", ""]
    lines += [line for one in gated for line in _write(one)]
    text = "\n".join(lines)
    if len(text) <= MAX_CHARS:
        return text + "\n"
    return text[: text.rindex("\n", 0, MAX_CHARS - len(TOO_LONG))] + "\n" + TOO_LONG


def _write(gated: Gated) -> Iterator[str]:
    for trouble in list_troubles(gated):
        where = f" (`{trouble.source}`)" if trouble.source else ""
        yield f"- ❌ {_escape(trouble.text)}{where}"
    yield from (f"- ❔ {_escape(said)}" for said in list_doubts(gated))
    yield from (f"- ⚠️ {_escape(said)}" for said in list_warnings(gated))
    if gated.fallen or gated.linted or gated.outcome not in {"untouched", "met"}:
        yield ""
    for change in gated.changes:
        yield f"#### {_escape(say_change(change))} (`{change.rule.source}`)"
        yield ""
        if change.fields:
            yield from _tabulate(
                ("field", "before", "after"),
                [(one.name, _code(one.before), _code(one.after)) for one in change.fields],
            )
        yield from _write_effects(gated, change)
    if gated.routes:
        yield "#### Paged otherwise"
        yield ""
        yield from _tabulate(
            ("alert", "before", "after"),
            [
                (one.alert, _code(" and ".join(one.before)), _code(" and ".join(one.after)))
                for one in gated.routes
            ],
        )
    yield from _write_texts(gated)
    if gated.sections:
        yield f"The Alertmanager config says something else in {', '.join(gated.sections)}."
        yield ""


def _write_texts(gated: Gated) -> Iterator[str]:
    for change in gated.texts:
        said = f"{change.receiver} reads otherwise by {change.integration}, of {change.alert}"
        fence = "`" * max(
            3, 1 + max((len(run) for line in change.lines for run in _list_runs(line)), default=0)
        )
        yield f"#### {_escape(said)}"
        yield ""
        yield f"{fence}diff"
        yield from map(printable, change.lines)
        yield fence
        yield ""


def _write_effects(gated: Gated, change: RuleChange) -> Iterator[str]:
    effects = [effect for effect in gated.effects if effect.alert in change.alerts]
    if effects:
        yield from _tabulate(
            ("drill and alarm", "before", "after"),
            [
                (
                    _code(say_alarm(one)),
                    say_instants(one.before) + _draw(one.bands[0]),
                    f"**{say_instants(one.after)}**{_draw(one.bands[1])}" if one.is_changed else "as before",
                )
                for one in effects
            ],
        )
        yield LEGEND
        yield ""


def _draw(band: str) -> str:
    """Return a band below what it shows."""
    return f"<br>`{band}`" if band else ""


def _tabulate(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def _code(text: str) -> str:
    """Return a text that is shown as it is, with as many backticks around it as it needs."""
    if not text:
        return "not stated"
    shown = printable(" ".join(text.split()))
    ticks = "`" * (1 + max((len(run) for run in _list_runs(shown)), default=0))
    space = " " if "`" in shown else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def _list_runs(text: str) -> Iterator[str]:
    return (run for run in "".join(char if char == "`" else " " for char in text).split())


def _escape(text: str) -> str:
    """Return a sentence in which nothing is markup, and nobody is mentioned."""
    shown = printable(" ".join(text.split()))
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|@" else char for char in shown)
