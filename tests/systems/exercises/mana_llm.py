"""mana-llm's exercise: answers of three providers, failures of every class, and what falls back."""

from __future__ import annotations

from collections.abc import Iterator

from sent_ledger import Attempt, Ledger
from stand import NOBODY, Stand

from exercises import Increment

SPEED = 100.0
FAST = {"kind": "constant", "s": 1}
LOCAL = "gemma3:12b"
FELL_BACK = ("rate_limit", "auth", "server_error", "network", "timeout", "unknown")
REFUSED = ("context_overflow", "invalid_request")


async def exercise(stand: Stand) -> None:
    """Ask each provider by name, leave the choice open, and fail the local model in every way."""
    red = await stand.issue("k-red", team="red")
    stand.tell("openrouter", "llama-4-maverick", latency=FAST, prompt_tokens=70, completion_tokens=900)
    for model in ("ollama:llama3.1", "google:gemini-2.5-pro", "openrouter:llama-4-maverick"):
        for stream in (False, True):
            assert (await stand.chat(red, model=model, stream=stream)).status == 200
    await _fail(stand)
    await _fail_everywhere(stand)
    for fields in ({"model": "gemma3:99b"}, {"messages": []}):
        assert (await stand.chat(red, **fields)).status in {400, 404}
    assert (await stand.chat(NOBODY)).status == 401


async def _fail(stand: Stand) -> None:
    """Fail an open choice: Google answers after what another provider may do better, else nobody."""
    for stream in (False, True):
        for error in FELL_BACK:
            stand.tell("ollama", LOCAL, latency=FAST, errors={"class": error, "next": 1})
            for provider in ("google", "ollama"):
                sent = await stand.chat(model="auto", stream=stream)
                assert (sent.status, sent.headers["X-Gateway-Provider"]) == (200, provider), error
        for error in REFUSED:
            stand.tell("ollama", LOCAL, latency=FAST, errors={"class": error, "next": 1})
            assert (await stand.chat(stream=stream)).status == 400


async def _fail_everywhere(stand: Stand) -> None:
    """Fail at all three, one after another: the first failure is what the client is told."""
    stand.tell("ollama", LOCAL, errors={"class": "rate_limit", "next": 1})
    stand.tell("google", "gemini-2.5-flash", errors={"class": "server_error", "next": 1})
    stand.tell("openrouter", "llama-4-scout", errors={"class": "auth", "next": 1})
    assert (await stand.chat()).status == 429


def _label(attempt: Attempt) -> dict[str, str]:
    return {"provider": attempt.provider, "model": attempt.model}


def count_attempts(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each call that reached a provider, however it ended."""
    return (_label(attempt) for attempt in ledger.attempts)


def count_errors(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each that failed, by how."""
    for attempt in ledger.attempts:
        if attempt.outcome != "ok":
            yield _label(attempt) | {"error_type": attempt.outcome}


def count_answers(ledger: Ledger) -> Iterator[Increment]:
    """Yield one for each that was answered."""
    return (_label(attempt) for attempt in ledger.attempts if attempt.outcome == "ok")


def add_tokens(ledger: Ledger) -> Iterator[Increment]:
    """Yield the tokens of the answers."""
    for attempt in ledger.attempts:
        if attempt.outcome == "ok":
            yield _label(attempt) | {"type": "prompt"}, float(attempt.prompt_tokens)
            yield _label(attempt) | {"type": "completion"}, float(attempt.completion_tokens)


COUNTS = {
    "mana_llm_llm_requests_total": count_attempts,
    "mana_llm_llm_errors_total": count_errors,
    "mana_llm_llm_latency_seconds_count": count_answers,
    "mana_llm_tokens_total": add_tokens,
}
