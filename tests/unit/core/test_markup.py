"""The markup of chat services, as far as it changes how words look."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertdrill.core.card import Markup, Said
from alertdrill.core.markup import is_web, read_markup

MARKUPS: tuple[Markup, ...] = ("plain", "slack", "markdown", "html")


def show(text: str, markup: Markup) -> list[tuple[str, str]]:
    """Return each stretch of a text with what is special about it, in words."""
    return [
        (words.text, " ".join([*sorted(words.marks), words.url]).strip())
        for words in read_markup(Said(text=text, markup=markup))
    ]


@pytest.mark.parametrize(
    ("markup", "text", "shown"),
    [
        ("plain", "*a* <b>", [("*a* <b>", "")]),
        (
            "slack",
            "*a* &amp; _b_ ~c~ `d*e*`",
            [
                ("a", "bold"),
                (" & ", ""),
                ("b", "italic"),
                (" ", ""),
                ("c", "strike"),
                (" ", ""),
                ("d*e*", "code"),
            ],
        ),
        (
            "slack",
            "see <https://x.example/a?b=1&amp;c|the book>",
            [("see ", ""), ("the book", "https://x.example/a?b=1&c")],
        ),
        ("slack", "<javascript:alert(1)|x> 2*3*4", [("<javascript:alert(1)|x> 2*3*4", "")]),
        ("slack", "```\na *b*\n```", [("a *b*\n", "code")]),
        (
            "markdown",
            "**a** *b* ~~c~~ \\*d\\*",
            [
                ("a", "bold"),
                (" ", ""),
                ("b", "italic"),
                (" ", ""),
                ("c", "strike"),
                (" ", ""),
                ("*", ""),
                ("d", ""),
                ("*", ""),
            ],
        ),
        (
            "markdown",
            "#### a\n[b](https://x.example/) [c](javascript:d)",
            [("a", "bold"), ("\n", ""), ("b", "https://x.example/"), (" ", ""), ("[c](javascript:d)", "")],
        ),
        ("markdown", "snake_case_name 2 * 3 * 4", [("snake_case_name 2 * 3 * 4", "")]),
        (
            "html",
            "<b>a &lt; <i>b</i></b><a href='https://x.example/'>c</a>",
            [("a < ", "bold"), ("b", "bold italic"), ("c", "https://x.example/")],
        ),
        ("html", "<a href='javascript:d'>c</a><span>e", [("c", ""), ("e", "")]),
    ],
)
def test_words_look_as_their_service_shows_them(
    markup: Markup, text: str, shown: list[tuple[str, str]]
) -> None:
    """Marks are taken for what they are, in names and in products too, and only the web is linked to."""
    assert show(text, markup) == shown


@given(text=st.text(alphabet="*_~`<>[]()|#\\&;a1 \n:/ht", max_size=60), markup=st.sampled_from(MARKUPS))
def test_any_text_can_be_read(text: str, markup: Markup) -> None:
    """What is malformed is text; a link is one of the web."""
    words = read_markup(Said(text=text, markup=markup))
    assert all(is_web(one.url) for one in words if one.url)
    if not set(text) & set("*_~`<>[]()#\\&"):
        assert "".join(one.text for one in words) == text
