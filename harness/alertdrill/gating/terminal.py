"""What `alertdrill gate` prints: each rule that changed, what that does in drills, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from alertdrill.core.wording import printable
from alertdrill.gating.bands import LEGEND, PLAIN
from alertdrill.gating.changes import RuleChange
from alertdrill.gating.evidence import Effect
from alertdrill.gating.gate import Gated
from alertdrill.gating.wording import (
    list_doubts,
    list_troubles,
    list_warnings,
    say_alarm,
    say_change,
    say_instants,
    say_total,
)
from alertdrill.reports.terminal.lines import Hanging

_STYLES = {"-": "red", "+": "green"}


class GateSummary:
    """Shows what a change did beside a commit."""

    def __init__(self, gated: Sequence[Gated], base: str) -> None:
        self._gated = tuple(gated)
        self._base = base

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        plain = PLAIN if options.ascii_only else {}
        for one in self._gated:
            yield from _show(one, plain)
        if any(any(effect.bands) for one in self._gated for effect in one.effects):
            yield Text(LEGEND.translate(plain), style="dim")
        yield Hanging(Text(f"Beside {printable(self._base)}: {say_total(self._gated)}", style="bold"))


def _show(gated: Gated, plain: Mapping[int, str]) -> Iterator[RenderableType]:
    yield from _show_troubles(gated)
    for change in gated.changes:
        yield from _show_change(change)
        for effect in gated.effects:
            if effect.alert in change.alerts:
                yield from _show_effect(effect, plain)
    for route in gated.routes:
        yield Text(f"{route.alert}: paged otherwise", style="bold")
        yield from _show_sides(" and ".join(route.before), " and ".join(route.after))
    if gated.sections:
        yield Text(f"The Alertmanager config says something else in {', '.join(gated.sections)}.")
    for told in gated.texts:
        said = f"{told.receiver} reads otherwise by {told.integration}, of {told.alert}"
        yield Text(printable(said), style="bold")
        for line in told.lines:
            yield _indent(Text(printable(line), style=_STYLES.get(line[:1], "dim")), 4)
    if gated.changes or gated.routes:
        yield Text()


def _show_troubles(gated: Gated) -> Iterator[RenderableType]:
    """Show first what is to be done: all below says why."""
    for trouble in list_troubles(gated):
        yield Hanging(Text(f"✗ {printable(trouble.text)}", style="red"), "  ")
    for said in list_warnings(gated):
        yield Hanging(Text(f"! {printable(said)}", style="yellow"), "  ")
    for said in list_doubts(gated):
        yield Hanging(Text(f"? {printable(said)}", style="yellow"), "  ")
    if gated.outcome not in {"untouched", "met"} and (gated.changes or gated.routes):
        yield Text()


def _show_change(change: RuleChange) -> Iterator[RenderableType]:
    yield Hanging(Text(f"{change.rule.source}: {printable(say_change(change))}", style="bold"))
    for field in change.fields:
        yield _indent(Text(f"{field.name}:"), 2)
        yield from _show_sides(field.before, field.after)


def _show_effect(effect: Effect, plain: Mapping[int, str]) -> Iterator[RenderableType]:
    said = printable(say_alarm(effect))
    before, after = (band.translate(plain) for band in effect.bands)
    if effect.is_changed:
        yield _indent(Text(said), 2)
        yield from _show_sides(say_instants(effect.before), say_instants(effect.after), (before, after))
    else:
        yield _indent(Text(f"{said}: as before, {say_instants(effect.after)}", style="dim"), 2)
        if after:
            yield _indent(Text(after, style="dim"), 6)


def _show_sides(before: str, after: str, bands: tuple[str, str] = ("", "")) -> Iterator[RenderableType]:
    for sign, text, style, band in (("-", before, "red", bands[0]), ("+", after, "green", bands[1])):
        yield _indent(Text(f"{sign} {printable(text) or 'not stated'}", style=style), 4)
        if band:
            yield _indent(Text(band, style=style), 6)


def _indent(text: Text, columns: int) -> Hanging:
    """Return a line further to the right; what does not fit on it goes on below its first word."""
    return Hanging(Text(" " * columns).append_text(text), " " * (columns + 2))
