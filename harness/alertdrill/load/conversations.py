"""Conversations: a client that asks for one thing after another, depending on what it was answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.plan import BehaviourChange
from alertdrill.load.script import Request, TimedAction

LEFT_OPEN_EVERY = 3
QUESTIONS = (
    "Why does the latency alert of the gateway fire today",
    "Which key spends more than its budget allows this hour",
    "What should be checked first when authentication fails",
)
AFTERTHOUGHT = "Write a short poem about autumn leaves"
GOOD_TOOLS = (
    {"name": "clock", "arguments": {}},
    {"name": "calculator", "arguments": {"expression": "3600 * 0.1"}},
    {"name": "lookup", "arguments": {"model": "openai:gpt-4o"}},
)
BAD_TOOLS = (
    {"name": "calculator", "arguments": {"expression": "1/0"}},
    {"name": "lookup", "arguments": {"model": "openai:gpt-99"}},
    {"name": "clock", "arguments": {"zone": "UTC"}},
    {"name": "browser", "arguments": {}},
    {"name": "calculator", "arguments": {"expression": "9**9**9"}},
    {"name": "wait", "arguments": {"seconds": 30}},
)
"""Each fails for a reason of its own."""


class Conversations:
    """A client of one key. `learned` answers what is then judged, `default` is a workspace's own model."""

    changes: tuple[BehaviourChange, ...] = ()
    learns = True
    needs = "sessions (POST /v1/sessions)"

    def __init__(
        self, *, key: str, learned: str, default: str, judge: str, workspace: str, daily_requests: int | None
    ) -> None:
        self._key = key
        self._learned = learned
        self._default = default
        self._judge = judge
        self._workspaces = (workspace, f"{workspace}-default")
        self._daily_requests = daily_requests
        self._number = -1
        self._session: str | None = None
        self._left: list[Request] = []
        self._due: int | None = None

    def list_keys(self) -> Sequence[str]:
        """Return the one key."""
        return (self._key,)

    def actions(self, keyring: Keyring) -> Sequence[TimedAction]:
        """Limit the key's requests, if that is asked for."""
        limit = self._daily_requests
        if limit is None:
            return ()
        return (TimedAction(at_s=0, do=lambda: keyring.limit_requests(self._key, limit)),)

    def request(self, index: int) -> Request:
        """Return the next request of the conversation, or a look after the session while an answer is due."""
        if index < len(self._workspaces):
            body = {"default_model": self._default} if index else {}
            return _write("PUT", f"/v1/workspaces/{self._workspaces[index]}", body)
        if self._due is not None:
            return _write("GET", f"/v1/sessions/{self._session}" if self._session else "/v1/models")
        self._due = index
        if self._session is None or not self._left:
            self._number += 1
            self._session = None
            return _write("POST", "/v1/sessions", {"workspace": self._workspaces[self._number % 2]})
        return self._left.pop(0)

    def note_answer(self, index: int, status: int, body: str) -> None:
        """Note the id of a session that was opened, and that an answer is due no more."""
        if index != self._due:
            return
        self._due = None
        if self._session is None and status == 201:
            self._session = json.loads(body)["id"]
            self._left = list(self._converse(f"/v1/sessions/{self._session}"))

    def token(self, at_s: float, keyring: Keyring) -> str | None:  # noqa: ARG002 - part of the protocol
        """Return the key's token."""
        return keyring.token(self._key)

    def welcomes(self, status: int) -> bool:
        """Welcome success."""
        return 200 <= status < 300

    def _converse(self, path: str) -> Sequence[Request]:
        question = QUESTIONS[self._number // 2 % len(QUESTIONS)]
        fault = BAD_TOOLS[self._number % len(BAD_TOOLS)]
        requests = [
            _turn(path, question, GOOD_TOOLS[:1], model=self._learned),
            _write("POST", f"{path}/turns/0/evaluations", {"judge": "heuristic"}),
            _turn(path, f"{question} again", GOOD_TOOLS),
            _write("POST", f"{path}/turns/1/evaluations", {"judge": "model", "model": self._judge}),
            _turn(path, AFTERTHOUGHT, (fault,)),
            _write("POST", f"{path}/evaluations", {"judge": "heuristic"}),
        ]
        if self._number % LEFT_OPEN_EVERY:
            requests.append(_write("DELETE", path))
        return requests


def _write(method: str, path: str, body: dict[str, Any] | None = None) -> Request:
    return Request(method=method, path=path, body=None if body is None else json.dumps(body))


def _turn(path: str, text: str, tools: Sequence[dict[str, Any]], *, model: str | None = None) -> Request:
    body = {"text": text, "tools": list(tools), "max_tokens": 256}
    return _write("POST", f"{path}/turns", body if model is None else {**body, "model": model})
