"""The breaker of one provider, with the clock in hand."""

from __future__ import annotations

import pytest

from alertdrill.gateway.health import FAILURES_TO_COOL, Health
from alertdrill.gateway.limits import DEFAULTS


def attempt(health: Health, now_s: float, status: str) -> bool:
    """Make one call that ends at once; return whether it was the probe."""
    probe = health.begin("openai", now_s)
    health.end("openai", now_s, status=status, probe=probe)
    return probe


def cool_down(now_s: float = 0.0) -> Health:
    """Return the health of providers of which openai has just been given up."""
    health = Health(["openai", "ollama"])
    for _ in range(FAILURES_TO_COOL):
        attempt(health, now_s, "network")
    return health


@pytest.mark.parametrize("status", ["network", "timeout"])
def test_five_unreachable_calls_in_a_row_cool_down(status):
    """The fifth failure to reach a provider makes it unavailable, the fourth does not."""
    health = Health(["openai"])
    for _ in range(4):
        attempt(health, 0, status)
    assert health.is_available("openai", 0)
    attempt(health, 0, status)
    assert not health.is_available("openai", DEFAULTS.cooldown_s - 0.1)


@pytest.mark.parametrize("status", ["ok", "server_error", "rate_limit", "auth", "unknown"])
def test_any_answer_starts_the_count_again(status):
    """A provider that answers, if only with an error, is reachable."""
    health = Health(["openai"])
    for _ in range(4):
        attempt(health, 0, "network")
    attempt(health, 0, status)
    for _ in range(4):
        attempt(health, 0, "network")
    assert health.is_available("openai", 0)


def test_one_provider_does_not_cool_another():
    """Each provider has its own breaker."""
    assert cool_down().is_available("ollama", 0)


def test_one_probe_is_let_through_after_the_cooldown():
    """While a probe is under way the provider stays unavailable to others."""
    health = cool_down()
    assert health.is_available("openai", DEFAULTS.cooldown_s)
    assert health.begin("openai", DEFAULTS.cooldown_s)
    assert not health.is_available("openai", DEFAULTS.cooldown_s)
    assert not health.begin("openai", DEFAULTS.cooldown_s)


def test_probe_that_is_answered_ends_the_cooldown():
    """After a good probe every call goes through, and five failures are needed again."""
    health = cool_down()
    assert attempt(health, DEFAULTS.cooldown_s, "ok")
    assert not attempt(health, DEFAULTS.cooldown_s, "network")
    assert health.is_available("openai", DEFAULTS.cooldown_s)


def test_probe_that_fails_starts_the_cooldown_again():
    """A failed probe costs another 30 s."""
    health = cool_down()
    attempt(health, 40, "timeout")
    assert not health.is_available("openai", 40 + DEFAULTS.cooldown_s - 0.1)
    assert health.is_available("openai", 40 + DEFAULTS.cooldown_s)


def test_abandoned_probe_makes_room_for_another():
    """A probe without an outcome does not shut the provider out for ever."""
    health = cool_down()
    health.abandon("openai", probe=health.begin("openai", DEFAULTS.cooldown_s))
    assert health.begin("openai", DEFAULTS.cooldown_s)


def test_last_resort_calls_do_not_put_the_probe_off():
    """Failures of calls that had nowhere else to go leave the cooldown as it was."""
    health = cool_down()
    attempt(health, DEFAULTS.cooldown_s - 1, "network")
    assert health.is_available("openai", DEFAULTS.cooldown_s)
