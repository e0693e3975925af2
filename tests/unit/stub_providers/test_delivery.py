"""Which bytes of an answer are due when, with each flaw."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stub_providers.behaviour import Asked, Behaviour, Engine
from stub_providers.delivery import MAX_DRIPS, Delivery, plan_delivery
from stub_providers.distributions import Constant, Uniform
from stub_providers.flaws import Flaw, FlawKind, spoil
from stub_providers.pace import MAX_STREAMED_PIECES, gap_times_s
from stub_providers.strikes import Every

FRAMES, TIMES_S = (b"aaaa", b"bbbb", b"cccc"), (1.0, 2.0, 3.0)


def plan(kind: FlawKind, after: float = 0.5, **parts: float) -> Delivery:
    """Plan three frames of four bytes with a flaw."""
    flaw = Flaw(kind=kind, when=Every(every=1), after=after, **parts)
    return plan_delivery(FRAMES, TIMES_S, flaw)


def list_parts(delivery: Delivery) -> list[tuple[float, bytes]]:
    """Return what is sent when."""
    return [(part.at_s, part.data) for part in delivery.parts]


def test_without_a_flaw_each_frame_has_its_time() -> None:
    """Nothing is cut."""
    delivery = plan_delivery(FRAMES, TIMES_S, None)
    assert (list_parts(delivery), delivery.ending) == ([*zip(TIMES_S, FRAMES, strict=True)], "whole")


def test_a_stall_holds_up_the_rest() -> None:
    """Half of the bytes come in time, in the middle of a frame; the others later by its length."""
    delivery = plan("stall", for_s=30.0)
    assert list_parts(delivery) == [(1.0, b"aaaa"), (2.0, b"bb"), (32.0, b"bb"), (33.0, b"cccc")]


def test_a_drip_keeps_to_its_rate() -> None:
    """No byte sooner than the rate allows, and none before its own time."""
    delivery = plan("drip", after=0.0, bytes_per_s=2.0)
    assert list_parts(delivery)[:5] == [(1.5, b"a"), (2.0, b"a"), (2.5, b"a"), (3.0, b"a"), (3.5, b"b")]
    fast = plan("drip", after=0.0, bytes_per_s=1e9)
    assert [round(at_s, 3) for at_s, _ in list_parts(fast)] == [1.0] * 4 + [2.0] * 4 + [3.0] * 4


@pytest.mark.parametrize("kind", ["reset", "truncated"])
def test_what_breaks_off_ends_when_its_next_byte_was_due(kind: FlawKind) -> None:
    """And says how."""
    delivery = plan(kind)
    assert list_parts(delivery) == [(1.0, b"aaaa"), (2.0, b"bb"), (2.0, b"")]
    assert delivery.ending == kind


@given(
    frames=st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=9),
    kind=st.sampled_from(get_args(FlawKind)),
    after=st.floats(0, 1),
)
def test_what_is_sent_is_the_answer_or_its_beginning(
    frames: list[bytes], kind: FlawKind, after: float
) -> None:
    """In order, in few pieces, and nothing of it twice."""
    flaw = Flaw(kind=kind, when=Every(every=1), after=after, for_s=1.0, bytes_per_s=10.0)
    delivery = plan_delivery(frames, [float(number) for number in range(len(frames))], flaw)
    sent, whole = b"".join(part.data for part in delivery.parts), b"".join(frames)
    assert sent == (whole if delivery.ending == "whole" else whole[: round(len(whole) * after)])
    assert [part.at_s for part in delivery.parts] == sorted(part.at_s for part in delivery.parts)
    assert len(delivery.parts) <= MAX_DRIPS + 2 * len(frames)


@given(st.recursive(st.text(), lambda inner: st.dictionaries(st.text(), inner, min_size=1), max_leaves=5))
def test_no_client_can_read_what_is_malformed(answer: object) -> None:
    """Wherever its middle is: in a text, too."""
    with pytest.raises(json.JSONDecodeError):
        json.loads(spoil(json.dumps({"answer": answer}).encode()))


def test_tokens_come_at_their_own_times() -> None:
    """Each drawn anew, and the answer takes all of them."""
    behaviour = Behaviour(
        first_token=Constant(s=0.5), between_tokens=Uniform(low_s=0.1, high_s=0.3), completion_tokens=20
    )
    decision = Engine("seed", behaviour).decide(Asked(model="m"), now_s=0.0)
    assert len(decision.gaps_s) == 19
    assert len(set(decision.gaps_s)) == 19
    assert all(0.1 <= gap_s <= 0.3 for gap_s in decision.gaps_s)
    assert decision.latency_s == pytest.approx(0.5 + sum(decision.gaps_s))
    times_s = gap_times_s(0.5, decision.gaps_s, 20)
    assert (times_s[0], times_s[-1]) == (0.5, pytest.approx(decision.latency_s))


def test_a_long_answer_has_many_tokens_in_a_piece() -> None:
    """It takes as long as they do, and work stays bounded."""
    behaviour = Behaviour(between_tokens=Constant(s=0.01), completion_tokens=100_001)
    decision = Engine("seed", behaviour).decide(Asked(model="m"), now_s=0.0)
    assert len(decision.gaps_s) == MAX_STREAMED_PIECES - 1
    assert decision.latency_s == pytest.approx(0.3 + 1_000.0)


def test_fewer_pieces_than_tokens_end_with_the_last() -> None:
    """The first comes with the first token."""
    assert gap_times_s(1.0, (1.0, 1.0, 1.0, 1.0), 3) == (1.0, 3.0, 5.0)
    assert gap_times_s(1.0, (1.0, 1.0), 1) == (3.0,)


def test_embeddings_wait_for_no_tokens() -> None:
    """They take the latency."""
    behaviour = Behaviour(between_tokens=Constant(s=1.0))
    decision = Engine("seed", behaviour).decide(Asked(model="m", generates=False), now_s=0.0)
    assert (decision.latency_s, decision.gaps_s) == (1.0, ())
