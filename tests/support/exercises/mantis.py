"""Mantis's exercise: runs that end in every way, requests with every outcome, chat that is passed through.

The note of a predict request is the outcome that its sender must see by the documentation, the note of a chat
likewise. Each model is used for runs of one tenant that end in one way, so that its calls are their cost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from support.exercises import Increment
from support.sent_ledger import Caller, Ledger, Sent
from support.stand import NOBODY, OPERATOR, Stand

SPEED = 20.0
PREDICT = "/v1/predict"
CHAT = "/v1/chat/completions"
SLOW = {"kind": "constant", "s": 30}
FAST = {"kind": "constant", "s": 0}
STATUSES = {
    "ok": {200, 202},
    "idempotent_hit": {200},
    "bad_request": {400, 404, 409},
    "rate_limited": {429},
    "denied_allowlist": {403},
    "error": {429, 502, 503},
    "status_4xx": {400, 404, 429},
    "status_5xx": {502},
    "upstream_error": {503},
}
"""The statuses with which each outcome may come back."""
SUCCEEDED, FAILED, REFUSED, CANCELLED = "o1-mini", "o3-mini", "gpt-4-turbo", "o1"
OVERDRAWN, CAPPED, HURRIED = "o1-preview", "o3-pro", "o1-pro"
ENDS = {
    SUCCEEDED: "succeeded",
    FAILED: "failed",
    REFUSED: "refused",
    CANCELLED: "cancelled",
    OVERDRAWN: "refused",
    CAPPED: "succeeded",
    HURRIED: "succeeded",
}


async def exercise(stand: Stand) -> None:
    """Run, ask, cancel and chat as four tenants and the operator, and be refused in every way."""
    red = await stand.issue("k-red", user="ada", team="red")
    await _end_well(stand, red)
    await _fail(stand, red)
    await _cancel(stand, red)
    await _be_refused(stand, red)
    await _overdraw(stand)
    await _reach_the_caps(stand)
    await _chat(stand, red)


async def ask(stand: Stand, caller: Caller, outcome: str, **body: Any) -> Sent:
    """Send a predict request whose outcome is known, and check that the client is told as much."""
    sent = await stand.send("POST", PREDICT, caller, body, note=outcome)
    assert sent.status in STATUSES[outcome], sent
    return sent


async def run(stand: Stand, caller: Caller, outcome: str, model: str, **body: Any) -> str:
    """Ask for a run; return the id that it has, well or not."""
    sent = await ask(stand, caller, outcome, mode="run", model=f"openai:{model}", input="Sum up.", **body)
    return sent.answer["run_id"]


async def await_end(stand: Stand, caller: Caller, run_id: str) -> Sent:
    """Ask after a run until it is over."""
    return await stand.ask_until(
        lambda: ask(stand, caller, "ok", mode="status", run_id=run_id),
        lambda sent: sent.answer["status"] in {"succeeded", "failed", "refused", "cancelled"},
        f"the end of {run_id}",
    )


async def _end_well(stand: Stand, caller: Caller) -> None:
    stand.change("openai", SUCCEEDED, latency=FAST, prompt_tokens=5000, completion_tokens=20000)
    first = await run(stand, caller, "ok", SUCCEEDED, steps=2, idempotency_key="once")
    await ask(
        stand,
        caller,
        "idempotent_hit",
        model=f"openai:{SUCCEEDED}",
        input="Sum up.",
        steps=2,
        idempotency_key="once",
    )
    await ask(
        stand, caller, "bad_request", model=f"openai:{SUCCEEDED}", input="Other.", idempotency_key="once"
    )
    await await_end(stand, caller, first)
    for mode in ("result", "logs", "cancel"):
        await ask(stand, caller, "ok", mode=mode, run_id=first)


async def _fail(stand: Stand, caller: Caller) -> None:
    """Fail in the first step and in the second; whoever asks for the result is told each time."""
    for error in ("server_error", "rate_limit", "network", "auth", "unknown"):
        stand.change("openai", FAILED, latency=FAST, errors={"class": error, "next": 1})
        run_id = await run(stand, caller, "error", FAILED)
        await ask(stand, caller, "ok", mode="status", run_id=run_id)
    stand.change(
        "openai", FAILED, latency=FAST, completion_tokens=9000, errors={"class": "server_error", "every": 2}
    )
    run_id = await run(stand, caller, "ok", FAILED, steps=2)
    await await_end(stand, caller, run_id)
    for mode, outcome in (("result", "error"), ("result", "error"), ("logs", "ok"), ("cancel", "ok")):
        await ask(stand, caller, outcome, mode=mode, run_id=run_id)


async def _cancel(stand: Stand, caller: Caller) -> None:
    """Cancel a run in its second step of three; that step is still paid for."""
    stand.change("openai", CANCELLED, latency=SLOW, prompt_tokens=100, completion_tokens=1000)
    run_id = await run(stand, caller, "ok", CANCELLED, steps=3)
    await stand.look()
    await ask(stand, caller, "ok", mode="result", run_id=run_id)
    await ask(stand, caller, "ok", mode="cancel", run_id=run_id)
    await await_end(stand, caller, run_id)
    await ask(stand, caller, "bad_request", mode="result", run_id=run_id)


async def _be_refused(stand: Stand, caller: Caller) -> None:
    """Be refused for the request itself: before a run, by the provider, and without a key."""
    stand.change("openai", REFUSED, latency=FAST, errors={"class": "context_overflow", "next": 1})
    await run(stand, caller, "bad_request", REFUSED)
    model = f"openai:{SUCCEEDED}"
    for body in (
        {"model": "gpt-99", "input": "x"},
        {"model": model},
        {"model": model, "input": "x", "steps": 0},
        {"model": model, "input": "x", "fro": 1},
        {"mode": "nonsense"},
        {"mode": "status"},
        {"mode": "result", "run_id": "run-" + "0" * 32},
        {"mode": "logs", "run_id": "x"},
        {"mode": "cancel", "run_id": ["x"]},
    ):
        await ask(stand, caller, "bad_request", **body)
    for body in ("{", "[]"):
        sent = await stand.send("POST", PREDICT, caller, body, note="bad_request")
        assert sent.status == 400
    await ask(stand, caller, "denied_allowlist", model="openai:gpt-4o", input="x")
    for stranger in (NOBODY, Caller(token="guess")):
        sent = await stand.send("POST", PREDICT, stranger, {"model": model, "input": "x"})
        assert sent.status == 401
    sandbox = await stand.issue("sandbox")
    await ask(stand, sandbox, "denied_allowlist", model="openai:o3-mini", input="x")


async def _overdraw(stand: Stand) -> None:
    """Use up a quota in a run's first step: the second is refused, and so is the next run."""
    limits = [{"unit": "requests", "period": "day", "limit": 1}]
    poor = await stand.issue("k-poor", limits=limits)
    stand.change("openai", OVERDRAWN, latency=FAST, prompt_tokens=100, completion_tokens=100)
    run_id = await run(stand, poor, "ok", OVERDRAWN, steps=2)
    await await_end(stand, poor, run_id)
    await ask(stand, poor, "rate_limited", mode="result", run_id=run_id)
    await run(stand, poor, "rate_limited", OVERDRAWN)


