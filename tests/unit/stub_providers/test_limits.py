"""Rate limits count requests and tokens, fill up again, and refuse what is too much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stub_providers.behaviour import Asked, Behaviour, Engine
from stub_providers.limits import Buckets, Limits, Standing, Unit
from stub_providers.strikes import Next, OneError


def take(buckets: Buckets, now_s: float, tokens: int = 0) -> Standing:
    """Take a request that wants these tokens, half of them for its prompt."""
    return buckets.take(input_tokens=tokens // 2, output_tokens=tokens - tokens // 2, now_s=now_s)


def test_so_many_requests_are_let_through_at_once() -> None:
    """The next one is refused, and told when to try again; then it is let through."""
    buckets = Buckets(Limits(most={"requests": 3}, per_s=60.0), 0.0)
    assert [take(buckets, 0.0).refused_by for _ in range(4)] == [None, None, None, "requests"]
    refused = take(buckets, 5.0)
    assert (refused.refused_by, refused.retry_in_s) == ("requests", pytest.approx(15.0))
    assert take(buckets, 5.0 + refused.retry_in_s).refused_by is None


def test_tokens_are_counted() -> None:
    """What is left and when all is there again is said, after what was taken."""
    buckets = Buckets(Limits(most={"tokens": 600}), 0.0)
    quota = take(buckets, 0.0, tokens=150).quotas["tokens"]
    assert (quota.most, quota.left, quota.full_in_s) == (600, 450, pytest.approx(15.0))
    assert take(buckets, 0.0, tokens=451).refused_by == "tokens"
    assert take(buckets, 0.0, tokens=450).refused_by is None


def test_what_is_refused_takes_nothing() -> None:
    """Neither of the limit that refuses it nor of any other."""
    buckets = Buckets(Limits(most={"requests": 2, "tokens": 100}), 0.0)
    assert take(buckets, 0.0, tokens=101).refused_by == "tokens"
    assert take(buckets, 0.0, tokens=100).quotas["requests"].left == 1


@pytest.mark.parametrize(("unit", "tokens"), [("input_tokens", 24), ("output_tokens", 24)])
def test_prompts_and_answers_have_limits_of_their_own(unit: Unit, tokens: int) -> None:
    """Half of the tokens are those of the prompt."""
    buckets = Buckets(Limits(most={unit: 12}), 0.0)
    assert [take(buckets, 0.0, tokens=tokens).refused_by for _ in range(2)] == [None, unit]


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 50)), max_size=60), st.integers(1, 100))
def test_no_more_is_let_through_than_the_limit_allows(steps: list[tuple[float, int]], most: int) -> None:
    """A bucketful, and what comes in meanwhile."""
    buckets, now_s, taken = Buckets(Limits(most={"tokens": most}, per_s=10.0), 0.0), 0.0, 0
    for pause_s, tokens in steps:
        now_s += pause_s
        if take(buckets, now_s, tokens).refused_by is None:
            taken += tokens
        assert taken <= most * (1 + now_s / 10.0) + 0.01


def test_a_limit_refuses_before_an_error_strikes() -> None:
    """A call that is refused is a `rate_limit`, whatever error it would have met."""
    behaviour = Behaviour(
        limits=Limits(most={"requests": 1}), errors=OneError(error="server_error", when=Next(count=2))
    )
    engine = Engine("seed", behaviour)
    errors = [engine.decide(Asked(model="m"), now_s=0.0).error for _ in range(2)]
    assert errors == ["server_error", "rate_limit"]


def test_each_model_and_each_key_has_limits_of_its_own() -> None:
    """A key's go before a model's, and a behaviour that is told anew begins with full buckets."""
    one = Behaviour(limits=Limits(most={"requests": 1}))
    engine = Engine("seed")
    engine.tell("m", one)
    engine.tell_key("k", one)

    def ask(key: str) -> str | None:
        return engine.decide(Asked(model="m", key=key), now_s=0.0).error

    assert [ask(""), ask(""), ask("k"), ask("k")] == [None, "rate_limit", None, "rate_limit"]
    engine.tell_key("k", one)
    assert ask("k") is None
    assert engine.forget_key("k")
    assert ask("k") == "rate_limit"
    assert not engine.forget_key("k")


def test_times_are_those_of_the_client() -> None:
    """At 60 times the speed, a minute of rule time is a second of its own."""
    buckets = Buckets(Limits(most={"requests": 1}), 0.0)
    take(buckets, 0.0)
    standing = take(buckets, 0.0).at_speed(60.0)
    assert (standing.retry_in_s, standing.quotas["requests"].full_in_s) == (
        pytest.approx(1),
        pytest.approx(1),
    )
