"""The requests of ordinary traffic: which model, how long a prompt, how many tokens, streamed or not."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from alertdrill.load.fields import Fields

MAX_TOKENS = 1_000_000
MAX_PROMPT_CHARS = 100_000
ANY_MODEL = "openai:gpt-4o-mini"

_SENTENCE = "Explain in plain words why this alert is firing and what to do first. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Chat completions over `models` (`provider:model`) taken in turn, paid for by the key `key`.

    `stream_share` of the calls to each model are streamed. `key` is None where no key is needed.
    """

    models: tuple[str, ...]
    key: str | None
    stream_share: float
    max_tokens: int
    prompt_chars: int

    def body(self, index: int) -> str:
        """Return the JSON body of the `index`th call."""
        turn, place = divmod(index, len(self.models))
        share = self.stream_share
        prompt = _SENTENCE * (self.prompt_chars // len(_SENTENCE) + 1)
        return json.dumps(
            {
                "model": self.models[place],
                "messages": [{"role": "user", "content": prompt[: self.prompt_chars]}],
                "max_tokens": self.max_tokens,
                "stream": math.floor((turn + 1) * share) > math.floor(turn * share),
            }
        )


def read_calls(fields: Fields, *, has_key: bool = True, is_refused: bool = False) -> Calls:
    """Take the options of calls. Raises BadPlan.

    A key is required if they have one, else an error. Models are optional if every call is refused.
    """
    return Calls(
        models=fields.texts("models", [ANY_MODEL] if is_refused else None),
        key=fields.text("key") if has_key else None,
        stream_share=fields.number("stream_share", 0.0, least=0, most=1),
        max_tokens=fields.whole("max_tokens", 256, least=1, most=MAX_TOKENS),
        prompt_chars=fields.whole("prompt_chars", 400, least=1, most=MAX_PROMPT_CHARS),
    )
