"""Jobs: the queue's depth, the workers, cancellation, and what is kept."""

from __future__ import annotations

import asyncio

import pytest
from support.fake_providers import WHOLE, hold
from support.patience import PATIENCE_S

from alertdrill.gateway.inference import jobs as jobs_module
from alertdrill.gateway.inference.deployments import Deployment
from alertdrill.gateway.inference.events import InferenceFinished, InferenceRequested, QueueChanged
from alertdrill.gateway.inference.jobs import JobService
from alertdrill.gateway.problems import Problem

OPERATOR = "the-admin-token"


async def send(gateway, method, path, token=OPERATOR, **fields):
    """Send a request; return status and body."""
    headers = {"Authorization": f"Bearer {token}"}
    response = await gateway.client.request(method, path, headers=headers, json=fields or None)
    return response.status, await response.json()


async def leave(gateway, token=OPERATOR, prefix=""):
    """Leave a job for the embedder, which has two workers; return the job."""
    status, body = await send(
        gateway, "POST", f"{prefix}/v1/jobs", token, model="embedder", version="v1", input="a text"
    )
    assert status == 202, body
    return body


async def await_state(gateway, job_id, state):
    """Wait until a job is in a state; return it."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            status, body = await send(gateway, "GET", f"/v1/jobs/{job_id}")
            assert status == 200
            if body["status"] == state:
                return body


def depths(gateway):
    """Return the depths that were told, in order."""
    return [event.pending for event in gateway.heard(QueueChanged)]


@pytest.fixture
def gate(providers):
    """Return what lets the upstream models answer."""
    gate = asyncio.Event()
    providers["openrouter"].script.extend([hold(gate, None, WHOLE["openai"])] * 10)
    return gate


async def test_job_runs_and_its_result_is_kept(gateway):
    """A job is pending, then running, then has succeeded with the output."""
    job = await leave(gateway)
    assert (job["status"], job["model"], job["version"]) == ("pending", "embedder", "v1")
    done = await await_state(gateway, job["id"], "succeeded")
    assert done["output"] == "Hello there"
    assert depths(gateway) == [1, 0]
    assert len(gateway.heard(InferenceRequested)) == len(gateway.heard(InferenceFinished)) == 1


async def test_failed_job_says_why(gateway, providers):
    """A job whose inference failed has the error that a request would have had."""
    providers["openrouter"].fail("server_error")
    job = await leave(gateway)
    failed = await await_state(gateway, job["id"], "failed")
    assert failed["error"]["code"] == "server_error"


async def test_depth_counts_only_what_no_worker_has(gateway, gate):
    """Two workers take two jobs; the third and the fourth are pending until they are free."""
    jobs = [await leave(gateway) for _ in range(4)]
    await gateway.until(lambda: len(gateway.heard(InferenceRequested)) == 2)
    assert depths(gateway)[-1] == 2
    states = [(await send(gateway, "GET", f"/v1/jobs/{job['id']}"))[1]["status"] for job in jobs]
    assert states == ["running", "running", "pending", "pending"]
    gate.set()
    for job in jobs:
        await await_state(gateway, job["id"], "succeeded")
    assert depths(gateway)[-1] == 0


async def test_cancelled_job_leaves_the_depth_and_never_runs(gateway, gate):
    """A pending job that is cancelled is not pending any more; one that runs cannot be cancelled."""
    jobs = [await leave(gateway) for _ in range(3)]
    await gateway.until(lambda: len(gateway.heard(InferenceRequested)) == 2)
    status, body = await send(gateway, "DELETE", f"/v1/jobs/{jobs[2]['id']}")
    assert (status, body["status"]) == (200, "cancelled")
    assert depths(gateway)[-1] == 0
    for job in (jobs[0], jobs[2]):
        status, body = await send(gateway, "DELETE", f"/v1/jobs/{job['id']}")
        assert (status, body["error"]["code"]) == (409, "job_not_pending")
    gate.set()
    await await_state(gateway, jobs[1]["id"], "succeeded")
    await await_state(gateway, (await leave(gateway))["id"], "succeeded")
    assert len(gateway.heard(InferenceRequested)) == 3


async def test_queue_is_bounded(gateway, gate, monkeypatch):
    """What no longer fits is refused (429) and is not counted as a request."""
    monkeypatch.setattr(jobs_module, "MAX_PENDING", 1)
    await leave(gateway)
    await gateway.until(lambda: len(gateway.heard(InferenceRequested)) == 1)
    await leave(gateway)
    await gateway.until(lambda: len(gateway.heard(InferenceRequested)) == 2)
    await leave(gateway)
    fields = {"model": "embedder", "version": "v1", "input": "a text"}
    status, body = await send(gateway, "POST", "/v1/jobs", **fields)
    assert (status, body["error"]["code"]) == (429, "queue_full")
    assert depths(gateway)[-1] == 1
    assert len(gateway.heard(InferenceRequested)) == 2
    gate.set()


async def test_oldest_results_are_forgotten(gateway, monkeypatch):
    """So many jobs that are over are kept, and no more."""
    monkeypatch.setattr(jobs_module, "MAX_KEPT", 1)
    first = await leave(gateway)
    await await_state(gateway, first["id"], "succeeded")
    second = await leave(gateway)
    await await_state(gateway, second["id"], "succeeded")
    assert (await send(gateway, "GET", f"/v1/jobs/{first['id']}"))[0] == 404


async def test_jobs_belong_to_their_tenant(gateway):
    """Another tenant's job is not there; the operator sees all."""
    mine = await gateway.issue(id="mine")
    theirs = await gateway.issue(id="theirs")
    job = await leave(gateway, mine)
    for method in ("GET", "DELETE"):
        status, body = await send(gateway, method, f"/v1/jobs/{job['id']}", theirs)
        assert (status, body["error"]["code"]) == (404, "job_not_found")
    assert (await send(gateway, "GET", f"/v1/jobs/{job['id']}", mine))[0] == 200
    assert (await send(gateway, "GET", f"/v1/jobs/{job['id']}"))[0] == 200
    operators = await leave(gateway)
    assert (await send(gateway, "GET", f"/v1/jobs/{operators['id']}", mine))[0] == 404


async def test_job_for_an_unknown_model_is_refused(gateway):
    """It is 404 at once, and no job is made."""
    status, body = await send(gateway, "POST", "/v1/jobs", model="made-up", input="a text")
    assert (status, body["error"]["code"]) == (404, "model_not_found")
    assert depths(gateway) == []


class NeverCancelled:
    """Pipelines whose call takes its cancellation for the end of its own time, as aiohttp's can."""

    def __init__(self):
        self.is_running = asyncio.Event()

    async def run(self, *_args):
        """Wait for ever, and fail when that is cancelled."""
        self.is_running.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise Problem(504, "no answer in time") from None


async def test_jobs_end_although_a_call_takes_its_end_for_a_timeout():
    """A worker whose cancellation got lost does not wait for the next job for ever."""
    pipelines = NeverCancelled()
    jobs = JobService(pipelines, lambda _event: None)
    deployment = Deployment(
        model="embedder",
        version="v1",
        device="cpu",
        upstream="u",
        timeout_s=1,
        workers=1,
        max_input_chars=9,
    )
    job = jobs.create_job(deployment, "a text", None)
    async with asyncio.timeout(PATIENCE_S):
        await pipelines.is_running.wait()
        await jobs.close()
    assert job.state == "failed"
