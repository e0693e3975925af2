"""Notifications as cards: what strangers wrote stays text, and leads to the web only.

That it runs nothing when it is drawn, test_html_in_browser.py sees.
"""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from alertdrill.core.card import Card, Fact, Link, Part, Said
from alertdrill.reports.html import cards
from alertdrill.reports.html.cards import Paper, describe_card
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


def test_what_strangers_wrote_is_text() -> None:
    """Wherever it stands, by whichever markup, all of it is there as text, and links lead to the web only."""
    card = describe_card(EVERYWHERE, Paper())
    assert [card[name] for name in ("service", "sender", "place", "badge")] == [NASTY] * 4
    (part,) = card["parts"]
    assert part["title"] == [NASTY, f"https://x.example/{NASTY}"]
    assert part["links"] == [[NASTY]], "javascript: is no link"
    assert "".join(words[0] for words in part["facts"][0][1]) == NASTY
    for words in (*card["lead"], *part["lead"], *part["text"]):
        assert set(words[1]) <= {"bold", "italic", "strike", "code"}
        assert all(url.startswith(("http://", "https://")) for url in words[2:])


def test_a_mail_is_written_anew() -> None:
    """What the script puts into a frame has nothing that runs or loads, and stands in place of the parts."""
    card = describe_card(Card(service="E-mail", page=NASTY, parts=[Part(title="text")]), Paper())
    assert card["mail"] == "</div>&quot;&#x27;"
    assert "parts" not in card


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
    assert "mail" in describe_card(mail, paper)
    second = describe_card(mail, paper)
    assert "mail" not in second
    assert second["parts"] == [{"title": ["text"]}]


def test_a_very_long_card_is_cut() -> None:
    """Parts, facts and texts beyond what a person reads are counted."""
    part = Part(facts=[Fact(name=f"f{number}", said=Said(text="x")) for number in range(30)])
    card = describe_card(Card(service="S", parts=[part] * 8, lead=Said(text="y" * 5000)), Paper())
    assert card["more"] == 3
    assert {(len(one["facts"]), one["more"]) for one in card["parts"]} == {(20, 10)}
    assert card["lead"] == [["y" * cards.MOST_CHARACTERS + "…", []]]
