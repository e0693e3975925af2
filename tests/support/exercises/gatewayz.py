"""Gatewayz's exercise: requests of every method and kind, credits, rate limits, caches, the queue, databases.

Each model is used by one caller only, so that its calls are that caller's. The note of a request that is
looked up in a cache is `hit` or `miss`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

from support.exercises import Increment
from support.sent_ledger import Caller, Ledger, Sent, Statement
from support.stand import NOBODY, OPERATOR, Stand

SPEED = 30.0
CHAT, COMPLETIONS, RESPONSES, CREDITS = (
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/credits",
)
ENDPOINTS = {
    CHAT: {"POST"},
    COMPLETIONS: {"POST"},
    RESPONSES: {"POST"},
    f"{RESPONSES}/{{id}}": {"GET", "HEAD"},
    CREDITS: {"GET", "HEAD"},
    "/v1/models": {"GET", "HEAD"},
}
"""The patterns that are asked for here, and the methods that they have."""
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
FAST = {"kind": "constant", "s": 0}
SLOW = {"kind": "constant", "s": 40}
ERRORS = ("rate_limit", "auth", "server_error", "network", "context_overflow", "invalid_request", "unknown")
SLOTS = 8
TRIAL_CREDITS = 10_000
OWNERS = {
    "mistral-large": "ada",
    "mistral-small": "ada",
    "mistral-nemo": "ada",
    "gpt-4": "ada",
    "ministral-8b": "k-solo",
    "ministral-3b": "k-solo",
    "magistral-small": "bob",
}
"""Whose account each model's calls are charged to; those of no other model are charged to anybody."""


async def exercise(stand: Stand) -> None:
    """Chat, complete and respond as three users and the operator, and be refused in every way."""
    ada = await stand.issue("k-ada", user="ada", limits=[{"unit": "requests", "period": "day", "limit": 40}])
    solo = await stand.issue("k-solo")
    await _fail(stand, ada)
    await _fall_back(stand, ada)
    await _stream(stand, ada)
    await _use_the_caches(stand, solo)
    await _respond(stand, solo)
    await _wait_in_line(stand)
    await _lose_a_provider(stand)
    await _be_limited(stand)
    await _ask_oddly(stand, ada)
    await stand.administer("PUT", "/admin/limits/user/ada", {"limits": []})
    await _rotate_keys(stand)
    # An account that a request opens is counted within a minute.
    await stand.until(lambda shown: shown.value("trial_active", status="active") == 4, "four trials")
    # The trace is written a little later, and a batch is counted just after it is committed.
    await stand.until(
        lambda shown: (
            _is_traced(stand.ledger, "gateway.key_revoked", '"k-two"')
            and shown.total("database_queries_total") == len(list(count_queries(stand.ledger)))
        ),
        "the databases to be written",
    )


def _is_traced(ledger: Ledger, *texts: str) -> bool:
    written = (statement.text for statement in ledger.statements if statement.database == "trace.db")
    return any(all(text in statement for text in texts) for statement in written)


async def _complete(stand: Stand, caller: Caller, model: str, **fields: Any) -> Sent:
    body = {"model": model, "prompt": "Say hello", **fields}
    return await stand.send("POST", COMPLETIONS, caller, body)


async def _fail(stand: Stand, ada: Caller) -> None:
    """Let calls fail in every way, a timeout included, and then succeed."""
    for error in (*ERRORS, "timeout"):
        stand.change("openrouter", "mistral-large", latency=FAST, errors={"class": error, "next": 1})
        assert (await _complete(stand, ada, "openrouter:mistral-large")).status >= 400
        await stand.look()
    stand.change("openrouter", "mistral-large", latency=FAST, prompt_tokens=1000, completion_tokens=3000)
    for _ in range(2):
        assert (await _complete(stand, ada, "mistral-large")).status == 200


async def _fall_back(stand: Stand, ada: Caller) -> None:
    """Leave the model open, and have the fallback answer after a failure."""
    stand.change("openrouter", "mistral-nemo", latency=FAST, prompt_tokens=10_000, completion_tokens=7)
    stand.change("openrouter", "mistral-small", latency=FAST, errors={"class": "server_error", "next": 1})
    for answered in ("mistral-nemo", "mistral-small"):
        sent = await stand.chat(ada)
        assert sent.headers["X-Gateway-Model"] == answered


