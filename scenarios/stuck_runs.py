"""Stuck runs: a tenant fills its concurrency cap with runs that take long, and goes on asking for more.

    locust -f scenarios/stuck_runs.py --host http://127.0.0.1:8080 --runs 5 --steps 24 --step-s 90

A run of 24 steps of 90 s takes 36 minutes. While as many are in flight as the tenant may have, every further
one is refused with 429, which is no failure here.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from alertdrill.load.errors import BadPlan
from alertdrill.load.fields import Fields
from alertdrill.load.options import Flag, offer_arrival_flags, offer_run_flags, read_run_options
from alertdrill.load.plan import BehaviourChange
from alertdrill.load.predictions import PredictScript, read_predictions
from alertdrill.load.users import ScenarioUser

REFUSED = frozenset({429})
MAX_STEP_S = 110.0
"""The gateway gives a call up after 120 s."""


class StuckRuns(ScenarioUser):
    """Options: as predict's, and step_s, how long a step takes; without it, behaviour changes say it."""

    scenario = "stuck_runs"
    flags = (
        Flag(name="runs", default=5, help="runs to start at first, one every two seconds (rule time)"),
        Flag(name="step-s", default=90.0, help="how long a step takes, in seconds (rule time)"),
        Flag(name="rate", default=0.02, help="further runs asked for a second (rule time)"),
        Flag(name="duration-s", default=2400.0, help="how long, in seconds (rule time)"),
        *offer_arrival_flags(),
        *offer_run_flags(steps=24),
    )

    @classmethod
    def find_needs(cls, options: Mapping[str, Any]) -> str:  # noqa: ARG003 - as ScenarioUser.find_needs
        """Return which API is asked."""
        return "runs (POST /v1/predict)"

    @classmethod
    def script(cls, fields: Fields) -> PredictScript:
        """Start runs; that most are refused is no failure."""
        predictions = read_predictions(fields)
        changes: tuple[BehaviourChange, ...] = ()
        if fields.has("step_s"):
            step_s = fields.number("step_s", least=0, most=MAX_STEP_S)
            changes = tuple(_change_latency(model, step_s, fields.where) for model in predictions.models)
        return PredictScript(predictions, changes=changes, welcome=REFUSED)

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return two stages: the runs that fill the cap, and those that come on top."""
        return {
            "stages": [
                {"duration_s": 2.0 * options.runs, "rate_per_s": 0.5},
                {"duration_s": options.duration_s, "rate_per_s": options.rate},
            ],
            "options": {**read_run_options(options), "step_s": options.step_s},
        }


def _change_latency(model: str, step_s: float, where: str) -> BehaviourChange:
    provider, colon, name = model.partition(":")
    if not colon:
        raise BadPlan(f"{where}: models must be named provider:model, not {model!r}")
    return BehaviourChange(
        at_s=0, provider=provider, model=name, behaviour={"latency": {"kind": "constant", "s": step_s}}
    )
