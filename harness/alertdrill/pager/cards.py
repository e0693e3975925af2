"""Cards for the pager's page: how each notification looks at its receiver, as JSON of texts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.core.card import Card, Part, Said
from alertdrill.core.markup import is_web, read_markup

MOST_CHARACTERS = 4000
MOST_PARTS = 5
MOST_FACTS = 20


def write_card(notification: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the card of a notification of the journal; None for one that says nothing.

    A text is a list of stretches that look the same, each with its words, marks and address. A mail has its
    text only.
    """
    if not notification["payload"]:
        return None
    card: Card = RECEIVER_KINDS[notification["integration"]].show(notification["payload"])
    return {
        "service": card.service,
        "sender": card.sender,
        "place": card.place,
        "badge": card.badge,
        "lead": _write(card.lead),
        "parts": [_write_part(part) for part in card.parts[:MOST_PARTS] if not part.is_empty],
    }


def _write_part(part: Part) -> dict[str, Any]:
    return {
        "colour": part.colour,
        "lead": _write(part.lead),
        "title": [[part.title, [], part.url if is_web(part.url) else ""]] if part.title else [],
        "text": _write(part.text),
        "facts": [[fact.name, _write(fact.said)] for fact in part.facts[:MOST_FACTS]],
        "links": [[link.text, [], link.url if is_web(link.url) else ""] for link in part.links],
        "footer": part.footer,
    }


def _write(said: Said) -> list[list[Any]]:
    cut = Said(text=said.text[:MOST_CHARACTERS], markup=said.markup)
    return [[words.text, sorted(words.marks), words.url] for words in read_markup(cut)]
