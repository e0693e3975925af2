"""Jobs: inference that is asked for now and fetched later, from a bounded queue for each deployment.

A job runs in the context of the request that created it, so that all of it is under that request's prefix.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Literal

from alertdrill.gateway.events import Listener
from alertdrill.gateway.inference.deployments import Deployment
from alertdrill.gateway.inference.events import QueueChanged
from alertdrill.gateway.inference.pipelines import Pipelines, Result
from alertdrill.gateway.keys import Key
from alertdrill.gateway.problems import Problem, quote

MAX_PENDING = 500
"""Jobs that may be pending for one deployment."""
MAX_KEPT = 2000
"""Jobs that are over and still remembered; the oldest are forgotten first."""

JobState = Literal["pending", "running", "succeeded", "failed", "cancelled"]


@dataclass(slots=True, kw_only=True)
class Job:
    """One job; `outcome` is set once it has succeeded or failed."""

    id: str
    deployment: Deployment
    text: str
    key: Key | None
    context: Context = field(default_factory=copy_context)
    state: JobState = "pending"
    outcome: Result | Problem | None = None


class _Queue:
    """The pending jobs of one deployment, oldest first; `arrivals` counts what workers may look for."""

    def __init__(self) -> None:
        self.pending: OrderedDict[str, Job] = OrderedDict()
        self.arrivals = asyncio.Semaphore(0)
        self.workers: list[asyncio.Task[None]] = []


class JobService:
    """Keeps jobs and runs them; make it inside the event loop, close it at the end."""

    def __init__(self, pipelines: Pipelines, emit: Listener) -> None:
        self._pipelines = pipelines
        self._emit = emit
        self._jobs: dict[str, Job] = {}
        self._over: OrderedDict[str, None] = OrderedDict()
        self._queues: dict[tuple[str, str], _Queue] = {}
        self._is_closed = False

    async def close(self) -> None:
        """Give up what is pending and running."""
        self._is_closed = True
        workers = [worker for queue in self._queues.values() for worker in queue.workers]
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def create_job(self, deployment: Deployment, text: str, key: Key | None) -> Job:
        """Return a new job, pending; raises Problem (429) if too many are pending for its deployment."""
        queue = self._find_queue(deployment)
        if len(queue.pending) >= MAX_PENDING:
            raise Problem(
                429, f"{MAX_PENDING} jobs are pending already", type_="rate_limit", code="queue_full"
            )
        job = Job(id=f"job-{secrets.token_hex(8)}", deployment=deployment, text=text, key=key)
        self._jobs[job.id] = queue.pending[job.id] = job
        self._change_depth(job, queue)
        queue.arrivals.release()
        return job

    def get(self, job_id: str, key: Key | None) -> Job:
        """Return a job of the caller's tenant, the operator being of every tenant; raises Problem (404)."""
        job = self._jobs.get(job_id)
        if job is None or (key is not None and (job.key is None or job.key.tenant != key.tenant)):
            raise Problem(404, f"there is no job {quote(job_id)}", code="job_not_found")
        return job

    def cancel(self, job: Job) -> None:
        """Take a pending job out of its queue; raises Problem (409) if it is not pending any more."""
        if job.state != "pending":
            raise Problem(409, f"the job is {job.state}", code="job_not_pending")
        queue = self._find_queue(job.deployment)
        del queue.pending[job.id]
        self._change_depth(job, queue)
        self._end(job, "cancelled", None)

    def mark_running(self, job: Job) -> None:
        """Take a job out of its queue, since a worker has it."""
        queue = self._find_queue(job.deployment)
        del queue.pending[job.id]
        job.state = "running"
        self._change_depth(job, queue)

    def _find_queue(self, deployment: Deployment) -> _Queue:
        name = (deployment.model, deployment.version)
        if name not in self._queues:
            queue = self._queues[name] = _Queue()
            queue.workers = [asyncio.create_task(self._work(queue)) for _ in range(deployment.workers)]
        return self._queues[name]

    async def _work(self, queue: _Queue) -> None:
        # A call upstream can take the worker's cancellation for the end of its own time, and end as failed.
        while not self._is_closed:
            await queue.arrivals.acquire()
            job = next(iter(queue.pending.values()), None)
            if job is not None:  # else it was cancelled
                self.mark_running(job)
                await asyncio.create_task(self._run(job), context=job.context)

    async def _run(self, job: Job) -> None:
        try:
            result = await self._pipelines.run(job.deployment, job.text, job.key)
        except Problem as problem:
            self._end(job, "failed", problem)
        else:
            self._end(job, "succeeded", result)

    def _end(self, job: Job, state: JobState, outcome: Result | Problem | None) -> None:
        job.state, job.outcome, job.text = state, outcome, ""
        self._over[job.id] = None
        if len(self._over) > MAX_KEPT:
            oldest, _ = self._over.popitem(last=False)
            del self._jobs[oldest]

    def _change_depth(self, job: Job, queue: _Queue) -> None:
        """Tell how many are pending, under the prefix of the job rather than that of whoever changes it."""
        changed = QueueChanged(
            model=job.deployment.model, version=job.deployment.version, pending=len(queue.pending)
        )
        job.context.run(self._emit, changed)
