"""Notifications as a terminal shows them: as their receivers would, as far as it can."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from alertdrill.core.card import Card, Fact, Link, Part, Said
from alertdrill.reports.terminal.cards import draw_card

CARD = Card(
    service="Slack",
    sender="alertmanager",
    place="#ops",
    badge="urgent",
    lead=Said(text="look *here*", markup="slack"),
    parts=[
        Part(
            colour="#a30200",
            title="Slow",
            text=Said(
                text="it is slow, and has been so for longer than anybody likes\x1b[2J", markup="slack"
            ),
            facts=[Fact(name="zone", said=Said(text="b"))],
            links=[Link(text="Silence", url="https://am.example/")],
            footer="Alertmanager",
        ),
        Part(),
    ],
)


def draw(width: int, encoding: str = "utf-8", *, colours: bool = False) -> str:
    """Return what a terminal of this width is written."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    console = Console(
        file=file, width=width, force_terminal=colours, color_system="truecolor" if colours else None
    )
    console.print(draw_card(CARD))
    file.flush()
    file.seek(0)
    return file.read()


def test_a_card_stands_beside_its_bar() -> None:
    """Every line of a part, also where its text is wrapped; a part that shows nothing takes no line."""
    assert [line.rstrip() for line in draw(40).splitlines()] == [
        "Slack  alertmanager  #ops  [urgent]",
        "look here",
        "▌ Slow",
        "▌ it is slow, and has been so for longer",
        "▌ than anybody likes\\x1b[2J",
        "▌ zone: b",
        "▌ [Silence]",
        "▌ Alertmanager",
    ]


@pytest.mark.parametrize(("encoding", "bar"), [("utf-8", "▌"), ("ascii", "|")])
def test_the_bar_is_one_that_the_terminal_has(encoding: str, bar: str) -> None:
    """And has the colour that the receiver shows."""
    shown = draw(80, encoding, colours=True)
    assert f"\x1b[38;2;163;2;0m{bar} " in shown
    assert "\x1b[1mhere" in shown
