"""A burst: steady traffic that rises to a high rate in the middle and falls back.

locust -f scenarios/burst.py --host http://127.0.0.1:8080
"""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from alertdrill.load.calls import read_calls
from alertdrill.load.fields import Fields
from alertdrill.load.options import Flag, offer_arrival_flags, offer_call_flags, read_call_options
from alertdrill.load.script import OrdinaryScript
from alertdrill.load.users import ScenarioUser


class Burst(ScenarioUser):
    """Options of a load profile: as steady's; the burst is in its stages."""

    scenario = "burst"
    flags = (
        Flag(name="rate", default=0.5, help="requests a second (rule time) before and after the burst"),
        Flag(name="base-s", default=300.0, help="seconds (rule time) before and after the burst, each"),
        Flag(name="burst-rate", default=10.0, help="requests a second (rule time) in the burst"),
        Flag(name="burst-s", default=120.0, help="seconds (rule time) of the burst"),
        *offer_arrival_flags(),
        *offer_call_flags(),
    )

    @classmethod
    def script(cls, fields: Fields) -> OrdinaryScript:
        """Send ordinary calls."""
        return OrdinaryScript(read_calls(fields))

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return three stages: base, burst, base."""
        base = {"duration_s": options.base_s, "rate_per_s": options.rate}
        burst = {"duration_s": options.burst_s, "rate_per_s": options.burst_rate}
        return {"stages": [base, burst, base], "options": {**read_call_options(options), "key": ""}}
