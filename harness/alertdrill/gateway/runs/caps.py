"""How many runs a tenant may start and have in flight. Pure: `now_s` comes in."""

from __future__ import annotations

from alertdrill.gateway.runs.events import Cap
from alertdrill.gateway.runs.policies import Policy


class Tenant:
    """A tenant's runs in flight, and the bucket of tokens that new ones take from."""

    def __init__(self, policy: Policy, now_s: float) -> None:
        self.policy = policy
        self.in_flight = 0
        self._tokens = float(policy.burst)
        self._filled_s = now_s

    def start(self, now_s: float) -> Cap | None:
        """Count a run as in flight, or return the cap that forbids it.

        A run that there is no room for takes no token: it is not what the rate is for.
        """
        if self.in_flight >= self.policy.concurrent_runs:
            return "concurrent"
        refilled = (now_s - self._filled_s) * self.policy.runs_per_minute / 60
        self._tokens = min(float(self.policy.burst), self._tokens + refilled)
        self._filled_s = now_s
        if self._tokens < 1:
            return "rate"
        self._tokens -= 1
        self.in_flight += 1
        return None

    def end(self) -> None:
        """Count a run as over."""
        self.in_flight -= 1
