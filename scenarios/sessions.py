"""Sessions: a client that opens one after another, asks, has tools run, has answers judged, and closes most.

    locust -f scenarios/sessions.py --host http://127.0.0.1:8080

Each arrival is the next request of the conversation at hand; while an answer is due, it only looks after the
session. Conversations alternate between a workspace with a default model and one without, in which similar
questions follow what was judged good. Every third session is left open and ends when it has been idle.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from alertdrill.load.conversations import Conversations
from alertdrill.load.fields import Fields
from alertdrill.load.options import Flag, offer_load_flags
from alertdrill.load.users import ScenarioUser

MAX_DAILY_REQUESTS = 1_000_000


class Sessions(ScenarioUser):
    """Options: key, workspace, the key's daily_requests; the models learned, default and judge."""

    scenario = "sessions"
    flags = (
        *offer_load_flags(rate=0.1, duration_s=1800.0),
        Flag(name="key", default="", help="id for the gateway key to issue; empty: a new one for each test"),
        Flag(name="learned", default="anthropic:claude-haiku-4-5", help="the model whose answers are judged"),
        Flag(name="default", default="ollama:phi4", help="the default model of the second workspace"),
        Flag(name="judge", default="openai:gpt-4o-mini", help="the model that judges"),
    )

    @classmethod
    def find_needs(cls, options: Mapping[str, Any]) -> str:  # noqa: ARG003 - as ScenarioUser.find_needs
        """Return which API is asked."""
        return "sessions (POST /v1/sessions)"

    @classmethod
    def script(cls, fields: Fields) -> Conversations:
        """Hold conversations."""
        limited = fields.has("daily_requests")
        return Conversations(
            key=(key := fields.text("key")),
            learned=fields.text("learned"),
            default=fields.text("default"),
            judge=fields.text("judge"),
            workspace=fields.text("workspace", key),
            daily_requests=fields.whole("daily_requests", least=1, most=MAX_DAILY_REQUESTS)
            if limited
            else None,
        )

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage."""
        return {
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "options": {
                "key": "",
                "learned": options.learned,
                "default": options.default,
                "judge": options.judge,
            },
        }
