"""Bands of what an alert does by time."""

from __future__ import annotations

import pytest

from alertdrill.gating.bands import COLUMNS, PLAIN, Span, draw_band, find_spans


def test_a_band_has_pending_before_firing() -> None:
    """A drill of twelve minutes has four columns a minute here."""
    spans = find_spans([("pending", 120, None), ("firing", 420, None), ("resolved", 600, None)], 720)
    assert draw_band(spans, 720) == "·" * 8 + "▒" * 20 + "█" * 12 + "·" * 8 + " 12:00"


def test_what_is_shorter_than_a_column_is_seen() -> None:
    """Firing is seen above the pending that it follows in the same column."""
    spans = find_spans([("pending", 100, None), ("firing", 101, None), ("resolved", 102, None)], 3600)
    assert draw_band(spans, 3600).count("█") == 1


def test_a_pending_that_never_fired_ends_when_it_ended() -> None:
    """No event says so; how long it was does."""
    assert find_spans([("pending", 60, 90)], 600) == (Span(state="pending", start_s=60, end_s=150),)


@pytest.mark.parametrize("at_s", [-300.0, 599.9])
def test_only_the_drill_is_drawn(at_s: float) -> None:
    """What began before the drill fires from its first column on, and what goes on fires to its last one."""
    band = draw_band(find_spans([("firing", at_s, None)], 600), 600)
    assert len(band) == COLUMNS + len(" 10:00")
    assert band[COLUMNS - 1] == "█"
    assert (band[0] == "█") == (at_s < 0)


def test_a_plain_terminal_has_plain_characters() -> None:
    """What a band says can be said in ASCII."""
    band = draw_band(find_spans([("pending", 60, None), ("firing", 120, None)], 600), 600)
    assert set(band.translate(PLAIN)) <= set(".:# 0123456789")
