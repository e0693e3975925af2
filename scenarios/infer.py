"""Inference at once: clients of versioned models, at one rate.

    locust -f scenarios/infer.py --host http://127.0.0.1:8080 --models summarizer:v1,classifier:v1

Whatever is not a success is a failure, but where `welcome` says which statuses are what the profile is after.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from alertdrill.load.fields import Fields
from alertdrill.load.inferences import (
    InferScript,
    offer_inference_flags,
    read_inference_options,
    read_inferences,
)
from alertdrill.load.options import Flag, offer_load_flags
from alertdrill.load.users import ScenarioUser


class Infer(ScenarioUser):
    """Options of a load profile: models, key, input_chars, and welcome, a status besides 200."""

    scenario = "infer"
    flags = (
        Flag(name="welcome", default=200, help="a status that is no failure, besides success"),
        *offer_load_flags(rate=0.5, duration_s=600.0),
        *offer_inference_flags(models="summarizer:v1,classifier:v1"),
    )

    @classmethod
    def find_needs(cls, options: Mapping[str, Any]) -> str:  # noqa: ARG003 - as ScenarioUser.find_needs
        """Return which API is asked."""
        return "inference (POST /v1/infer)"

    @classmethod
    def script(cls, fields: Fields) -> InferScript:
        """Send requests."""
        welcome = fields.whole("welcome", 200, least=200, most=599)
        return InferScript(read_inferences(fields), welcome=welcome)

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage."""
        return {
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "options": {**read_inference_options(options), "welcome": options.welcome},
        }
