"""Draws a notification as its receiver would show it: a card of HTML that runs nothing and loads nothing.

Texts are escaped, links lead to the web only, and the HTML of a mail is in a frame of its own, on white paper
as in a mail program: without scripts and forms (`sandbox`), and with a content security policy that lets it
ask for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from alertdrill.core.card import Card, Fact, Link, Part, Said
from alertdrill.core.markup import Words, is_web, read_markup
from alertdrill.core.wording import printable
from alertdrill.reports.html.mail import clean_mail

MOST_CHARACTERS = 4000
LONG_CHARACTERS = 60
"""A fact that is longer has a line of its own."""
MOST_PARTS = 5
MOST_FACTS = 20
MOST_PAGES_CHARACTERS = 256 * 1024
"""Mails beyond that are shown as text, so that the report stays small."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_ELEMENTS = {"bold": "b", "italic": "i", "strike": "s", "code": "code"}


class Paper:
    """How much of mails' HTML there is room for in a document, still."""

    def __init__(self) -> None:
        self._left = MOST_PAGES_CHARACTERS

    def has_room(self, card: Card) -> bool:
        """Tell whether a mail's HTML may be shown, and take the room for it if so."""
        if not card.page or len(card.page) > self._left:
            return False
        self._left -= len(card.page)
        return True


def draw_card(card: Card, paper: Paper) -> Iterator[str]:
    """Yield the HTML of a card."""
    yield '<div class="card">'
    yield f'<div class="card-head">{"".join(_head(card))}</div>'
    yield from _said("said", card.lead)
    if paper.has_room(card):
        yield _frame(card)
    else:
        for part in card.parts[:MOST_PARTS]:
            yield from () if part.is_empty else _part(part)
    if len(card.parts) > MOST_PARTS:
        yield f'<div class="muted small">and {len(card.parts) - MOST_PARTS} more</div>'
    yield "</div>"


def _head(card: Card) -> Iterator[str]:
    yield f'<span class="service">{_text(card.service)}</span>'
    if card.sender:
        yield f" <strong>{_text(card.sender)}</strong>"
    if card.place:
        yield f' <span class="muted">{_text(card.place)}</span>'
    if card.badge:
        yield f' <span class="badge">{_text(card.badge)}</span>'


def _part(part: Part) -> Iterator[str]:
    yield from _said("said", part.lead)
    bar = f' style="--bar: {escape(part.colour)}"' if part.colour else ""
    yield f'<div class="part"{bar}>'
    if part.title:
        yield f'<div class="part-title">{_link(Link(text=part.title, url=part.url))}</div>'
    yield from _said("said", part.text)
    yield from _facts(part.facts)
    if part.links:
        yield f'<div class="buttons">{" ".join(map(_link, part.links))}</div>'
    if part.footer:
        yield f'<div class="muted small">{_text(part.footer)}</div>'
    yield "</div>"


def _facts(facts: Sequence[Fact]) -> Iterator[str]:
    if not facts:
        return
    rows = "".join(
        f"<div{_span(fact)}><dt>{_text(fact.name)}</dt><dd>{_words(fact.said)}</dd></div>"
        for fact in facts[:MOST_FACTS]
    )
    more = f"<div><dt>and {len(facts) - MOST_FACTS} more</dt></div>" if len(facts) > MOST_FACTS else ""
    yield f'<dl class="card-facts">{rows}{more}</dl>'


def _span(fact: Fact) -> str:
    return ' class="long"' if len(fact.said.text) > LONG_CHARACTERS else ""


def _frame(card: Card) -> str:
    head = (
        f'<!doctype html><meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="color-scheme" content="light">'
    )
    return (
        f'<iframe class="mail" sandbox referrerpolicy="no-referrer" loading="lazy" '
        f'title="{_text(f"{card.service} of {card.sender}")}" '
        f'srcdoc="{_text(head + clean_mail(card.page))}"></iframe>'
    )


def _said(kind: str, said: Said) -> Iterator[str]:
    if said.text:
        yield f'<div class="{kind}">{_words(said)}</div>'


def _words(said: Said) -> str:
    text = said.text if len(said.text) <= MOST_CHARACTERS else f"{said.text[:MOST_CHARACTERS]}…"
    return "".join(map(_mark, read_markup(Said(text=text, markup=said.markup))))


def _mark(words: Words) -> str:
    marked = _text(words.text)
    for mark, element in _ELEMENTS.items():
        if mark in words.marks:
            marked = f"<{element}>{marked}</{element}>"
    return f"{_open(words.url)}{marked}</a>" if words.url else marked


def _link(link: Link) -> str:
    return f"{_open(link.url)}{_text(link.text)}</a>" if is_web(link.url) else _text(link.text)


def _open(url: str) -> str:
    return f'<a href="{_text(url)}" rel="noopener noreferrer" target="_blank">'


def _text(text: str) -> str:
    return escape(printable(text))
