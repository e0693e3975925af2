"""Steady traffic: healthy clients of several models, some of them streaming, at one rate.

locust -f scenarios/steady.py --host http://127.0.0.1:8080
"""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # Locust adds only the folder of this file

from scenarios.calls import read_calls
from scenarios.fields import Fields
from scenarios.options import offer_call_flags, offer_load_flags, read_call_options
from scenarios.script import OrdinaryScript
from scenarios.users import ScenarioUser


class Steady(ScenarioUser):
    """Options of an act: models, key, stream_share, max_tokens, prompt_chars."""

    scenario = "steady"
    flags = (*offer_load_flags(rate=1.0, duration_s=600.0), *offer_call_flags())

    @classmethod
    def script(cls, fields: Fields) -> OrdinaryScript:
        """Send ordinary calls."""
        return OrdinaryScript(read_calls(fields))

    @classmethod
    def act(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage."""
        return {
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "options": {**read_call_options(options), "key": ""},
        }
