r"""A backlog: jobs come faster than the workers of a slow model take them, until it is fast again.

    ALERTDRILL_CONTROLS=openrouter=http://127.0.0.1:9104 ALERTDRILL_CONTROL_TOKEN=… \
        locust -f scenarios/queue_backlog.py --host http://127.0.0.1:8080

With `follow_every` n, each n-th request asks how the latest job is; with `cancel_every` n, it cancels it.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from alertdrill.load.fields import Fields
from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.inferences import (
    Inferences,
    offer_inference_flags,
    read_inference_options,
    read_inferences,
)
from alertdrill.load.options import Flag, offer_load_flags
from alertdrill.load.plan import MAX_S, BehaviourChange
from alertdrill.load.script import Request, TimedAction
from alertdrill.load.users import ScenarioUser

NOT_PENDING_ANY_MORE = 409
MAX_EVERY = 1_000_000


class BacklogScript:
    """Clients that leave jobs, ask after them and cancel them; 0 for `follow_every` is never."""

    needs = "jobs (POST /v1/jobs)"

    def __init__(
        self,
        inferences: Inferences,
        *,
        follow_every: int = 0,
        cancel_every: int = 0,
        changes: tuple[BehaviourChange, ...] = (),
    ) -> None:
        self.changes = changes
        self._inferences = inferences
        self._follow_every = follow_every
        self._cancel_every = cancel_every
        self.learns = bool(follow_every or cancel_every)
        self._latest: str | None = None

    def list_keys(self) -> Sequence[str]:
        """Return the one key."""
        return (self._inferences.key,)

    def actions(self, keyring: Keyring) -> Sequence[TimedAction]:  # noqa: ARG002 - part of the protocol
        """Return no timed actions."""
        return ()

    def request(self, index: int) -> Request:
        """Return a new job, or a question about the latest one, or its cancellation."""
        if self._latest is not None:
            path = f"/v1/jobs/{self._latest}"
            if _is_due(index, self._cancel_every):
                return Request(method="DELETE", path=path, body=None)
            if _is_due(index, self._follow_every):
                return Request(method="GET", path=path, body=None)
        return Request(method="POST", path="/v1/jobs", body=self._inferences.body(index))

    def note_answer(self, index: int, status: int, body: str) -> None:  # noqa: ARG002 - part of the protocol
        """Learn the id of a new job."""
        if status == 202:
            self._latest = json.loads(body)["id"]

    def token(self, at_s: float, keyring: Keyring) -> str | None:  # noqa: ARG002 - part of the protocol
        """Return the key's token."""
        return keyring.token(self._inferences.key)

    def welcomes(self, status: int) -> bool:
        """Welcome success, and that a job to cancel runs already."""
        return 200 <= status < 300 or status == NOT_PENDING_ANY_MORE


class QueueBacklog(ScenarioUser):
    """Options of a load profile: as infer's, follow_every, cancel_every, and upstream, slow_s, slow_for_s.

    Without slow_s, the load profile's own behaviour changes say how long a job takes.
    """

    scenario = "queue_backlog"
    flags = (
        Flag(name="upstream", default="openrouter:falcon-40b", help="provider:model that computes the model"),
        Flag(name="slow-s", default=60.0, help="how long a job takes at first, in seconds (rule time)"),
        Flag(name="slow-for-s", default=900.0, help="until when, in seconds (rule time) from the start"),
        Flag(name="follow-every", default=0, help="each how many-th request asks after a job; 0: none"),
        Flag(name="cancel-every", default=0, help="each how many-th request cancels a job; 0: none"),
        *offer_load_flags(rate=1.0, duration_s=130.0),
        *offer_inference_flags(models="embedder:v1"),
    )

    @classmethod
    def script(cls, fields: Fields) -> BacklogScript:
        """Leave jobs."""
        changes = _read_slowness(fields) if fields.has("slow_s") else ()
        return BacklogScript(
            read_inferences(fields),
            follow_every=fields.whole("follow_every", 0, least=0, most=MAX_EVERY),
            cancel_every=fields.whole("cancel_every", 0, least=0, most=MAX_EVERY),
            changes=changes,
        )

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return one stage of jobs, and a silent one until they are worked off."""
        silent_s = max(0.0, options.slow_for_s + 60.0 - options.duration_s)
        return {
            "stages": [
                {"duration_s": options.duration_s, "rate_per_s": options.rate},
                {"duration_s": silent_s, "rate_per_s": 0},
            ],
            "options": {
                **read_inference_options(options),
                "follow_every": options.follow_every,
                "cancel_every": options.cancel_every,
                "upstream": options.upstream,
                "slow_s": options.slow_s,
                "slow_for_s": options.slow_for_s,
            },
        }


def _is_due(index: int, every: int) -> bool:
    return every > 0 and (index + 1) % every == 0


def _read_slowness(fields: Fields) -> tuple[BehaviourChange, BehaviourChange]:
    provider, _, model = fields.text("upstream").partition(":")
    slow = {"latency": {"kind": "constant", "s": fields.number("slow_s", least=0, most=MAX_S)}}
    slow_for_s = fields.number("slow_for_s", least=0, most=MAX_S)
    return (
        BehaviourChange(at_s=0, provider=provider, model=model, behaviour=slow),
        BehaviourChange(at_s=slow_for_s, provider=provider, model=model, behaviour={}),
    )
