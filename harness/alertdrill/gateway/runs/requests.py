"""What a client of the predict API asks: one object with a mode, and the fields of that mode."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, cast, get_args

from alertdrill.gateway.chat import MAX_MODEL_LENGTH, MAX_TOKENS
from alertdrill.gateway.models import Catalogue, Model
from alertdrill.gateway.problems import Problem, quote, refuse_parameter
from alertdrill.gateway.runs.events import Mode

MODES: tuple[Mode, ...] = get_args(Mode)
MAX_INPUT_CHARS = 20_000
MAX_STEPS = 50
MAX_KEY_CHARS = 128
RUN_FIELDS = frozenset({"mode", "model", "input", "steps", "max_tokens", "idempotency_key"})
ASK_FIELDS = frozenset({"mode", "run_id"})
_RUN_ID = re.compile(r"run-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a run is to do: `steps` calls of a model, each going on from the answer before."""

    model: Model
    prompt: str
    steps: int
    max_tokens: int | None
    idempotency_key: str | None

    @property
    def fingerprint(self) -> bytes:
        """A digest of all but the idempotency key: equal for requests that ask for the same."""
        asked = json.dumps([self.model.id, self.prompt, self.steps, self.max_tokens])
        return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).digest()


def read_mode(document: object) -> Mode:
    """Return the mode of a request, `run` if it has none; raises Problem (400)."""
    if not isinstance(document, dict):
        raise Problem(400, "the body must be a JSON object")
    mode = document.get("mode", "run")
    if mode not in MODES:
        raise refuse_parameter("mode", f"must be one of {', '.join(MODES)}")
    return cast("Mode", mode)


def read_order(document: dict[str, Any], catalogue: Catalogue) -> Order:
    """Return what a `run` request asks for; raises Problem (400, or 404 for an unknown model)."""
    _refuse_unknown(document, RUN_FIELDS)
    name = document.get("model")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_MODEL_LENGTH:
        raise refuse_parameter("model", f"must be a string of 1 to {MAX_MODEL_LENGTH} characters")
    model = catalogue.find(name)
    if model is None:
        message = f"there is no model {quote(name)}; GET /v1/models lists all"
        raise Problem(404, message, code="model_not_found", param="model")
    prompt = document.get("input")
    if not isinstance(prompt, str) or not 0 < len(prompt) <= MAX_INPUT_CHARS:
        raise refuse_parameter("input", f"must be a string of 1 to {MAX_INPUT_CHARS} characters")
    steps = _read_whole(document, "steps", MAX_STEPS)
    idempotency_key = document.get("idempotency_key")
    if idempotency_key is not None and (
        not isinstance(idempotency_key, str) or not 0 < len(idempotency_key) <= MAX_KEY_CHARS
    ):
        raise refuse_parameter("idempotency_key", f"must be a string of 1 to {MAX_KEY_CHARS} characters")
    return Order(
        model=model,
        prompt=prompt,
        steps=1 if steps is None else steps,
        max_tokens=_read_whole(document, "max_tokens", MAX_TOKENS),
        idempotency_key=idempotency_key,
    )


def read_run_id(document: dict[str, Any]) -> str:
    """Return the run that a request is about; raises Problem (400)."""
    _refuse_unknown(document, ASK_FIELDS)
    run_id = document.get("run_id")
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise refuse_parameter("run_id", "must be the run_id of a run")
    return run_id


def _refuse_unknown(document: dict[str, Any], known: frozenset[str]) -> None:
    if document.keys() - known:
        raise Problem(400, f"the body may have no other fields than {', '.join(sorted(known))}")


def _read_whole(document: dict[str, Any], name: str, most: int) -> int | None:
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise refuse_parameter(name, f"must be a whole number from 1 to {most}")
    return value