async def _stream(stand: Stand, ada: Caller) -> None:
    stand.change("openai", "gpt-4", latency=FAST, prompt_tokens=100, completion_tokens=50)
    assert (await stand.chat(ada, model="gpt-4", stream=True, temperature=0)).status == 200


async def _use_the_caches(stand: Stand, solo: Caller) -> None:
    """Ask the same twice and a minute later, for an answer and for a statement of the account."""
    stand.change("openrouter", "ministral-8b", latency=FAST, prompt_tokens=2000, completion_tokens=100)
    asked = {"model": "ministral-8b", "temperature": 0}
    twice = (("miss", {}), ("hit", {}), ("hit", {}))
    for note, more in (*twice, ("miss", {"max_tokens": 9}), ("", {"temperature": 1})):
        assert (await stand.chat(solo, note=note, **asked | more)).status == 200
        await stand.look()
    # Another user's answer is another's.
    stand.change("openrouter", "codestral", latency=FAST)
    for note in ("miss", "hit"):
        await stand.chat(OPERATOR, note=note, model="codestral", temperature=0)
    assert (await stand.send("GET", CREDITS, solo, note="miss")).answer["user"] == "k-solo"
    await stand.send("GET", CREDITS, solo, note="hit")
    await stand.administer("PUT", "/admin/accounts/k-solo", {"plan": "subscribed"})
    await stand.look()
    await stand.send("GET", CREDITS, solo, note="miss")
    await stand.send("GET", CREDITS, solo, note="hit")
    await stand.sleep(61)
    await stand.send("GET", CREDITS, solo, note="miss")
    assert (await stand.send("GET", CREDITS)).status == 404


async def _respond(stand: Stand, solo: Caller) -> None:
    """Ask for a response at once, and for one in the background."""
    stand.change("openrouter", "ministral-3b", latency=FAST, prompt_tokens=10, completion_tokens=10)
    body = {"model": "ministral-3b", "input": "Say hello"}
    assert (await stand.send("POST", RESPONSES, solo, body)).status == 200
    started = await stand.send("POST", RESPONSES, solo, body | {"background": True})
    path = f"{RESPONSES}/{started.answer['id']}"
    await stand.ask_until(
        lambda: stand.send("GET", path, solo), lambda sent: sent.answer["status"] == "completed", path
    )
    assert (await stand.send("GET", path, OPERATOR)).status == 404


async def _wait_in_line(stand: Stand) -> None:
    """Have more calls than a model takes at once."""
    stand.change("openrouter", "pixtral-12b", latency=SLOW)
    calls = [asyncio.create_task(_complete(stand, OPERATOR, "pixtral-12b")) for _ in range(SLOTS + 3)]
    model = {"provider": "openrouter", "model": "pixtral-12b"}
    await stand.until(lambda shown: shown.value("queue_size", **model) == 3, "three calls to wait")
    await stand.until(
        lambda shown: shown.value("active_connections", type="provider") == SLOTS, "eight calls in flight"
    )
    assert [sent.status for sent in await asyncio.gather(*calls)] == [200] * len(calls)


async def _lose_a_provider(stand: Stand) -> None:
    """Fail to reach a provider five times, and then reach it."""
    stand.change("openai", "gpt-3.5-turbo", latency=FAST, errors={"class": "network", "next": 5})
    for _ in range(5):
        assert (await _complete(stand, OPERATOR, "gpt-3.5-turbo")).status == 503
    assert (await stand.look()).value("provider_availability", provider="openai") == 0
    assert (await _complete(stand, OPERATOR, "gpt-3.5-turbo")).status == 200
    assert (await stand.look()).value("provider_availability", provider="openai") == 1


