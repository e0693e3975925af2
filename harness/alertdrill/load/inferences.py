"""Inference as traffic: which versioned model, on which text, under which key."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alertdrill.load.fields import Fields
from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.options import Flag
from alertdrill.load.plan import BehaviourChange
from alertdrill.load.script import Request, TimedAction

MAX_INPUT_CHARS = 16_384

_SENTENCE = "The quarterly figures are in; say in one sentence what they mean. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferences:
    """Inference over `models` (`model:version`, or `model` for the latest) taken in turn."""

    models: tuple[str, ...]
    key: str
    input_chars: int

    def body(self, index: int) -> str:
        """Return the JSON body of the `index`th request."""
        model, _, version = self.models[index % len(self.models)].partition(":")
        text = (_SENTENCE * (self.input_chars // len(_SENTENCE) + 1))[: self.input_chars]
        asked = {"model": model, "version": version} if version else {"model": model}
        return json.dumps({**asked, "input": text})


class InferScript:
    """Clients that ask and wait for the answer; a `welcome` status besides success is no failure."""

    learns = False
    needs = "inference (POST /v1/infer)"

    def __init__(
        self, inferences: Inferences, *, welcome: int = 200, changes: tuple[BehaviourChange, ...] = ()
    ) -> None:
        self.changes = changes
        self._inferences = inferences
        self._welcome = welcome

    def list_keys(self) -> Sequence[str]:
        """Return the one key."""
        return (self._inferences.key,)

    def actions(self, keyring: Keyring) -> Sequence[TimedAction]:  # noqa: ARG002 - part of the protocol
        """Return no timed actions."""
        return ()

    def request(self, index: int) -> Request:
        """Return a request for inference."""
        return Request(method="POST", path="/v1/infer", body=self._inferences.body(index))

    def note_answer(self, index: int, status: int, body: str) -> None:
        """Learn nothing: every request stands for itself."""

    def token(self, at_s: float, keyring: Keyring) -> str | None:  # noqa: ARG002 - part of the protocol
        """Return the key's token."""
        return keyring.token(self._inferences.key)

    def welcomes(self, status: int) -> bool:
        """Welcome success and the one other status."""
        return 200 <= status < 300 or status == self._welcome


def read_inferences(fields: Fields) -> Inferences:
    """Take the options of inference. Raises BadPlan."""
    return Inferences(
        models=fields.texts("models"),
        key=fields.text("key"),
        input_chars=fields.whole("input_chars", 400, least=1, most=MAX_INPUT_CHARS),
    )


def offer_inference_flags(*, models: str) -> tuple[Flag, ...]:
    """Return the options that say what is asked."""
    return (
        Flag(name="models", default=models, help="model:version, several with commas, taken in turn"),
        Flag(name="key", default="", help="id for the gateway key to issue; empty: a new one for each test"),
        Flag(name="input-chars", default=400, help="length of the input in characters"),
    )


def read_inference_options(options: Namespace) -> dict[str, Any]:
    """Return a load profile's options for its requests, from the command line or the web page; no key yet."""
    return {
        "models": [model.strip() for model in options.models.split(",")],
        "input_chars": options.input_chars,
        "key": "",
    }
