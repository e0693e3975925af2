r"""An outage: steady traffic at one provider, whose port is closed for a while and then opened again.

    ALERTDRILL_CONTROLS=openai=http://127.0.0.1:9101 ALERTDRILL_CONTROL_TOKEN=… \
        locust -f scenarios/outage.py --host http://127.0.0.1:8080

The port is opened again also when the test is stopped during the outage.
"""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from alertdrill.load.calls import read_calls
from alertdrill.load.fields import Fields
from alertdrill.load.options import Flag, offer_call_flags, offer_load_flags, read_call_options
from alertdrill.load.plan import MAX_S, BehaviourChange
from alertdrill.load.script import OrdinaryScript
from alertdrill.load.users import ScenarioUser

UNAVAILABLE = frozenset({500, 502, 503, 504})


class Outage(ScenarioUser):
    """Options: as steady's, and provider, down_at_s, down_for_s; without these, behaviour changes say it."""

    scenario = "outage"
    flags = (
        Flag(name="provider", default="openai", help="the provider that goes down"),
        Flag(
            name="down-at-s",
            default=120.0,
            help="when its port is closed, seconds (rule time) from the start",
        ),
        Flag(name="down-for-s", default=300.0, help="for how many seconds (rule time)"),
        *offer_load_flags(rate=1.0, duration_s=900.0),
        *offer_call_flags(models="openai:gpt-4o-mini"),
    )

    @classmethod
    def script(cls, fields: Fields) -> OrdinaryScript:
        """Send ordinary calls; that they fail while the provider is down is no failure."""
        changes = _read_outage(fields) if fields.has("down_at_s") else ()
        return OrdinaryScript(read_calls(fields), changes=changes, welcome=UNAVAILABLE)

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage with the outage in it."""
        return {
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "options": {
                **read_call_options(options),
                "key": "",
                "provider": options.provider,
                "down_at_s": options.down_at_s,
                "down_for_s": options.down_for_s,
            },
        }


def _read_outage(fields: Fields) -> tuple[BehaviourChange, BehaviourChange]:
    provider = fields.text("provider")
    down_at_s = fields.number("down_at_s", least=0, most=MAX_S)
    down_for_s = fields.number("down_for_s", least=0, most=MAX_S)
    return (
        BehaviourChange(at_s=down_at_s, provider=provider, model=None, behaviour={"listening": False}),
        BehaviourChange(
            at_s=down_at_s + down_for_s, provider=provider, model=None, behaviour={"listening": True}
        ),
    )
