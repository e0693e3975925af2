r"""A provider that fails for a while: calls go to its fallbacks, and come back when it is well again.

    ALERTDRILL_CONTROLS=ollama=http://127.0.0.1:9103 ALERTDRILL_CONTROL_TOKEN=… \
        locust -f scenarios/provider_fallback.py --host http://127.0.0.1:8080 --prefix mana_llm

Only the one model fails, by its answers: its provider's port stays open. What a class of errors does differs.
Of `network` and `timeout` five in a row open the gateway's breaker, and the provider is left alone; after any
other the provider is tried again for each call, before its fallback is.
"""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from alertdrill.load.calls import read_calls
from alertdrill.load.errors import BadPlan
from alertdrill.load.fields import Fields
from alertdrill.load.options import Flag, offer_call_flags, offer_load_flags, read_call_options
from alertdrill.load.plan import MAX_S, BehaviourChange
from alertdrill.load.script import OrdinaryScript
from alertdrill.load.users import ScenarioUser

ERRORS = ("server_error", "rate_limit", "auth", "network", "timeout", "unknown")
"""The classes after which another provider is tried."""
UNAVAILABLE = frozenset({429, 500, 502, 503, 504})


class ProviderFallback(ScenarioUser):
    """Options: as steady's; failing, error, fail_at_s, fail_for_s, or else behaviour changes say it."""

    scenario = "provider_fallback"
    flags = (
        Flag(name="failing", default="ollama:gemma3:12b", help="the model that fails, provider:model"),
        Flag(name="error", default="server_error", help="how it fails", choices=ERRORS),
        Flag(name="fail-at-s", default=120.0, help="from when on, seconds (rule time) from the start"),
        Flag(name="fail-for-s", default=540.0, help="for how many seconds (rule time)"),
        Flag(name="prefix", default="", help="the gateway's prefix to go under; empty: none"),
        *offer_load_flags(rate=0.2, duration_s=900.0),
        *offer_call_flags(models="ollama:gemma3:12b"),
    )

    @classmethod
    def script(cls, fields: Fields) -> OrdinaryScript:
        """Send ordinary calls; that nobody answers is no failure of the test."""
        changes = _read_failure(fields) if fields.has("fail_at_s") else ()
        return OrdinaryScript(read_calls(fields), changes=changes, welcome=UNAVAILABLE)

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage with the failure in it."""
        return {
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "prefix": options.prefix or None,
            "options": {
                **read_call_options(options),
                "key": "",
                "failing": options.failing,
                "error": options.error,
                "fail_at_s": options.fail_at_s,
                "fail_for_s": options.fail_for_s,
            },
        }


def _read_failure(fields: Fields) -> tuple[BehaviourChange, BehaviourChange]:
    provider, _, model = fields.text("failing").partition(":")
    if not model:
        raise BadPlan(f"{fields.where}: failing must be provider:model")
    error = fields.text("error", of=ERRORS)
    fail_at_s = fields.number("fail_at_s", least=0, most=MAX_S)
    fail_for_s = fields.number("fail_for_s", least=0, most=MAX_S)
    return (
        BehaviourChange(
            at_s=fail_at_s,
            provider=provider,
            model=model,
            behaviour={"errors": {"class": error, "share": 1}},
        ),
        BehaviourChange(at_s=fail_at_s + fail_for_s, provider=provider, model=model, behaviour={}),
    )
