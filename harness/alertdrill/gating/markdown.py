"""A change as Markdown, for the pull request that it is reviewed in. Pure.

GitHub takes 65,536 characters in a comment and 1 MiB in a job's summary; what is too much is left out, and
that is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from alertdrill.reports.markdown_text import bound, escape, show_block, show_code, tabulate

MAX_CHARS = 60_000
MARKS: dict[Outcome, str] = {"untouched": "✅", "met": "✅", "unmet": "❌", "could not tell": "❔"}
TOO_LONG = "\nThe rest is left out: it is too long for a comment. The gate's own output has all of it."


def render_markdown(gated: Sequence[Gated], base: str) -> str:
    """Return what a change did beside a commit."""
    lines = [f"### {MARKS[decide(gated)]} Alert gate, beside `{base}`", "", f"{say_total(tuple(gated))}.", ""]
    lines += [line for one in gated for line in _write(one)]
    return bound("\n".join(lines), MAX_CHARS, TOO_LONG)


def _write(gated: Gated) -> Iterator[str]:
    for trouble in list_troubles(gated):
        where = f" (`{trouble.source}`)" if trouble.source else ""
        yield f"- ❌ {escape(trouble.text)}{where}"
    yield from (f"- ❔ {escape(said)}" for said in list_doubts(gated))
    yield from (f"- ⚠️ {escape(said)}" for said in list_warnings(gated))
    if gated.fallen or gated.linted or gated.outcome not in {"untouched", "met"}:
        yield ""
    for change in gated.changes:
        yield f"#### {escape(say_change(change))} (`{change.rule.source}`)"
        yield ""
        if change.fields:
            yield from tabulate(
                ("field", "before", "after"),
                [(one.name, _code(one.before), _code(one.after)) for one in change.fields],
            )
        yield from _write_effects(gated, change)
    if gated.routes:
        yield "#### Paged otherwise"
        yield ""
        yield from tabulate(
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
        yield f"#### {escape(said)}"
        yield ""
        yield from show_block(change.lines, "diff")
        yield ""


def _write_effects(gated: Gated, change: RuleChange) -> Iterator[str]:
    effects = [effect for effect in gated.effects if effect.alert in change.alerts]
    if effects:
        yield from tabulate(
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


def _code(text: str) -> str:
    return show_code(text) if text else "not stated"
