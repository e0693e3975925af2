"""Embeddings: clients that ask for the embedding of a text, one after another.

locust -f scenarios/embeddings.py --host http://127.0.0.1:8080 --models openai:text-embedding-3-small
"""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from alertdrill.load.calls import read_calls
from alertdrill.load.fields import Fields
from alertdrill.load.options import offer_embedding_flags, offer_load_flags, read_embedding_options
from alertdrill.load.script import OrdinaryScript
from alertdrill.load.users import ScenarioUser


class Embeddings(ScenarioUser):
    """Options of a load profile: models, key, prompt_chars."""

    scenario = "embeddings"
    flags = (*offer_load_flags(rate=1.0, duration_s=600.0), *offer_embedding_flags())

    @classmethod
    def script(cls, fields: Fields) -> OrdinaryScript:
        """Send calls for embeddings."""
        return OrdinaryScript(read_calls(fields, apis=("embeddings",)))

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage."""
        return {
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "options": {**read_embedding_options(options), "key": ""},
        }
