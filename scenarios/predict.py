"""Runs over the predict API: clients that start runs, and ask for their status, result and logs.

locust -f scenarios/predict.py --host http://127.0.0.1:8080 --steps 3
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from alertdrill.load.fields import Fields
from alertdrill.load.options import Flag, offer_load_flags, offer_run_flags, read_run_options
from alertdrill.load.predictions import ASKS, SUBJECTS, PredictScript, read_predictions
from alertdrill.load.users import ScenarioUser


class Predict(ScenarioUser):
    """Options of a load profile: models, key, steps, max_tokens, prompt_chars, asks, about.

    An arrival is a run, or the next of the `asks` that follow each run.
    """

    scenario = "predict"
    flags = (
        *offer_load_flags(rate=0.1, duration_s=600.0),
        *offer_run_flags(steps=2),
        Flag(
            name="asks",
            default="status,result,logs",
            help=f"what is asked after each run, with commas: {', '.join(ASKS)}, or repeat; empty: nothing",
        ),
        Flag(
            name="about",
            default="latest",
            help="which run is asked about: the latest, or the first that failed",
            choices=SUBJECTS,
        ),
    )

    @classmethod
    def find_needs(cls, options: Mapping[str, Any]) -> str:  # noqa: ARG003 - as ScenarioUser.find_needs
        """Return which API is asked."""
        return "runs (POST /v1/predict)"

    @classmethod
    def script(cls, fields: Fields) -> PredictScript:
        """Start runs and ask about them."""
        return PredictScript(read_predictions(fields))

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage."""
        asks = [ask.strip() for ask in options.asks.split(",") if ask.strip()]
        return {
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "options": {**read_run_options(options), "asks": asks or None, "about": options.about},
        }
