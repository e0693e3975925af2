"""mana-llm's exercise: answers and failures of every class at all its providers, streamed and whole."""

from __future__ import annotations

from collections.abc import Iterator

from support.exercises import Increment
from support.sent_ledger import Ledger
from support.stand import NOBODY, OPERATOR, Stand

SPEED = 60.0
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
LOCAL, FALLBACK, LAST = (
    ("ollama", "gemma3:12b"),
    ("google", "gemini-2.5-flash"),
    ("openrouter", "llama-4-scout"),
)


async def exercise(stand: Stand) -> None:
    """Ask the local model, let it fail in every way, and let its fallbacks answer or fail too."""
    user = await stand.issue("k1", user="ada")
    for number, model in enumerate((LOCAL, FALLBACK, LAST), start=1):
        stand.change(*model, latency=FAST, prompt_tokens=1000 * number, completion_tokens=10 * number)
        for stream in (False, True):
            for caller in (user, OPERATOR):
                sent = await stand.chat(caller, model=":".join(model), stream=stream)
                assert sent.status == 200, sent
    assert (await stand.chat(user)).headers["X-Gateway-Model"] == LOCAL[1]
    stand.change(*LOCAL, latency={"kind": "constant", "s": 20})
    for _ in range(3):
        await stand.chat(user)
    for failure in FAILURES:
        stand.change(*LOCAL, latency=FAST, errors={"class": failure, "next": 1})
        await stand.chat(user)
    for stream in (False, True):
        stand.change(*LOCAL, latency=FAST, errors={"class": "server_error", "next": 1})
        stand.change(*FALLBACK, latency=FAST, errors={"class": "rate_limit", "next": 1})
        sent = await stand.chat(user, stream=stream)
        assert sent.headers["X-Gateway-Model"] == LAST[1]
    for model in (LOCAL, FALLBACK, LAST):
        stand.change(*model, latency=FAST, errors={"class": "server_error", "next": 1})
    assert (await stand.chat(user)).status == 502
    # What never gets to a provider is no request to one.
    assert (await stand.chat(NOBODY)).status == 401
    assert (await stand.chat(user, model="gpt-99")).status == 404
    assert (await stand.chat(user, messages=[])).status == 400


def count_attempts(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each call that a provider got."""
    return ({"provider": attempt.provider, "model": attempt.model} for attempt in ledger.attempts)


def count_errors(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each call that a provider was told to fail."""
    for attempt in ledger.attempts:
        if attempt.outcome != "ok":
            yield {"provider": attempt.provider, "model": attempt.model, "error_type": attempt.outcome}


def count_answers(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each call that a provider answered."""
    for attempt in ledger.attempts:
        if attempt.outcome == "ok":
            yield {"provider": attempt.provider, "model": attempt.model}


def add_tokens(ledger: Ledger) -> Iterator[Increment]:
    """Yield the tokens of either kind that each answer stated."""
    for attempt in ledger.attempts:
        if attempt.outcome == "ok":
            model = {"provider": attempt.provider, "model": attempt.model}
            yield {**model, "type": "prompt"}, attempt.prompt_tokens
            yield {**model, "type": "completion"}, attempt.completion_tokens


def add_latencies(ledger: Ledger) -> Iterator[Increment]:
    """Yield what each answer was told to take."""
    for attempt in ledger.attempts:
        if attempt.outcome == "ok":
            yield {"provider": attempt.provider, "model": attempt.model}, attempt.least_s


COUNTS = {
    "mana_llm_llm_requests_total": count_attempts,
    "mana_llm_llm_errors_total": count_errors,
    "mana_llm_llm_latency_seconds_count": count_answers,
    "mana_llm_tokens_total": add_tokens,
}
LEAST = {"mana_llm_llm_latency_seconds_sum": add_latencies}
