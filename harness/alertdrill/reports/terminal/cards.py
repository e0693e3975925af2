"""Draws a notification as its receiver would show it, as far as a terminal can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from alertdrill.core.card import Card, Part, Said
from alertdrill.core.markup import read_markup
from alertdrill.core.wording import printable

BAR = "▌"
MOST_CHARACTERS = 2000
MOST_PARTS = 5
MOST_FACTS = 20
_STYLES = {"bold": "bold", "italic": "italic", "strike": "strike", "code": "cyan"}


def draw_card(card: Card) -> RenderableType:
    """Return a card: a line of where it stands, and its parts beside bars of their colours."""
    lines: list[RenderableType] = [_head(card)]
    if card.lead.text:
        lines.append(_words(card.lead))
    lines += [
        _Beside(Group(*_list_lines(part)), part.colour)
        for part in card.parts[:MOST_PARTS]
        if not part.is_empty
    ]
    if len(card.parts) > MOST_PARTS:
        lines.append(Text(f"and {len(card.parts) - MOST_PARTS} more", style="dim"))
    return Group(*lines)


def _head(card: Card) -> Text:
    head = Text(printable(card.service), style="bold")
    for words, style in ((card.sender, "not bold"), (card.place, "not bold dim")):
        if words:
            head.append(f"  {printable(words)}", style=style)
    if card.badge:
        head.append(f"  [{printable(card.badge)}]", style="not bold yellow")
    return head


@dataclass(frozen=True, slots=True)
class _Beside:
    """Lines of text beside a bar of a colour."""

    lines: Group
    colour: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        bar = BAR if options.encoding.startswith("utf") else "|"
        style = Style(color=self.colour or None)
        for line in console.render_lines(self.lines, options.update(width=max(1, options.max_width - 2))):
            yield Segment(f"{bar} ", style)
            yield from line
            yield Segment.line()


def _list_lines(part: Part) -> Iterator[Text]:
    if part.lead.text:
        yield _words(part.lead)
    if part.title:
        yield Text(printable(part.title), style="bold")
    if part.text.text:
        yield _words(part.text)
    for fact in part.facts[:MOST_FACTS]:
        yield Text(f"{printable(fact.name)}: ", style="dim").append_text(_words(fact.said))
    for link in part.links:
        yield Text(f"[{printable(link.text)}]", style="underline")
    if part.footer:
        yield Text(printable(part.footer), style="dim")


def _words(said: Said) -> Text:
    text = Text()
    for words in read_markup(Said(text=said.text[:MOST_CHARACTERS], markup=said.markup)):
        style = " ".join(_STYLES[mark] for mark in sorted(words.marks))
        text.append(printable(words.text), style=style)
    return text
