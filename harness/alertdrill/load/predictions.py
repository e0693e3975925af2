"""What clients of the predict API send: runs, what is asked about them, and what clients learn from that."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from alertdrill.load.calls import ANY_MODEL, MAX_PROMPT_CHARS, MAX_TOKENS
from alertdrill.load.fields import Fields
from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.plan import BehaviourChange
from alertdrill.load.script import Request, TimedAction

MAX_STEPS = 50
ASKS = ("status", "result", "logs", "cancel")
REPEAT = "repeat"
"""Ask for the same run again, under its idempotency key."""
SUBJECTS = ("latest", "failed")
NO_RUN = "run-" + "0" * 32
"""What is asked about while no run is known."""

_SENTENCE = "Investigate why this alert is firing, step by step, and write down what was found. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Runs of `steps` steps over `models` taken in turn, paid for by the key `key`.

    After each run `asks` are asked in turn, about the `latest` run or the first that is known to have
    `failed`, whichever `about` says.
    """

    models: tuple[str, ...]
    key: str
    steps: int
    max_tokens: int
    prompt_chars: int
    asks: tuple[str, ...]
    about: str

    def body(self, turn: int, idempotency_key: str) -> dict[str, Any]:
        """Return the `turn`th run."""
        prompt = _SENTENCE * (self.prompt_chars // len(_SENTENCE) + 1)
        return {
            "mode": "run",
            "model": self.models[turn % len(self.models)],
            "input": prompt[: self.prompt_chars],
            "steps": self.steps,
            "max_tokens": self.max_tokens,
            "idempotency_key": idempotency_key,
        }


def read_predictions(fields: Fields) -> Predictions:
    """Take the options of runs. Raises BadPlan."""
    return Predictions(
        models=fields.texts("models", [ANY_MODEL]),
        key=fields.text("key"),
        steps=fields.whole("steps", 1, least=1, most=MAX_STEPS),
        max_tokens=fields.whole("max_tokens", 256, least=1, most=MAX_TOKENS),
        prompt_chars=fields.whole("prompt_chars", 400, least=1, most=MAX_PROMPT_CHARS),
        asks=tuple(
            Fields({"ask": ask}, fields.where).text("ask", of=(*ASKS, REPEAT))
            for ask in (fields.texts("asks") if fields.has("asks") else ())
        ),
        about=fields.text("about", "latest", of=SUBJECTS),
    )


class PredictScript:
    """Clients that start runs and ask about them; whatever is not a success is a failure.

    `welcome` has the statuses that are welcome besides.
    """

    needs = "the predict API (POST /v1/predict)"

    def __init__(
        self,
        predictions: Predictions,
        *,
        changes: tuple[BehaviourChange, ...] = (),
        welcome: frozenset[int] = frozenset(),
    ) -> None:
        self._predictions = predictions
        self.learns = bool(predictions.asks)
        self.changes = changes
        self._welcome = welcome
        # Load profiles may share a key, and so a tenant, but no load profile is another's repetition.
        self._client = secrets.token_hex(8)
        self._latest = NO_RUN
        self._failed: str | None = None

    def list_keys(self) -> Sequence[str]:
        """Return the one key."""
        return (self._predictions.key,)

    def actions(self, keyring: Keyring) -> Sequence[TimedAction]:  # noqa: ARG002 - part of the protocol
        """Return no timed actions."""
        return ()

    def request(self, index: int) -> Request:
        """Return a run, or what is asked after it."""
        asks = self._predictions.asks
        turn, place = divmod(index, 1 + len(asks))
        if place == 0 or asks[place - 1] == REPEAT:
            body = self._predictions.body(turn, f"{self._client}-{turn}")
        else:
            run_id = self._failed if self._predictions.about == "failed" else None
            body = {"mode": asks[place - 1], "run_id": run_id or self._latest}
        return Request(method="POST", path="/v1/predict", body=json.dumps(body))

    def note_answer(self, index: int, status: int, body: str) -> None:  # noqa: ARG002 - as the protocol has it
        """Learn which run was started last, and which was the first to have failed."""
        with suppress(ValueError):
            answer = json.loads(body)
            run_id = answer.get("run_id") if isinstance(answer, dict) else None
            if isinstance(run_id, str):
                self._latest = run_id
                if status >= 500 or answer.get("status") == "failed":
                    self._failed = self._failed or run_id

    def token(self, at_s: float, keyring: Keyring) -> str | None:  # noqa: ARG002 - part of the protocol
        """Return the key's token."""
        return keyring.token(self._predictions.key)

    def welcomes(self, status: int) -> bool:
        """Welcome success and what else was said to be welcome."""
        return 200 <= status < 300 or status in self._welcome
