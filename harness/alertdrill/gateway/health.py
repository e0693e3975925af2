"""Which providers are cooling down: a circuit breaker for each, in rule time. Pure: `now_s` comes in.

Five failures to reach a provider in a row, and it is left alone for the cooldown; then one probe is let
through, whose outcome decides. A provider that answers at all, even with an error, is reachable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alertdrill.core.error_classes import UNREACHABLE
from alertdrill.gateway.events import CallStatus
from alertdrill.gateway.limits import DEFAULTS

FAILURES_TO_COOL = 5


@dataclass(slots=True, kw_only=True)
class _Breaker:
    failures: int = 0
    cools_until_s: float | None = None
    probing: bool = False


class Health:
    """The state of every provider's breaker; ask `is_available`, then `begin`, then `end` or `abandon`."""

    def __init__(self, providers: Iterable[str], cooldown_s: float = DEFAULTS.cooldown_s) -> None:
        self._cooldown_s = cooldown_s
        self._breakers = {provider: _Breaker() for provider in providers}

    def is_available(self, provider: str, now_s: float) -> bool:
        """Return whether a call may go to it: not cooling down, or due for the one probe."""
        breaker = self._breakers[provider]
        if breaker.cools_until_s is None:
            return True
        return now_s >= breaker.cools_until_s and not breaker.probing

    def begin(self, provider: str, now_s: float) -> bool:
        """Note that a call goes to it; return whether that call is the probe."""
        breaker = self._breakers[provider]
        is_probe = breaker.cools_until_s is not None and self.is_available(provider, now_s)
        breaker.probing = breaker.probing or is_probe
        return is_probe

    def end(self, provider: str, now_s: float, *, status: CallStatus, probe: bool) -> None:
        """Note how a call ended."""
        breaker = self._breakers[provider]
        if probe:
            breaker.probing = False
        if status not in UNREACHABLE:
            breaker.failures, breaker.cools_until_s = 0, None
            return
        breaker.failures += 1
        starts = breaker.cools_until_s is None and breaker.failures >= FAILURES_TO_COOL
        # A call that went there because nothing else was left must not put the probe off.
        if starts or probe:
            breaker.cools_until_s = now_s + self._cooldown_s

    def abandon(self, provider: str, *, probe: bool) -> None:
        """Note that a call was given up without an outcome, so that another may be the probe."""
        if probe:
            self._breakers[provider].probing = False
