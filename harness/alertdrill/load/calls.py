"""The requests of ordinary traffic: API, model, length of the prompt, tokens, streamed or not."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from alertdrill.load.errors import BadPlan
from alertdrill.load.fields import Fields

MAX_TOKENS = 1_000_000
MAX_PROMPT_CHARS = 100_000
PATHS = {"chat": "/v1/chat/completions", "embeddings": "/v1/embeddings", "messages": "/v1/messages"}
"""Where each API is asked: OpenAI's chat completions and embeddings, and Anthropic's messages."""
CHARS_PER_TOKEN = 4
"""As long as English is on the average: a trace says how many tokens a prompt had, and not which."""
ANY_MODEL = "openai:gpt-4o-mini"

_SENTENCE = "Explain in plain words why this alert is firing and what to do first. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls of one API over `models`, named as the gateway names them and taken in turn, paid for by `key`.

    `stream_share` of the calls to each model are streamed. `key` is None where no key is needed. With
    `sizes`, the tokens of prompt and answer of each call, the two lengths count for calls beyond them only.
    """

    models: tuple[str, ...]
    key: str | None
    stream_share: float
    max_tokens: int
    prompt_chars: int
    api: str = "chat"
    sizes: Sequence[tuple[int, int]] = ()

    def is_streamed(self, index: int) -> bool:
        """Whether the answer to the `index`th call is streamed."""
        turn, share = index // len(self.models), self.stream_share
        return self.api != "embeddings" and math.floor((turn + 1) * share) > math.floor(turn * share)

    def body(self, index: int) -> str:
        """Return the JSON body of the `index`th call."""
        prompt_chars, max_tokens = self._measure(index)
        model = self.models[index % len(self.models)]
        return _write_body(self.api, model, prompt_chars, max_tokens, self.is_streamed(index))

    def _measure(self, index: int) -> tuple[int, int]:
        """Return how many characters the prompt has, and how many tokens the answer at most."""
        if index >= len(self.sizes):
            return self.prompt_chars, self.max_tokens
        prompt_tokens, answer_tokens = self.sizes[index]
        # An API refuses what is empty, which a trace has where a call failed.
        return max(1, prompt_tokens) * CHARS_PER_TOKEN, max(1, answer_tokens)


@lru_cache(maxsize=64)
def _write_body(api: str, model: str, prompt_chars: int, max_tokens: int, is_streamed: bool) -> str:
    """Return a body; most calls have one that another had before."""
    prompt = (_SENTENCE * (prompt_chars // len(_SENTENCE) + 1))[:prompt_chars]
    if api == "embeddings":
        return json.dumps({"model": model, "input": prompt})
    return json.dumps(
        {
            "model": model,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": max_tokens,
            "stream": is_streamed,
        }
    )


def read_calls(
    fields: Fields,
    *,
    has_key: bool = True,
    is_refused: bool = False,
    apis: Sequence[str] = tuple(PATHS),
    stream_share: float = 0.0,
) -> Calls:
    """Take the options of calls, of one of these APIs; the first, unless stated. Raises BadPlan.

    A key is required if they have one, else an error. Models are optional if every call is refused.
    """
    api = fields.text("api", apis[0], of=tuple(apis))
    if api == "embeddings":
        for name in ("stream_share", "max_tokens"):
            if fields.has(name):
                raise BadPlan(f"{fields.where}: embeddings have no {name}")
    return Calls(
        api=api,
        models=fields.texts("models", [ANY_MODEL] if is_refused else None),
        key=fields.text("key") if has_key else None,
        stream_share=fields.number("stream_share", stream_share, least=0, most=1),
        max_tokens=fields.whole("max_tokens", 256, least=1, most=MAX_TOKENS),
        prompt_chars=fields.whole("prompt_chars", 400, least=1, most=MAX_PROMPT_CHARS),
    )
