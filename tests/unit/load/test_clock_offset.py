"""How far two clocks are apart, from the messages between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertdrill.load.clock_offset import SAMPLES, ClockOffset

EPOCH_S = 1_700_000_000.0


def exchange(offset, *, at_s, ahead_s, there_s, back_s):
    """Send a message to a clock that is `ahead_s` ahead, and its answer back."""
    offset.note(sent_s=at_s, heard_s=at_s + there_s + ahead_s, answered_s=at_s + there_s + back_s)


@given(
    ahead_s=st.floats(-1e4, 1e4),
    ways=st.lists(st.tuples(st.floats(0.0005, 2), st.floats(0.0005, 2)), min_size=1, max_size=2 * SAMPLES),
)
def test_the_offset_is_known_to_a_round_trip(ahead_s, ways):
    """However uneven the ways there and back are, the error is at most the quickest exchange."""
    offset = ClockOffset()
    for there_s, back_s in ways:
        exchange(offset, at_s=EPOCH_S, ahead_s=ahead_s, there_s=there_s, back_s=back_s)
    quickest_s = min(there_s + back_s for there_s, back_s in ways[-SAMPLES:])
    # Half a microsecond is what a float has left of such an instant.
    assert abs(offset.s - ahead_s) <= quickest_s + 1e-6


def test_clocks_that_agree_are_left_alone():
    """The time that messages take is not taken for a difference."""
    offset = ClockOffset()
    exchange(offset, at_s=EPOCH_S, ahead_s=0.0, there_s=0.3, back_s=0.001)
    assert offset.s == 0.0


def test_nothing_is_known_before_the_first_message():
    """Then the clock is taken as it is."""
    assert ClockOffset().s == 0.0


def test_a_clock_that_drifts_is_followed():
    """Old messages do not count for ever."""
    offset = ClockOffset()
    exchange(offset, at_s=EPOCH_S, ahead_s=5.0, there_s=0.0001, back_s=0.0001)
    for _ in range(SAMPLES):
        exchange(offset, at_s=EPOCH_S, ahead_s=6.0, there_s=0.001, back_s=0.001)
    assert offset.s == pytest.approx(6.0, abs=0.01)
