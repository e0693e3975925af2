"""The predict API: `POST /v1/predict` with a mode.

A `run` is answered once its first step is over: with 202 and a run_id if that step was answered, with the
failure if it was not. The other steps follow in the background. A step is a call like any other, so a run
lasts as long as its provider takes and costs what its calls cost. `status`, `logs` and `cancel` of a run
are answered whatever became of it; its `result` is the failure if it failed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from alertdrill.gateway.bodies import read_json
from alertdrill.gateway.features import Core
from alertdrill.gateway.keys import Key
from alertdrill.gateway.problems import Problem
from alertdrill.gateway.runs.archive import Archive
from alertdrill.gateway.runs.caps import Tenant
from alertdrill.gateway.runs.events import (
    Cap,
    EndStatus,
    Mode,
    Outcome,
    PredictAnswered,
    RunEnded,
    RunRejected,
    RunsInFlight,
)
from alertdrill.gateway.runs.policies import Policies
from alertdrill.gateway.runs.requests import Order, read_mode, read_order, read_run_id
from alertdrill.gateway.runs.run import Run

OPERATOR = "operator"
"""The tenant of requests with the admin token."""
MAX_IN_FLIGHT = 1_000
"""Runs of all tenants."""
OUTCOMES: Mapping[str, Outcome] = {
    "model_not_allowed": "denied_allowlist",
    "rate_limit_exceeded": "rate_limited",
    "too_many_concurrent_runs": "rate_limited",
    "insufficient_quota": "rate_limited",
    "rate_limit": "error",  # the provider's 429, which is not the tenant's doing
}
"""What became of a request, by the code of its problem; where none is named, its status decides."""
_log = logging.getLogger(__name__)
_Answer = tuple[Outcome, web.Response]


class Predict:
    """The route of the predict API, and the runs that it started."""

    def __init__(self, core: Core, policies: Policies) -> None:
        self._core = core
        self._policies = policies
        self._tenants: dict[str, Tenant] = {}
        self._archive = Archive()
        self._tasks: set[asyncio.Task[None]] = set()
        self._asks: Mapping[Mode, Callable[[Run], _Answer]] = {
            "status": self._change_status,
            "result": self._change_result,
            "logs": self._change_logs,
            "cancel": self._cancel,
        }

    def list_routes(self) -> list[web.RouteDef]:
        """Return the route."""
        return [web.post("/v1/predict", self._predict)]

    async def close(self) -> None:
        """Cancel the runs in flight."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _predict(self, request: web.Request) -> web.StreamResponse:
        key = self._core.admission.admit(request)
        tenant = key.tenant if key else OPERATOR
        mode: Mode = "run"
        outcome: Outcome = "error"
        try:
            document = await read_json(request)
            mode = read_mode(document)
            if mode == "run":
                outcome, response = await self._run(document, key, tenant)
            else:
                outcome, response = self._asks[mode](self._find(tenant, read_run_id(document)))
        except Problem as problem:
            outcome = _classify(problem)
            raise
        else:
            return response
        finally:
            self._core.emit(PredictAnswered(tenant=tenant, mode=mode, outcome=outcome))

    async def _run(self, document: dict[str, Any], key: Key | None, tenant: str) -> _Answer:
        order = read_order(document, self._core.catalogue)
        caps = self._tenants.get(tenant)
        if caps is None:
            caps = self._tenants[tenant] = Tenant(self._policies.find(tenant), self._core.clock.now_s())
        if order.model.id not in caps.policy.models:
            message = f"{tenant} may not run {order.model.id}"
            raise Problem(403, message, code="model_not_allowed", param="model")
        if earlier := self._find_earlier(order, tenant):
            return "idempotent_hit", self._describe(earlier)
        run = self._start(order, tenant, caps)
        task = asyncio.create_task(self._perform(run, key, caps))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await run.begun.wait()
        # A second step may have been refused at once, before this request goes on.
        if run.problem is not None and not run.steps_done:
            raise run.problem.with_traceback(None)
        return "ok", self._describe(run, status=202)

    def _find_earlier(self, order: Order, tenant: str) -> Run | None:
        """Return the run that the same request started before; raises Problem (409) for another request."""
        if order.idempotency_key is None:
            return None
        earlier = self._archive.find_by_key(tenant, order.idempotency_key)
        if earlier is not None and earlier.order.fingerprint != order.fingerprint:
            message = "the idempotency key belongs to another request"
            raise Problem(409, message, code="idempotency_key_reused", param="idempotency_key")
        return earlier

    def _start(self, order: Order, tenant: str, caps: Tenant) -> Run:
        """Return a run that counts as in flight; raises Problem (429, or 503 if the gateway is full)."""
        if len(self._tasks) >= MAX_IN_FLIGHT:
            raise Problem(503, f"{MAX_IN_FLIGHT} runs are in flight", type_="server_error", code="overloaded")
        now_s = self._core.clock.now_s()
        cap = caps.start(now_s)
        if cap is not None:
            self._core.emit(RunRejected(tenant=tenant, cap=cap))
            raise _describe_cap(cap, tenant, caps)
        run = Run(tenant=tenant, order=order, started_s=now_s)
        run.log("started", now_s)
        self._archive.add(run)
        self._core.emit(RunsInFlight(tenant=tenant, runs=caps.in_flight))
        return run

    async def _perform(self, run: Run, key: Key | None, caps: Tenant) -> None:
        """Take a run to its end. It runs in its request's context, so under its prefix."""
        status: EndStatus = "cancelled"
        problem: Problem | None = None
        try:
            # A cancelled run ends after the call in flight, which is paid for whether it is awaited or not.
            while run.steps_done < run.order.steps and not run.cancelling:
                model, completion = await self._core.calls.complete(run.write_step(), key)
                run.note_step(model, completion, self._core.clock.now_s())
            status = "cancelled" if run.steps_done < run.order.steps else "succeeded"
        except Problem as met:
            problem = met
            status = "failed" if _classify(met) == "error" else "refused"
        except Exception:
            _log.exception("run %s ended unexpectedly", run.id)
            problem = Problem(500, "the run ended unexpectedly", type_="server_error", code="internal")
            status = "failed"
        finally:
            now_s = self._core.clock.now_s()
            run.end(status, problem, now_s)
            caps.end()
            self._archive.note_end(run)
            self._core.emit(RunsInFlight(tenant=run.tenant, runs=caps.in_flight))
            self._core.emit(
                RunEnded(
                    tenant=run.tenant,
                    model=run.order.model.id,
                    status=status,
                    duration_s=run.duration_s(now_s),
                    cost_usd=run.cost_usd,
                )
            )

    def _find(self, tenant: str, run_id: str) -> Run:
        run = self._archive.find(tenant, run_id)
        if run is None:
            raise Problem(404, f"there is no run {run_id}", code="run_not_found", param="run_id")
        return run

    def _describe(self, run: Run, *, status: int = 200, **more: object) -> web.Response:
        return web.json_response({**run.describe(self._core.clock.now_s()), **more}, status=status)

    def _change_status(self, run: Run) -> _Answer:
        return "ok", self._describe(run)

    def _change_logs(self, run: Run) -> _Answer:
        return "ok", self._describe(run, logs=run.logs)

    def _change_result(self, run: Run) -> _Answer:
        if run.problem is not None:
            raise run.problem.with_traceback(None)
        if run.status is None:
            return "ok", self._describe(run, status=202)
        if run.status == "cancelled":
            raise Problem(409, f"{run.id} was cancelled", code="run_cancelled", param="run_id")
        return "ok", self._describe(run, output=run.output)

    def _cancel(self, run: Run) -> _Answer:
        run.cancelling = True
        return "ok", self._describe(run, status=202 if run.status is None else 200)


def _classify(problem: Problem) -> Outcome:
    return OUTCOMES.get(problem.code) or ("error" if problem.status >= 500 else "bad_request")


def _describe_cap(cap: Cap, tenant: str, caps: Tenant) -> Problem:
    if cap == "concurrent":
        message = f"{tenant} has {caps.in_flight} runs in flight, which is the cap"
        return Problem(429, message, type_="rate_limit_error", code="too_many_concurrent_runs")
    message = f"{tenant} may start {caps.policy.runs_per_minute} runs a minute"
    return Problem(429, message, type_="rate_limit_error", code="rate_limit_exceeded")
