r"""A model that hangs: some of its calls never end, and the executor ends them.

ALERTDRILL_CONTROLS=openrouter=http://127.0.0.1:9104 ALERTDRILL_CONTROL_TOKEN=… \
        locust -f scenarios/executor_timeouts.py --host http://127.0.0.1:8080

Until hang_for_s is over, every n-th call to the upstream model meets no answer.
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
from alertdrill.load.plan import MAX_S, BehaviourChange
from alertdrill.load.users import ScenarioUser

TIMED_OUT = 504
MAX_EVERY = 1_000_000


class ExecutorTimeouts(ScenarioUser):
    """Options of a load profile: as infer's, and upstream, hang_every, hang_at_s, hang_for_s.

    Without hang_at_s, the load profile's own behaviour changes say what hangs.
    """

    scenario = "executor_timeouts"
    flags = (
        Flag(name="upstream", default="openrouter:nova-pro", help="provider:model that computes the model"),
        Flag(name="hang-every", default=5, help="every how many-th call hangs"),
        Flag(name="hang-at-s", default=120.0, help="from when on, seconds (rule time) from the start"),
        Flag(name="hang-for-s", default=420.0, help="for how many seconds (rule time)"),
        *offer_load_flags(rate=0.2, duration_s=900.0),
        *offer_inference_flags(models="transcriber:v1"),
    )

    @classmethod
    def find_needs(cls, options: Mapping[str, Any]) -> str:  # noqa: ARG003 - as ScenarioUser.find_needs
        """Return which API is asked."""
        return "inference (POST /v1/infer)"

    @classmethod
    def script(cls, fields: Fields) -> InferScript:
        """Send requests; that some time out is no failure."""
        changes = _read_hanging(fields) if fields.has("hang_at_s") else ()
        return InferScript(read_inferences(fields), welcome=TIMED_OUT, changes=changes)

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage with the hanging in it."""
        return {
            "stages": [{"duration_s": options.duration_s, "rate_per_s": options.rate}],
            "options": {
                **read_inference_options(options),
                "upstream": options.upstream,
                "hang_every": options.hang_every,
                "hang_at_s": options.hang_at_s,
                "hang_for_s": options.hang_for_s,
            },
        }


def _read_hanging(fields: Fields) -> tuple[BehaviourChange, BehaviourChange]:
    provider, _, model = fields.text("upstream").partition(":")
    errors = {"class": "timeout", "every": fields.whole("hang_every", least=1, most=MAX_EVERY)}
    hang_at_s = fields.number("hang_at_s", least=0, most=MAX_S)
    hang_for_s = fields.number("hang_for_s", least=0, most=MAX_S)
    return (
        BehaviourChange(at_s=hang_at_s, provider=provider, model=model, behaviour={"errors": errors}),
        BehaviourChange(at_s=hang_at_s + hang_for_s, provider=provider, model=model, behaviour={}),
    )
