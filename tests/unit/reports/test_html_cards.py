"""Notifications as cards of HTML: what strangers wrote runs nothing, and asks for nothing."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from alertdrill.core.card import Card, Fact, Link, Part, Said
from alertdrill.reports.html import cards
from alertdrill.reports.html.cards import POLICY, Paper, draw_card
from alertdrill.reports.html.mail import clean_mail

NASTY = "</div><script>alert(1)</script><img src=http://x.invalid onerror=alert(1)>\"'"
EVERYWHERE = Card(
    service=NASTY,
    sender=NASTY,
    place=NASTY,
    badge=NASTY,
    lead=Said(text=NASTY, markup="slack"),
    parts=[
        Part(
            title=NASTY,
            url=f"https://x.example/{NASTY}",
            lead=Said(text=NASTY, markup="markdown"),
            text=Said(text=NASTY, markup="html"),
            facts=[Fact(name=NASTY, said=Said(text=NASTY))],
            links=[Link(text=NASTY, url="javascript:alert(1)")],
            footer=NASTY,
        )
    ],
)


class Reader(HTMLParser):
    """Collects the elements of a fragment."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(fragment)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))


def read(card: Card, paper: Paper | None = None) -> list[tuple[str, dict[str, str | None]]]:
    """Return the elements of a card."""
    return Reader("".join(draw_card(card, paper or Paper()))).elements


def test_what_strangers_wrote_is_text() -> None:
    """Wherever it stands, by whichever markup: no element of theirs, no handler, no link but to the web."""
    elements = read(EVERYWHERE)
    assert {tag for tag, _ in elements} <= {"div", "span", "strong", "dl", "dt", "dd", "a"}
    assert not any(name.startswith("on") for _, attrs in elements for name in attrs)
    links = [attrs for tag, attrs in elements if tag == "a"]
    assert [link["href"] for link in links] == [f"https://x.example/{NASTY}"]
    assert all(link["rel"] == "noopener noreferrer" for link in links)


def test_a_mail_is_in_a_frame_that_may_do_nothing() -> None:
    """No scripts, no forms, no navigation; its own policy stands before all that it says."""
    (frame,) = [attrs for tag, attrs in read(Card(service="E-mail", page=NASTY)) if tag == "iframe"]
    assert frame["sandbox"] is None
    document = frame["srcdoc"] or ""
    policy = re.search('content="([^"]*)"', document)
    assert policy is not None
    assert unescape(policy[1]) == POLICY == "default-src 'none'; style-src 'unsafe-inline'"
    assert policy.end() < document.index("</div>")


def test_of_a_mail_only_what_shows_words_is_kept() -> None:
    """Its looks stay; what runs, loads, leads somewhere or asks for input is not even there."""
    page = (
        '<html><head><title>t</title><meta http-equiv="refresh" content="0"><style>p { color: red }</style>'
        '<style>@import "x"</style><base href="x"></head><body bgcolor="#fff" onload="x"><script>x</script>'
        '<table width="100"><tr><td style="color: red" background="x"><a href="http://x.example/">see</a>'
        ' 1 &lt; 2</td><td style="background: url(x)"><img src="x" alt="logo"><form><input></form>'
        "</td></tr></table>"
    )
    assert clean_mail(page) == (
        '<style>p { color: red }</style><style></style><body bgcolor="#fff">'
        '<table width="100"><tr><td style="color: red"><a>see</a> 1 &lt; 2</td><td>logo</td></tr></table>'
    )


@given(page=st.text(alphabet="<>/=\"' abdefimnoprstuv&;!-(:@\\\\", max_size=80))
def test_a_clean_mail_is_clean(page: str) -> None:
    """Whatever it was, it has no element and no attribute but those that show words."""
    cleaned = clean_mail(page)
    for tag, attrs in Reader(cleaned).elements:
        assert tag not in {"script", "img", "iframe", "form", "link", "meta", "base", "object"}
        assert not any(name.startswith("on") or name in {"href", "src"} for name in attrs)


def test_a_report_has_room_for_so_many_mails() -> None:
    """The others are shown as text, so that a thousand mails are no heavy page."""
    mail = Card(
        service="E-mail", page="x" * (cards.MOST_PAGES_CHARACTERS // 2 + 1), parts=[Part(title="text")]
    )
    paper = Paper()
    assert "iframe" in {tag for tag, _ in read(mail, paper)}
    assert "iframe" not in {tag for tag, _ in read(mail, paper)}
    assert "text" in "".join(draw_card(mail, paper))


def test_a_very_long_card_is_cut() -> None:
    """Parts, facts and texts beyond what a person reads are counted."""
    part = Part(facts=[Fact(name=f"f{number}", said=Said(text="x")) for number in range(30)])
    drawn = "".join(draw_card(Card(service="S", parts=[part] * 8, lead=Said(text="y" * 5000)), Paper()))
    assert "and 10 more" in drawn
    assert "and 3 more" in drawn
    assert drawn.count("y") == cards.MOST_CHARACTERS
