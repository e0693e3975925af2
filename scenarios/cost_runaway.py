"""A runaway: one key spends far more than it should, with long answers of an expensive model.

    locust -f scenarios/cost_runaway.py --host http://127.0.0.1:8080 --usd-per-hour 30

What is spent: USD/hour = calls/s x 3600 x tokens x USD per million completion tokens / 1,000,000. With
openai:o3 at 8 USD per million and answers of 20,000 tokens a call costs 0.16 USD, so 30 USD/hour are
0.052 calls/s. Prompts come on top (100 tokens of o3 are 0.0002 USD). The stub providers answer with as
many tokens as they were told to, at most max_tokens.
"""

from __future__ import annotations

import logging
from argparse import Namespace
from typing import Any

from alertdrill.load.calls import read_calls
from alertdrill.load.errors import BadPlan
from alertdrill.load.fields import Fields
from alertdrill.load.options import Flag, offer_arrival_flags, offer_call_flags, read_call_options
from alertdrill.load.script import OrdinaryScript
from alertdrill.load.users import ScenarioUser

QUOTA_EXCEEDED = 429

logger = logging.getLogger(__name__)


class CostRunaway(ScenarioUser):
    """Options of a profile: as steady's; the spend is in max_tokens, models and the rate of its stages."""

    scenario = "cost_runaway"
    flags = (
        Flag(name="usd-per-hour", default=30.0, help="what the key spends, in USD per hour (rule time)"),
        Flag(name="usd-per-million", default=8.0, help="the model's price of a million completion tokens"),
        Flag(name="duration-s", default=3600.0, help="how long, in seconds (rule time)"),
        *offer_arrival_flags(),
        *offer_call_flags(models="openai:o3", max_tokens=20_000),
    )

    @classmethod
    def script(cls, fields: Fields) -> OrdinaryScript:
        """Send ordinary calls; that a quota ends the spending is no failure."""
        return OrdinaryScript(read_calls(fields), welcome=frozenset({QUOTA_EXCEEDED}))

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage, at the rate that spends what was asked for."""
        usd_per_call = options.max_tokens * options.usd_per_million / 1e6
        if not usd_per_call > 0:
            raise BadPlan("--max-tokens and --usd-per-million must be above 0")
        rate_per_s = options.usd_per_hour / 3600 / usd_per_call
        logger.info(f"{options.usd_per_hour:g} USD/hour: {rate_per_s:.4f} calls/s of {usd_per_call:.4f} USD")
        return {
            "stages": [{"duration_s": options.duration_s, "rate_per_s": rate_per_s}],
            "options": {**read_call_options(options), "key": ""},
        }
