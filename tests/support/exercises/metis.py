"""Metis's exercise: calls and failures, all seven routing slots, keys, quotas, sessions, tools and judges.

Requests follow one another, so that what a provider gets meanwhile is theirs. The note of a request is the
slot that wins its first routing decision; that of a turn whose session ends meanwhile is `cancelled`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from support.exercises import Increment
from support.sent_ledger import Caller, Ledger, Sent
from support.stand import NOBODY, OPERATOR, Stand

SPEED = 20.0  # a tool that waits is given up after 5 s of rule time: the client must be quicker
FAST = {"kind": "constant", "s": 0}
FAILURES = (
    "rate_limit",
    "auth",
    "server_error",
    "network",
    "context_overflow",
    "timeout",
    "invalid_request",
    "unknown",
)
TOOLS = {"calculator", "clock", "lookup", "wait"}
TOOL_CALLS: tuple[tuple[str, Mapping[str, Any], str | None], ...] = (
    ("calculator", {"expression": "6 * 7"}, None),
    ("calculator", {"expression": "6 *"}, "invalid_arguments"),
    ("calculator", {"expression": "1 / 0"}, "execution_error"),
    ("calculator", {"expression": "2 ** 100000"}, "result_too_large"),
    ("clock", {}, None),
    ("clock", {"zone": "UTC"}, "invalid_arguments"),
    ("lookup", {"model": "gpt-4o"}, None),
    ("lookup", {"model": "gpt-99"}, "not_found"),
    ("wait", {"seconds": 0}, None),
    ("wait", {"seconds": 60}, "timeout"),
    ("abacus", {}, "unknown_tool"),
)
"""What is asked of the tools, and how each fails."""


async def exercise(stand: Stand) -> None:
    """Call, be routed, be refused, hold sessions and have them judged."""
    keyed = await stand.issue("k1", user="ada", team="red")
    await _call(stand, keyed)
    await _be_refused(stand)
    await _use_up_quotas(stand)
    await _hold_sessions(stand, keyed)
    await _lose_a_provider(stand, keyed)


async def _call(stand: Stand, keyed: Caller) -> None:
    """Call models of three providers, let one fail in every way, and leave the choice open."""
    for provider, model in (
        ("openai", "gpt-4o"),
        ("anthropic", "claude-opus-4-1"),
        ("openrouter", "mixtral-8x22b"),
    ):
        stand.change(provider, model, latency=FAST, prompt_tokens=1000, completion_tokens=300)
        for stream in (False, True):
            for caller in (keyed, OPERATOR):
                sent = await stand.chat(
                    caller, note="explicit_model", model=f"{provider}:{model}", stream=stream
                )
                assert sent.status == 200, sent
    stand.change("openai", "gpt-4o", latency={"kind": "constant", "s": 20})
    await stand.chat(keyed, note="explicit_model", model="openai:gpt-4o")
    for failure in FAILURES:
        stand.change("openai", "gpt-4.1", latency=FAST, errors={"class": failure, "next": 1})
        await stand.chat(keyed, note="explicit_model", model="gpt-4.1")
    stand.change("openai", "gpt-4.1", latency=FAST, errors={"class": "rate_limit", "next": 1})
    stand.change("ollama", "llama3.2", latency=FAST, errors={"class": "server_error", "next": 1})
    assert (await stand.chat(keyed, note="explicit_model", model="gpt-4.1", stream=True)).status == 429
    await stand.chat(keyed, note="global_default")
    pinned = await stand.issue("k-pinned", model="anthropic:claude-haiku-4-5")
    stand.change("anthropic", "claude-haiku-4-5", latency=FAST)
    await stand.chat(pinned, note="key_pin", model="auto")
    assert (await stand.chat(keyed, model="gpt-99")).status == 404


async def _be_refused(stand: Stand) -> None:
    """Come without a token, with a wrong one, and with those of keys that are no more."""
    revoked, rotated = await stand.issue("k-revoked"), await stand.issue("k-rotated")
    await stand.administer("POST", "/admin/keys/k-revoked/revoke")
    await stand.administer("POST", "/admin/keys/k-rotated/rotate")
    for caller in (NOBODY, Caller(token="guess"), Caller(token="guess"), revoked, rotated):
        assert (await stand.chat(caller)).status == 401
    assert (await stand.send("POST", "/v1/sessions", NOBODY, {"workspace": "w"})).status == 401
    assert (await stand.send("GET", "/v1/models", revoked)).status == 401


async def _use_up_quotas(stand: Stand) -> None:
    """Use up the limit of a key, of a user and of a team."""
    limits = [{"unit": "requests", "period": "day", "limit": 2}]
    by_key = await stand.issue("k-limited", limits=limits)
    by_user = await stand.issue("k-of-eve", user="eve")
    by_team = await stand.issue("k-of-blue", team="blue")
    await stand.administer("PUT", "/admin/limits/user/eve", {"limits": limits})
    await stand.administer("PUT", "/admin/limits/team/blue", {"limits": limits})
    stand.change("openai", "gpt-5-mini", latency=FAST)
    for caller in (by_key, by_user, by_team):
        for status in (200, 200, 429):
            sent = await stand.chat(caller, note="explicit_model", model="gpt-5-mini")
            assert sent.status == status
            await stand.look()


async def _hold_sessions(stand: Stand, keyed: Caller) -> None:
    for name, body in (
        ("plain", {}),
        ("set", {"default_model": "openai:o4-mini", "tools": ["clock"]}),
    ):
        assert (await stand.send("PUT", f"/v1/workspaces/{name}", keyed, body)).status == 200
    stand.change("openai", "o4-mini", latency=FAST, prompt_tokens=70, completion_tokens=7)
    stand.change("openai", "o3", latency=FAST, prompt_tokens=700, completion_tokens=70)
    plain, default = await _open(stand, keyed, "plain"), await _open(stand, keyed, "set")
    await stand.look()
    tools = [{"name": name, "arguments": arguments} for name, arguments, _ in TOOL_CALLS]
    for call, (_, _, error) in zip(tools, TOOL_CALLS, strict=True):
        sent = await _take_turn(
            stand, keyed, plain, "explicit_model", text="Use it", model="o3", tools=[call]
        )
        assert sent.answer["tools"][0].get("error", {}).get("class") == error, sent.answer
    refused = await _take_turn(
        stand, keyed, default, "workspace_default", text="Hello", tools=[tools[0], tools[4]]
    )
    assert [tool.get("error", {}).get("class") for tool in refused.answer["tools"]] == [
        "permission_denied",
        None,
    ]
    await _learn(stand, keyed, plain)
    await _judge(stand, keyed, plain)
    await _end_in_the_middle(stand, keyed)
    await stand.send("DELETE", f"/v1/sessions/{plain}", keyed)


async def _open(stand: Stand, caller: Caller, workspace: str) -> str:
    sent = await stand.send("POST", "/v1/sessions", caller, {"workspace": workspace}, note="opened")
    assert sent.status == 201, sent
    return sent.answer["id"]


async def _take_turn(stand: Stand, caller: Caller, session: str, slot: str, **body: Any) -> Sent:
    sent = await stand.send("POST", f"/v1/sessions/{session}/turns", caller, body, note=slot)
    assert sent.status == 200, sent
    return sent


async def _learn(stand: Stand, caller: Caller, session: str) -> None:
    """Let a turn pass, so that a similar one is given to the same model; one that is not is not."""
    text = "Summarise the report of the week in three lines"
    turn = await _take_turn(stand, caller, session, "explicit_model", text=text, model="o3")
    path = f"/v1/sessions/{session}/turns/{turn.answer['number']}/evaluations"
    sent = await stand.send("POST", path, caller, {"judge": "heuristic"}, note="heuristic turn")
    assert sent.answer["passed"], sent
    for similar in (text, f"{text} please"):
        sent = await _take_turn(stand, caller, session, "pattern_store", text=similar)
        assert sent.answer["model"] == "openai:o3"
        await stand.look()
    await _take_turn(stand, caller, session, "global_default", text="Something else entirely")


async def _judge(stand: Stand, caller: Caller, session: str) -> None:
    """Have a turn and the session judged by both judges, and by a model that does not answer."""
    of_turn, of_session = f"/v1/sessions/{session}/turns/0/evaluations", f"/v1/sessions/{session}/evaluations"
    stand.change("openai", "gpt-5", latency=FAST)
    asked = {"judge": "model", "model": "gpt-5"}
    for _ in range(2):
        await stand.send("POST", of_turn, caller, asked, note="explicit_model")
    await stand.send("POST", of_session, caller, {}, note="heuristic session")
    await stand.send("POST", of_session, caller, asked, note="explicit_model")
    for provider, model in (("openai", "gpt-5"), ("ollama", "llama3.2")):
        stand.change(provider, model, latency=FAST, errors={"class": "server_error", "next": 1})
    assert (await stand.send("POST", of_session, caller, asked, note="explicit_model")).status == 502
    path = f"/v1/sessions/{session}/turns/99/evaluations"
    assert (await stand.send("POST", path, caller, {})).status == 404


async def _end_in_the_middle(stand: Stand, caller: Caller) -> None:
    """Close a session while a tool waits."""
    session = await _open(stand, caller, "plain")
    body = {"text": "Wait", "tools": [{"name": "wait", "arguments": {"seconds": 60}}]}
    turn = asyncio.create_task(
        stand.send("POST", f"/v1/sessions/{session}/turns", caller, body, note="cancelled")
    )
    path = f"/v1/sessions/{session}"
    # A session that is busy refuses a second turn.
    await stand.ask_until(
        lambda: stand.send("POST", f"{path}/turns", caller, {"text": "Again", "model": "gpt-99"}),
        lambda sent: sent.status == 409,
        "the session to be busy",
    )
    assert (await stand.send("DELETE", path, caller)).status == 200
    assert (await turn).status == 404


async def _lose_a_provider(stand: Stand, keyed: Caller) -> None:
    """Fail to reach a provider five times: from then on another is chosen at first."""
    stand.change("openrouter", "qwen-2.5-72b", latency=FAST, errors={"class": "network", "share": 1.0})
    model = "openrouter:qwen-2.5-72b"
    for slot in (*["explicit_model"] * 5, "provider_health", "provider_health"):
        sent = await stand.chat(keyed, note=slot, model=model)
        assert (sent.status, sent.headers["X-Gateway-Model"]) == (200, "llama3.2")


def _name(attempt: Any) -> dict[str, str]:
    return {"provider": attempt.provider, "model": attempt.model}


def count_calls(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each call that a provider got."""
    return ({**_name(attempt), "status": attempt.outcome} for attempt in ledger.attempts)