async def _reach_the_caps(stand: Stand) -> None:
    """Have as many runs in flight as may be, then start as many as the bucket holds."""
    ada = await stand.issue("k-ada", user="ada")
    stand.change("openai", CAPPED, latency=SLOW, completion_tokens=50)
    five = [asyncio.create_task(run(stand, ada, "ok", CAPPED)) for _ in range(5)]
    await stand.until(lambda shown: shown.value("mantis_concurrent_runs", tenant_id="ada") == 5, "five runs")
    for _ in range(2):
        await ask(stand, ada, "rate_limited", model=f"openai:{CAPPED}", input="x")
    for run_id in await asyncio.gather(*five):
        await await_end(stand, ada, run_id)
    stand.change("openai", HURRIED, latency=FAST, completion_tokens=1)
    for _ in range(100):
        body = {"model": f"openai:{HURRIED}", "input": "x"}
        sent = await stand.send("POST", PREDICT, OPERATOR, body, note="ok")
        if sent.status == 429:
            assert sent.code == "rate_limit_exceeded"
            stand.ledger.sent[-1] = replace(sent, note="rate_limited")
            break
        assert sent.status == 202
    await ask(stand, OPERATOR, "rate_limited", model=f"openai:{HURRIED}", input="x")


async def _chat(stand: Stand, red: Caller) -> None:
    model = "openai:gpt-4.5-preview"
    for error, outcome in (
        (None, "ok"),
        ("context_overflow", "status_4xx"),
        ("invalid_request", "status_4xx"),
        ("rate_limit", "status_4xx"),
        ("server_error", "status_5xx"),
        ("unknown", "status_5xx"),
        ("network", "upstream_error"),
    ):
        errors = {} if error is None else {"errors": {"class": error, "share": 1.0}}
        stand.change("openai", "gpt-4.5-preview", latency=FAST, **errors)
        for caller in (red, OPERATOR):
            for stream in (False, True):
                sent = await stand.chat(caller, note=outcome, model=model, stream=stream)
                assert sent.status in STATUSES[outcome], sent
    for fields in ({"model": "gpt-99"}, {"messages": []}):
        assert (await stand.chat(red, note="status_4xx", **fields)).status in {400, 404}
    assert (await stand.chat(NOBODY, model=model)).status == 401
    assert (await stand.send("GET", CHAT, red)).status == 405


