"""How a notification looks at its receiver: what stands where, in which colour, by which markup. Pure.

A kind of receiver makes a card of what its service was sent; reports draw it. What is in it strangers wrote:
whoever draws it takes texts as text, links only if they are the web's, and its page apart from all else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Markup = Literal["plain", "slack", "markdown", "html"]
"""What a service reads in a text: nothing, Slack's mrkdwn, Markdown, or a few tags of HTML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A text, and the markup that its service reads in it."""

    text: str = ""
    markup: Markup = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name with what is said under it: a field of an attachment, a detail of an incident."""

    name: str
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A button, or a link with words of its own."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One block of a card, beside a bar of its colour (`#rrggbb`, or empty); `url` is its title's."""

    colour: str = ""
    title: str = ""
    url: str = ""
    lead: Said = Said()
    text: Said = Said()
    facts: Sequence[Fact] = ()
    links: Sequence[Link] = ()
    footer: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show: of what only does something, such as a transition of an issue."""
        said = (self.title, self.lead.text, self.text.text, self.facts, self.links, self.footer)
        return not any(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A notification as its receiver would show it.

    `place` is where it stands (a channel, a mailbox, a queue), `badge` its urgency or state, `lead` what
    stands above its parts. `page` is the HTML document of a mail, which is shown in place of them.
    `is_titled` says that its service has a place for a title, in the first part.
    """

    service: str
    sender: str = ""
    place: str = ""
    badge: str = ""
    lead: Said = Said()
    parts: Sequence[Part] = ()
    page: str = ""
    is_titled: bool = False