def count_errors(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each call that a provider was told to fail."""
    failed = (attempt for attempt in ledger.attempts if attempt.outcome != "ok")
    return ({**_name(attempt), "error_class": attempt.outcome} for attempt in failed)


def count_latencies(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each call that a provider got."""
    return (_name(attempt) for attempt in ledger.attempts)


def add_costs(ledger: Ledger) -> Iterator[Increment]:
    """Yield what each answer cost, by its model."""
    for attempt in ledger.attempts:
        if attempt.outcome == "ok":
            yield _name(attempt), float(attempt.cost_usd)


def add_key_costs(ledger: Ledger) -> Iterator[Increment]:
    """Yield what each answer cost, by the key that it was asked for with."""
    assert sum(len(sent.attempts) for sent in ledger.sent) == len(ledger.attempts)
    for sent in ledger.sent:
        for attempt in sent.attempts:
            if attempt.outcome == "ok":
                yield {"gateway_key_id": sent.caller.key or "null"}, float(attempt.cost_usd)


def _list_decisions(ledger: Ledger) -> Iterator[tuple[str, str]]:
    """Yield slot and model of each decision: the first of a request as noted, the others as fallbacks."""
    for sent in ledger.sent:
        for place, attempt in enumerate(sent.attempts):
            yield "fallback" if place else sent.note, f"{attempt.provider}:{attempt.model}"


def count_decisions(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each decision, which is one for each call."""
    return ({"winning_slot": slot, "chosen_model": model} for slot, model in _list_decisions(ledger))


def count_patterns(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each decision of the pattern store."""
    for slot, model in _list_decisions(ledger):
        if slot == "pattern_store":
            yield {"chose_model": model, "fingerprint_version": "v2"}


def _list_tool_calls(ledger: Ledger) -> Iterator[tuple[str, str | None]]:
    """Yield the name of each tool that was called, and how it failed, as the client was told."""
    for sent in ledger.sent:
        if sent.path.endswith("/turns") and (sent.status == 200 or sent.note == "cancelled"):
            for place, call in enumerate(sent.body.get("tools", ())):
                name = call["name"] if call["name"] in TOOLS else "unknown"
                if sent.note == "cancelled":
                    yield name, "cancelled"
                else:
                    yield name, sent.answer["tools"][place].get("error", {}).get("class")


def count_tools(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each call of a tool."""
    return ({"tool_name": name} for name, _ in _list_tool_calls(ledger))


def count_tool_failures(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each call of a tool that failed."""
    for name, error in _list_tool_calls(ledger):
        if error is not None:
            yield {"tool_name": name, "error_class": error}


def count_auth_failures(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each request that was turned away, by whose token it had."""
    for sent in ledger.sent:
        if sent.status == 401:
            token = sent.caller.token
            reason = (
                "missing_token" if token is None else "key_revoked" if sent.caller.key else "invalid_token"
            )
            yield {"reason": reason}


def count_verdicts(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each evaluation that was answered with a verdict."""
    for sent in ledger.sent:
        if sent.path.endswith("/evaluations") and sent.status == 200:
            subject = "turn" if "/turns/" in sent.path else "session"
            yield {"judge_kind": sent.body.get("judge", "heuristic"), "subject_kind": subject}


def count_sessions(ledger: Ledger) -> Iterator[Increment]:
    """Yield the sessions that were opened and not closed; none was idle for as long as it takes."""
    for sent in ledger.sent:
        if sent.note == "opened":
            yield {}, 1
        if sent.method == "DELETE" and sent.status == 200:
            yield {}, -1


def add_latencies(ledger: Ledger) -> Iterator[Increment]:
    """Yield what each call was told to take."""
    return ((_name(attempt), attempt.least_s) for attempt in ledger.attempts)


def add_tool_times(ledger: Ledger) -> Iterator[Increment]:
    """Yield the five seconds after which a tool is given up."""
    for name, error in _list_tool_calls(ledger):
        yield {"tool_name": name}, 5.0 if error == "timeout" else 0.0


COUNTS = {
    "metis_llm_calls_total": count_calls,
    "metis_llm_call_errors_total": count_errors,
    "metis_llm_call_latency_seconds_count": count_latencies,
    "metis_llm_cost_usd_total": add_costs,
    "metis_gateway_key_cost_usd_total": add_key_costs,
    "metis_routing_decisions_total": count_decisions,
    "metis_routing_decision_latency_seconds_count": lambda ledger: ({} for _ in _list_decisions(ledger)),
    "metis_pattern_matches_total": count_patterns,
    "metis_tool_call_latency_seconds_count": count_tools,
    "metis_tool_failures_total": count_tool_failures,
    "metis_gateway_auth_failures_total": count_auth_failures,
    "metis_eval_verdicts_total": count_verdicts,
    "metis_session_count": count_sessions,
    "metis_gateway_keys_active": lambda _ledger: [({}, 6)],
    "metis_gateway_keys_revoked": lambda _ledger: [({}, 2)],
}
LEAST = {
    "metis_llm_call_latency_seconds_sum": add_latencies,
    "metis_tool_call_latency_seconds_sum": add_tool_times,
    "metis_routing_decision_latency_seconds_sum": lambda _ledger: (),  # nothing there can be made to wait
}