def _list_predicts(ledger: Ledger) -> Iterator[Sent]:
    return (sent for sent in ledger.sent if sent.path == PREDICT and sent.status != 401)


def _read_mode(sent: Sent) -> str:
    mode = sent.body.get("mode", "run") if isinstance(sent.body, dict) else "run"
    return mode if mode in {"run", "status", "result", "logs", "cancel"} else "run"


def count_predicts(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each predict request of an admitted caller."""
    for sent in _list_predicts(ledger):
        yield {"tenant_id": sent.caller.tenant, "mode": _read_mode(sent), "outcome": sent.note}


def count_chats(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each chat completion of an admitted caller."""
    for sent in ledger.sent:
        if sent.path == CHAT and sent.method == "POST" and sent.status != 401:
            yield {"tenant_id": sent.caller.tenant, "outcome": sent.note}


def _list_runs(ledger: Ledger) -> Iterator[Sent]:
    """Yield the requests that a run was made for: those that have one's id, but for repetitions."""
    for sent in _list_predicts(ledger):
        if _read_mode(sent) == "run" and sent.note != "idempotent_hit" and "run_id" in sent.answer:
            yield sent


def _label(sent: Sent) -> dict[str, str]:
    model = sent.body["model"]
    return {"tenant_id": sent.caller.tenant, "model": model, "status": ENDS[model.removeprefix("openai:")]}


def count_runs(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each run, all of which are over."""
    return (_label(sent) for sent in _list_runs(ledger))


def add_costs(ledger: Ledger) -> Iterator[Increment]:
    """Yield what each call of a run cost; a run that has paid nothing is there with nothing."""
    whose = {sent.body["model"].removeprefix("openai:"): _label(sent) for sent in _list_runs(ledger)}
    yield from ((labels, 0.0) for labels in whose.values())
    for attempt in ledger.attempts:
        if attempt.model in whose:
            yield whose[attempt.model], float(attempt.cost_usd)


def count_rejections(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each run that a cap forbade; a quota is no cap."""
    kinds = {"too_many_concurrent_runs": "concurrent", "rate_limit_exceeded": "rate"}
    for sent in _list_predicts(ledger):
        if sent.code in kinds:
            yield {"tenant_id": sent.caller.tenant, "kind": kinds[sent.code]}


def count_in_flight(ledger: Ledger) -> Iterator[Increment]:
    """Yield nothing for each tenant that had runs: all are over."""
    return (({"tenant_id": sent.caller.tenant}, 0.0) for sent in _list_runs(ledger))


def add_durations(ledger: Ledger) -> Iterator[Increment]:
    """Yield what each call of a run was told to take."""
    whose = {sent.body["model"].removeprefix("openai:"): _label(sent) for sent in _list_runs(ledger)}
    for attempt in ledger.attempts:
        if attempt.model in whose:
            yield whose[attempt.model], attempt.least_s


COUNTS = {
    "mantis_predict_requests_total": count_predicts,
    "mantis_chat_completions_total": count_chats,
    "mantis_run_duration_seconds_count": count_runs,
    "mantis_run_cost_usd_count": count_runs,
    "mantis_run_cost_usd_sum": add_costs,
    "mantis_rate_limit_rejections_total": count_rejections,
    "mantis_concurrent_runs": count_in_flight,
}
LEAST = {"mantis_run_duration_seconds_sum": add_durations}
