"""Streaming: clients that read each answer as it comes, and are timed by its tokens.

locust -f scenarios/streaming.py --host http://127.0.0.1:8080
"""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from alertdrill.load.calls import read_calls
from alertdrill.load.fields import Fields
from alertdrill.load.options import offer_call_flags, offer_load_flags, read_call_options
from alertdrill.load.script import OrdinaryScript
from alertdrill.load.users import ScenarioUser


class Streaming(ScenarioUser):
    """Options of a load profile: as steady's; all answers are streamed unless stream_share says otherwise."""

    scenario = "streaming"
    flags = (*offer_load_flags(rate=1.0, duration_s=600.0), *offer_call_flags(stream_share=1.0))

    @classmethod
    def script(cls, fields: Fields) -> OrdinaryScript:
        """Send ordinary calls with streamed answers, of an API that has them."""
        return OrdinaryScript(read_calls(fields, apis=("chat", "messages"), stream_share=1.0))

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage."""
        return {
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "options": {**read_call_options(options), "key": ""},
        }
