"""A store that is not the stack's own Prometheus: anything with Prometheus's HTTP API.

What a run is judged by is read from it. A store shows a sample some time after it was taken: it is sent
there, and VictoriaMetrics hides the newest 30 s unless told otherwise. So nothing is read before the store
shows all that the run needs, and if it never does, no verdict is given.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from alertdrill.core.clock import Clock
from alertdrill.core.parts import LOOKBACK_S
from alertdrill.errors import CouldNotTell
from alertdrill.recording.prometheus import count_samples
from alertdrill.rules.dilation.files import dilate_duration
from alertdrill.rules.files import EVALUATION_INTERVAL_S
from alertdrill.rules.threshold_rules import EVALUATION
from alertdrill.runtime.http_client import Api

SHOWN_WITHIN_WALL_S = 90.0
"""Three times what VictoriaMetrics hides by default (its flag -search.latencyOffset)."""
POLL_WALL_S = 1.0
FRESH_S = 60.0
"""Rule time: four scrapes."""
WHOLE_ANSWERS = {
    "nocache": "1",  # VictoriaMetrics: instants as asked for, not shifted to where its cache has answers
    "deny_partial_response": "1",  # VictoriaMetrics
    "partial_response": "false",  # Thanos
}
"""Query parameters that ask for exact and complete answers; who does not know them ignores them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where a store is, and the headers that it wants, their values being secrets."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def open_store(store: Store, speed: float) -> Api:
    """Return the API of a store that holds a run of this speed; raises ComponentFailed if it does not answer.

    A series without a sample ends for it when it ends for the stack's Prometheus.
    """
    lookback = dilate_duration(LOOKBACK_S, speed)
    params = {**WHOLE_ANSWERS, "lookback_delta": lookback, "max_lookback": lookback}
    api = Api("the store", store.url, headers=store.headers, params=params)
    api.query("/api/v1/query", query="vector(1)")
    return api


def await_samples(store: Api, evaluator: Api, clock: Clock, jobs: Collection[str], until_s: float) -> float:
    """Wait until a store shows what a run left up to a rule time; return how long that took, wall seconds.

    That is: a fresh scrape of each job, a fresh evaluation, and every sample of scrapes, alerts and rules'
    values that `evaluator` has, the Prometheus that scrapes and evaluates. Raises CouldNotTell if it still
    does not after `SHOWN_WITHIN_WALL_S`.
    """
    since = time.monotonic()
    while (lack := _find_lack(store, evaluator, clock, jobs, until_s)) is not None:
        if time.monotonic() - since > SHOWN_WITHIN_WALL_S:
            raise CouldNotTell(f"{SHOWN_WITHIN_WALL_S:.0f} s after the run, the store {lack}")
        time.sleep(POLL_WALL_S)
    return time.monotonic() - since


def _find_lack(store: Api, evaluator: Api, clock: Clock, jobs: Collection[str], until_s: float) -> str | None:
    """Say what a store does not show yet; None when it shows all."""
    at = f"{clock.wall_s(until_s):.3f}"
    # As curves are asked for: how new a sample it takes depends on that.
    fresh = store.query(
        "/api/v1/query_range",
        query=f'timestamp({{__name__=~"up|{EVALUATION}"}})',
        start=at,
        end=at,
        step=f"{EVALUATION_INTERVAL_S / clock.speed:.6f}",
    )
    newest = [
        labels.get("job") for labels, samples in fresh if samples[-1][1] >= clock.wall_s(until_s - FRESH_S)
    ]
    for job in jobs:
        if job not in newest:
            return f"has no scrape of the job {job} from the end of the run"
        if newest.count(job) > 1:
            return f"has scrapes of the job {job} from {newest.count(job)} gateways: somebody else's too"
    if None not in newest:
        return "has no evaluation of rules from the end of the run"
    has = count_samples(store, clock, 0.0, until_s)
    due = count_samples(evaluator, clock, 0.0, until_s)
    if has != due:
        return f"has {has} samples of scrapes and rules, and the Prometheus that made them {due}"
    return None
