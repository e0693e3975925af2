"""A notification as its receiver would show it, as data that the page's script draws. Pure.

Texts stay text, links lead to the web only, and the HTML of a mail is written anew (`mail.py`); the script
puts it in a frame of its own, on white paper as in a mail program: without scripts and forms (`sandbox`), and
with a content security policy that lets it ask for nothing.
"""

from __future__ import annotations

from typing import Any

from alertdrill.core.card import Card, Link, Part, Said
from alertdrill.core.markup import is_web, read_markup
from alertdrill.reports.html.mail import clean_mail

MOST_CHARACTERS = 4000
LONG_CHARACTERS = 60
"""A fact that is longer has a line of its own."""
MOST_PARTS = 5
MOST_FACTS = 20
MOST_PAGES_CHARACTERS = 256 * 1024
"""Mails beyond that are shown as text, so that the report stays small."""

Data = dict[str, Any]
Words = list[list[Any]]
"""Stretches of text: the text, its marks, and where it leads, if to the web."""


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


def describe_card(card: Card, paper: Paper) -> Data:
    """Return a card as the page's script draws it; what is empty is left out."""
    mail = clean_mail(card.page) if paper.has_room(card) else ""
    parts = [] if mail else [_part(part) for part in card.parts[:MOST_PARTS] if not part.is_empty]
    return _drop_empty(
        {
            "service": card.service,
            "sender": card.sender,
            "place": card.place,
            "badge": card.badge,
            "lead": _words(card.lead),
            "mail": mail,
            "parts": parts,
            "more": max(0, len(card.parts) - MOST_PARTS),
        }
    )


def cut(text: str) -> str:
    """Return a text as far as a reader reads it."""
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


def _part(part: Part) -> Data:
    return _drop_empty(
        {
            "colour": part.colour,
            "title": _link(Link(text=part.title, url=part.url)) if part.title else [],
            "lead": _words(part.lead),
            "text": _words(part.text),
            "facts": [
                [fact.name, _words(fact.said), len(fact.said.text) > LONG_CHARACTERS]
                for fact in part.facts[:MOST_FACTS]
            ],
            "more": max(0, len(part.facts) - MOST_FACTS),
            "links": [_link(link) for link in part.links],
            "footer": part.footer,
        }
    )


def _words(said: Said) -> Words:
    return [
        [words.text, sorted(words.marks), *([words.url] if is_web(words.url) else [])]
        for words in read_markup(Said(text=cut(said.text), markup=said.markup))
    ]


def _link(link: Link) -> list[str]:
    return [link.text, link.url] if is_web(link.url) else [link.text]


def _drop_empty(data: Data) -> Data:
    return {name: value for name, value in data.items() if value}