async def _be_limited(stand: Stand) -> None:
    """Be refused for the rate, for the credits and for a quota: each is another thing."""
    bob = await stand.issue("k-bob", user="bob")
    stand.change("openrouter", "magistral-small", latency=FAST, prompt_tokens=1, completion_tokens=1)
    assert (await _complete(stand, bob, "magistral-small")).status == 200
    await stand.look()
    await stand.administer("PUT", "/admin/accounts/bob", {"requests_per_minute": 1})
    for status in (200, 429, 429):
        assert (await _complete(stand, bob, "magistral-small")).status == status
    carol = await stand.issue("k-carol", user="carol")
    await stand.administer("PUT", "/admin/accounts/carol", {"credits": 0})
    sent = await _complete(stand, carol, "magistral-small")
    assert (sent.status, sent.code) == (402, "insufficient_credits")
    dora = await stand.issue("k-dora", limits=[{"unit": "requests", "period": "day", "limit": 1}])
    await stand.chat(dora, model="gpt-99")
    stand.change("openrouter", "devstral-small", latency=FAST, errors={"class": "server_error", "next": 1})
    for status in (502, 429):
        assert (await _complete(stand, dora, "devstral-small")).status == status


async def _ask_oddly(stand: Stand, ada: Caller) -> None:
    """Use every method, and one that no label knows; ask for what is not there, and without a key."""
    await stand.send("GET", "/v1/models", ada)
    for method in ("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
        await stand.send(method, "/v1/models", ada)
    for path in ("/v1/nothing", "/", "/v1/responses"):
        await stand.send("GET", path, ada)
    await stand.send("HEAD", CREDITS, NOBODY)
    for caller in (NOBODY, Caller(token="guess")):
        assert (await stand.chat(caller)).status == 401
    for body in ("{", "[]", {"messages": []}):
        assert (await stand.send("POST", CHAT, ada, body)).status == 400


async def _rotate_keys(stand: Stand) -> None:
    for key in ("k-one", "k-two"):
        await stand.issue(key)
    await stand.administer("POST", "/admin/keys/k-one/revoke")
    await stand.administer("POST", "/admin/keys/k-two/rotate")


def find_endpoint(sent: Sent) -> str:
    """Return the pattern that a request takes; `unknown` for what has none, or not for that method."""
    path = re.sub(rf"^{RESPONSES}/[^/]+$", f"{RESPONSES}/{{id}}", sent.path)
    return path if sent.method in ENDPOINTS.get(path, ()) else "unknown"


def _read_method(sent: Sent) -> str:
    return sent.method if sent.method in METHODS else "other"


def count_requests(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each request."""
    for sent in ledger.sent:
        yield {"method": _read_method(sent), "endpoint": find_endpoint(sent), "status": str(sent.status)}


def count_durations(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each request."""
    return ({"method": _read_method(sent), "endpoint": find_endpoint(sent)} for sent in ledger.sent)


def count_attempts(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each call that a provider got."""
    for attempt in ledger.attempts:
        yield {"provider": attempt.provider, "model": attempt.model, "status": attempt.outcome}


def count_attempt_durations(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each call that a provider got."""
    return ({"provider": attempt.provider, "model": attempt.model} for attempt in ledger.attempts)


def add_tokens(ledger: Ledger) -> Iterator[Increment]:
    """Yield what each call used of either kind; a call that failed used none."""
    for attempt in ledger.attempts:
        model = {"provider": attempt.provider, "model": attempt.model}
        yield {**model, "type": "input"}, attempt.prompt_tokens
        yield {**model, "type": "output"}, attempt.completion_tokens


def add_credits(ledger: Ledger) -> Iterator[Increment]:
    """Yield 100 credits for each dollar that a user's call cost."""
    for attempt in ledger.attempts:
        if attempt.model in OWNERS:
            labels = {"provider": attempt.provider, "model": attempt.model, "user_id": OWNERS[attempt.model]}
            yield labels, float(attempt.cost_usd * 100)


def add_balances(ledger: Ledger) -> Iterator[Increment]:
    """Yield what each account was opened with, and what was taken out of it."""
    for user in ("ada", "k-solo", "bob", "k-dora"):
        yield {"user_id": user}, TRIAL_CREDITS
    yield {"user_id": "carol"}, 0
    for attempt in ledger.attempts:
        if attempt.model in OWNERS:
            yield {"user_id": OWNERS[attempt.model]}, -float(attempt.cost_usd * 100)


def _count_lookups(ledger: Ledger, note: str) -> Iterator[Increment]:
    caches = {CHAT: "response", CREDITS: "statement"}
    return ({"cache_name": caches[sent.path]} for sent in ledger.sent if sent.note == note)


def count_hits(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each request whose answer was kept."""
    return _count_lookups(ledger, "hit")


def count_misses(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each request whose answer might have been kept and was not."""
    return _count_lookups(ledger, "miss")


def count_limited(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each request that came too soon after the one before."""
    return ({"api_key_id": sent.caller.key} for sent in ledger.sent if sent.code == "rate_limited")


def count_usage(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each request with a valid key."""
    for sent in ledger.sent:
        if sent.caller.key is not None and find_endpoint(sent) != "unknown":
            outcome = "error" if sent.status >= 400 else "success"
            status = "rate_limited" if sent.code == "rate_limited" else outcome
            yield {"api_key_id": sent.caller.key, "status": status}


def count_queries(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each read, and one for each transaction that changes something.

    What a database is asked before anybody can hear of it, when the gateway starts, is not there.
    """
    statements = list(ledger.statements)
    for place, statement in enumerate(statements):
        verb = statement.text.partition(" ")[0]
        if verb == "SELECT" and statement.database == "accounts.db":
            yield {"table": "accounts", "operation": "select"}
        elif verb == "BEGIN":
            yield _name_transaction(next(_follow(statements, place)))


def _follow(statements: list[Statement], place: int) -> Iterator[str]:
    """Yield what the same connection executed next."""
    connection = statements[place].connection
    return (statement.text for statement in statements[place + 1 :] if statement.connection == connection)


def _name_transaction(first: str) -> dict[str, str]:
    """Return table and operation of a transaction, by how it begins."""
    beginnings = {
        "INSERT INTO events": ("events", "insert"),
        "INSERT INTO keys": ("keys", "insert"),
        "UPDATE keys": ("keys", "update"),
        "DELETE FROM limits": ("limits", "update"),
        "INSERT OR REPLACE INTO accounts": ("accounts", "upsert"),
    }
    (found,) = (named for beginning, named in beginnings.items() if first.startswith(beginning))
    return dict(zip(("table", "operation"), found, strict=True))


def count_keys(_ledger: Ledger) -> Iterator[Increment]:
    """Yield the keys as they are at the end: one was revoked, one was replaced by its successor."""
    return iter([({"status": "active"}, 6), ({"status": "inactive"}, 2)])


def count_trials(_ledger: Ledger) -> Iterator[Increment]:
    """Yield the accounts as they are at the end: one of five has subscribed."""
    return iter([({"status": "active"}, 4), ({"status": "expired"}, 0)])


def add_attempt_durations(ledger: Ledger) -> Iterator[Increment]:
    """Yield what each call was told to take."""
    for attempt in ledger.attempts:
        yield {"provider": attempt.provider, "model": attempt.model}, attempt.least_s


def add_durations(ledger: Ledger) -> Iterator[Increment]:
    """Yield what the calls that waited in line were told to take; the last three also waited for others."""
    for attempt in ledger.attempts:
        if attempt.model == "pixtral-12b":
            yield {"method": "POST", "endpoint": COMPLETIONS}, attempt.least_s


COUNTS = {
    "http_requests_total": count_requests,
    "http_request_duration_seconds_count": count_durations,
    "model_inference_requests_total": count_attempts,
    "model_inference_duration_seconds_count": count_attempt_durations,
    "tokens_used_total": add_tokens,
    "credits_used_total": add_credits,
    "database_queries_total": count_queries,
    "database_query_duration_seconds_count": count_queries,
    "cache_hits_total": count_hits,
    "cache_misses_total": count_misses,
    "rate_limited_requests_total": count_limited,
    "api_key_usage_total": count_usage,
    "user_credit_balance": add_balances,
    "active_api_keys": count_keys,
    "trial_active": count_trials,
    "subscription_count": lambda _ledger: [({}, 1)],
}
LEAST = {
    "http_request_duration_seconds_sum": add_durations,
    "model_inference_duration_seconds_sum": add_attempt_durations,
    "database_query_duration_seconds_sum": lambda _ledger: (),  # nothing there can be made to wait
}
