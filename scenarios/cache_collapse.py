"""A cache that ceases to help: clients who asked the same few things begin to ask something new each time.

    locust -f scenarios/cache_collapse.py --host http://127.0.0.1:8080 --new-from 100 --new-until 300

Requests have temperature 0 and are not streamed, so their answers may be cached; only what comes through
Gatewayz's prefix is.
"""

from __future__ import annotations

import json
import math
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from alertdrill.load.arrivals import MAX_ARRIVALS
from alertdrill.load.calls import Calls, read_calls
from alertdrill.load.fields import Fields
from alertdrill.load.options import Flag, offer_call_flags, offer_load_flags, read_call_options
from alertdrill.load.script import OrdinaryScript, Request
from alertdrill.load.users import ScenarioUser

MAX_PROMPTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Novelty:
    """Which calls ask something new: `share` of those from number `first` up to `last`; 0 is the first call.

    All others take turns with `prompts` prompts.
    """

    prompts: int
    first: int
    last: int
    share: float

    def name_prompt(self, index: int) -> str:
        """Return what the `index`th call asks about."""
        is_new = math.floor((index + 1) * self.share) > math.floor(index * self.share)
        if self.first <= index < self.last and is_new:
            return f"new question {index}"
        return f"usual question {index % self.prompts}"


class Collapse(OrdinaryScript):
    """Calls whose answers may be cached."""

    def __init__(self, calls: Calls, novelty: Novelty) -> None:
        super().__init__(calls)
        self._novelty = novelty

    def request(self, index: int) -> Request:
        """Return a chat completion with temperature 0."""
        body = json.loads(self.calls.body(index))
        body |= {"temperature": 0, "stream": False}
        body["messages"] = [{"role": "user", "content": self._novelty.name_prompt(index)}]
        return Request(method="POST", path="/v1/chat/completions", body=json.dumps(body))


class CacheCollapse(ScenarioUser):
    """Options of a load profile: as steady's, and prompts, new_from, new_until, new_share."""

    scenario = "cache_collapse"
    flags = (
        Flag(name="prompts", default=5, help="how many different things are asked as a rule"),
        Flag(name="new-from", default=100, help="number of the first call that asks something new"),
        Flag(name="new-until", default=300, help="number of the call from which on all is as before"),
        Flag(name="new-share", default=1.0, help="share of the calls in between that ask something new"),
        *offer_load_flags(rate=0.25, duration_s=1600.0),
        *offer_call_flags(models="openrouter:ministral-3b"),
    )

    @classmethod
    def script(cls, fields: Fields) -> Collapse:
        """Send calls that may be cached."""
        novelty = Novelty(
            prompts=fields.whole("prompts", least=1, most=MAX_PROMPTS),
            first=fields.whole("new_from", least=0, most=MAX_ARRIVALS),
            last=fields.whole("new_until", least=0, most=MAX_ARRIVALS),
            share=fields.number("new_share", 1.0, least=0, most=1),
        )
        return Collapse(read_calls(fields, apis=("chat",)), novelty)

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage."""
        return {
            "prefix": "gatewayz",
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "options": {
                **read_call_options(options),
                "key": "",
                "prompts": options.prompts,
                "new_from": options.new_from,
                "new_until": options.new_until,
                "new_share": options.new_share,
            },
        }
