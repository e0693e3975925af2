"""A client that goes on past its rate limit, whatever it is answered.

    locust -f scenarios/rate_limit_abuse.py --host http://127.0.0.1:8080 --requests-per-minute 6

The limit is set before the first call; only what comes under Gatewayz's prefix is held to it. A load profile
without requests_per_minute goes on past whatever limit the gateway has by itself.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from typing import Any

from alertdrill.load.calls import Calls, read_calls
from alertdrill.load.fields import Fields
from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.options import Flag, offer_call_flags, offer_load_flags, read_call_options
from alertdrill.load.script import OrdinaryScript, TimedAction
from alertdrill.load.users import ScenarioUser

RATE_LIMITED = 429
MAX_REQUESTS_PER_MINUTE = 1_000_000


class Abuse(OrdinaryScript):
    """Calls with a key whose rate is `requests_per_minute`; None for what the gateway itself limits it to."""

    def __init__(self, calls: Calls, *, requests_per_minute: int | None) -> None:
        super().__init__(calls, welcome=frozenset({RATE_LIMITED}))
        self._requests_per_minute = requests_per_minute
        if requests_per_minute is not None:
            self.needs = "accounts whose rate can be limited (requests_per_minute)"

    def actions(self, keyring: Keyring) -> Sequence[TimedAction]:
        """Set the limit; the account of a key that belongs to nobody is called as the key is."""
        if self._requests_per_minute is None:
            return ()
        limit = {"requests_per_minute": self._requests_per_minute}
        return [TimedAction(at_s=0, do=partial(keyring.put_account, key, limit)) for key in self.list_keys()]


class RateLimitAbuse(ScenarioUser):
    """Options of a load profile: as steady's, and requests_per_minute."""

    scenario = "rate_limit_abuse"
    flags = (
        Flag(name="requests-per-minute", default=6, help="the key's limit (rule time)"),
        *offer_load_flags(rate=0.2, duration_s=1200.0),
        *offer_call_flags(models="openrouter:ministral-8b"),
    )

    @classmethod
    def script(cls, fields: Fields) -> Abuse:
        """Send ordinary calls; that they are refused is no failure."""
        is_set = fields.has("requests_per_minute")
        limit = fields.whole("requests_per_minute", least=1, most=MAX_REQUESTS_PER_MINUTE) if is_set else None
        return Abuse(read_calls(fields), requests_per_minute=limit)

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage."""
        return {
            "prefix": "gatewayz",
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "options": {
                **read_call_options(options),
                "key": "",
                "requests_per_minute": options.requests_per_minute,
            },
        }
