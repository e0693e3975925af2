"""The inference service's exercise: requests at once and as jobs, good, bad, too slow, and for nothing.

The note of a request is how it must end: `ok`, or the type of its error; of a job it is that of the job.
What a deployment is computed by, and where, is read from deployments.yml.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import alertdrill.gateway.inference
from support.exercises import Increment
from support.plain_yaml import read_yaml
from support.sent_ledger import Caller, Ledger, Sent
from support.stand import NOBODY, OPERATOR, Stand

SPEED = 30.0
DEPLOYED = read_yaml(Path(alertdrill.gateway.inference.__file__).with_name("deployments.yml"))
FAST = {"kind": "constant", "s": 0}
INFER, JOBS = "/v1/infer", "/v1/jobs"
FAILED = ("rate_limit", "auth", "server_error", "network", "context_overflow", "invalid_request", "unknown")
SLOW, SLOW_DEVICE, SLOW_TIMEOUT_S = ("transcriber", "v1"), "gpu-2", 30
QUEUED = ("embedder", "v2")


async def exercise(stand: Stand) -> None:
    """Infer as a team, as a user and as the operator; wait in line; be refused; time out."""
    red = await stand.issue("k-red", user="ada", team="red")
    eve = await stand.issue("k-eve", user="eve")
    for deployment in (("summarizer", "v1"), ("classifier", "v1")):
        change(stand, deployment, latency=FAST)
        for caller in (red, eve, OPERATOR):
            await infer(stand, caller, "ok", *deployment)
    change(stand, ("summarizer", "v2"), latency=FAST)
    latest = await infer(stand, red, "ok", "summarizer", None)
    assert latest.answer["version"] == "v2"
    await _fail(stand, red)
    await _time_out(stand, eve)
    await _queue(stand, red, eve)
    for stranger in (NOBODY, Caller(token="guess")):
        sent = await stand.send("POST", INFER, stranger, {"model": "summarizer", "input": "Hi"})
        assert sent.status == 401


def change(stand: Stand, deployment: tuple[str, str], **behaviour: Any) -> None:
    """Tell the provider behind a deployment how to behave."""
    model, version = deployment
    provider, _, name = DEPLOYED["deployments"][model][version]["upstream"].partition(":")
    stand.change(provider, name, **behaviour)


async def infer(
    stand: Stand,
    caller: Caller,
    note: str,
    model: str,
    version: str | None,
    text: str = "Hello",
    path: str = INFER,
) -> Sent:
    """Ask for inference, and check that it ends as noted, as far as the client is told."""
    body = {"model": model, "input": text} | ({} if version is None else {"version": version})
    sent = await stand.send("POST", path, caller, body, note=note)
    if path == INFER:
        assert (sent.status == 200) == (note == "ok"), sent
    return sent


async def _fail(stand: Stand, caller: Caller) -> None:
    """Fail for every reason that a provider has, for the input, and for what is not deployed."""
    translator = ("translator", "v1")
    for error in FAILED:
        change(stand, translator, latency=FAST, errors={"class": error, "next": 1})
        await infer(stand, caller, "inference_error", *translator)
    for text in ("", "   ", "x" * 4001):
        await infer(stand, caller, "inference_error", *translator, text=text)
    for model, version in (("oracle", None), ("oracle", "v1"), ("translator", "v99")):
        for path in (INFER, JOBS):
            sent = await infer(stand, caller, "model_not_found", model, version, path=path)
            assert sent.status == 404
    for body in (
        "{",
        [],
        {"model": "translator"},
        {"input": "x"},
        {"model": "translator", "input": "x", "a": 1},
    ):
        sent = await stand.send("POST", INFER, caller, body)
        assert sent.status == 400


async def _time_out(stand: Stand, caller: Caller) -> None:
    """Let as many calls time out as the device runs at once, and one that waits for them."""
    change(stand, SLOW, latency={"kind": "constant", "s": 300})
    slots = DEPLOYED["devices"][SLOW_DEVICE]["slots"]
    calls = [asyncio.create_task(infer(stand, caller, "timeout", *SLOW)) for _ in range(slots + 1)]
    await stand.until(
        lambda shown: shown.value("executor_inflight", device=SLOW_DEVICE) == slots, "the device to be full"
    )
    assert {sent.status for sent in await asyncio.gather(*calls)} == {504}


async def _queue(stand: Stand, red: Caller, eve: Caller) -> None:
    """Have jobs wait: two are taken by workers, one is cancelled, the others are done in the end."""
    change(stand, QUEUED, latency={"kind": "constant", "s": 40})
    model, version = QUEUED
    series = {"model": model, "version": version}
    workers = DEPLOYED["deployments"][model][version]["workers"]
    jobs = [await infer(stand, caller, "ok", *QUEUED, path=JOBS) for caller in [red] * workers + [eve] * 2]
    # It is over before a worker has it, so no request is executed for it.
    last = await infer(stand, red, "cancelled", *QUEUED, path=JOBS)
    assert {job.status for job in (*jobs, last)} == {202}
    shown = await stand.look()
    assert shown.value("job_queue_depth", **series) == 3
    assert (await stand.send("DELETE", f"{JOBS}/{last.answer['id']}", red)).status == 200
    assert (await stand.look()).value("job_queue_depth", **series) == 2
    for job in jobs:
        await _await_job(stand, job, "succeeded")
    change(stand, QUEUED, latency=FAST, errors={"class": "server_error", "next": 1})
    await _await_job(stand, await infer(stand, eve, "inference_error", *QUEUED, path=JOBS), "failed")


async def _await_job(stand: Stand, job: Sent, state: str) -> None:
    path = f"{JOBS}/{job.answer['id']}"
    sent = await stand.ask_until(
        lambda: stand.send("GET", path, job.caller),
        lambda sent: sent.answer["status"] not in {"pending", "running"},
        f"the end of {path}",
    )
    assert sent.answer["status"] == state


def _list_executed(ledger: Ledger) -> Iterator[tuple[dict[str, str], str]]:
    """Yield labels and note of each request that was executed, or had no pipeline to be executed by."""
    for sent in ledger.sent:
        if sent.note in {"", "cancelled"}:
            continue
        model, version = sent.body["model"], sent.body.get("version")
        versions = DEPLOYED["deployments"].get(model, {})
        if not versions:
            model, version = "unknown", "unknown"
        elif version is None:
            version = list(versions)[-1]
        elif version not in versions:
            version = "unknown"
        yield {"model": model, "version": version, "tenant": sent.caller.tenant}, sent.note


def count_requests(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each request, whatever came of it."""
    return (labels for labels, _ in _list_executed(ledger))


def count_errors(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each request that failed."""
    for labels, note in _list_executed(ledger):
        if note != "ok":
            yield {**labels, "error_type": note}


def count_latencies(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each request that had a pipeline."""
    return (labels for labels, note in _list_executed(ledger) if note != "model_not_found")


def count_timeouts(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each call that its device did not finish in time."""
    for labels, note in _list_executed(ledger):
        if note == "timeout":
            yield {"device": DEPLOYED["deployments"][labels["model"]][labels["version"]]["device"]}


def add_latencies(ledger: Ledger) -> Iterator[Increment]:
    """Yield the timeout of each call that timed out."""
    for labels, note in _list_executed(ledger):
        if note == "timeout":
            yield labels, SLOW_TIMEOUT_S


COUNTS = {
    "inference_requests_total": count_requests,
    "inference_errors_total": count_errors,
    "inference_latency_seconds_count": count_latencies,
    "executor_timeouts_total": count_timeouts,
    "executor_inflight": lambda _ledger: [({"device": device}, 0) for device in DEPLOYED["devices"]],
    "job_queue_depth": lambda _ledger: [(dict(zip(("model", "version"), QUEUED, strict=True)), 0)],
}
LEAST = {"inference_latency_seconds_sum": add_latencies}
