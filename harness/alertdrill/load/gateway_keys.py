"""Gateway keys, issued by its admin API, or a target's one; tokens go to this test's own workers only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

from alertdrill.load.errors import BadPlan, ScenarioError, find_cause

ANSWER_WITHIN_S = 10.0
NO_KEY = "null"
"""The id that stands for no key: the operator's calls, with the admin token."""


class Keyring:
    """The keys that this process knows the tokens of, shared by all load profiles.

    `admin_token` may be empty if no key has to be issued. `headers` are what every call carries besides.
    """

    def __init__(self, *, host: str, admin_token: str) -> None:
        self._host = host.rstrip("/")
        self._admin_token = admin_token
        self._tokens: dict[str, str | None] = {}
        self.headers: Mapping[str, str] = {}
        self._successors: dict[str, str] = {}
        self._session = requests.Session()
        # A proxy from the environment must not stand between a test and a gateway on this machine.
        self._session.trust_env = False

    def adopt(self, key: str, token: str | None) -> None:
        """Take in a key that was issued by somebody else; None where calls carry no token."""
        self._tokens[key] = token

    def list_tokens(self) -> dict[str, dict[str, Any]]:
        """Return the tokens, by id, the successors of rotated keys, and the headers, for another keyring."""
        return {
            "tokens": dict(self._tokens),
            "successors": dict(self._successors),
            "headers": dict(self.headers),
        }

    def take_over(self, keys: dict[str, dict[str, Any]]) -> None:
        """Take in all that another keyring has listed."""
        self.headers = dict(keys["headers"])
        self._tokens.update(keys["tokens"])
        self._successors.update(keys["successors"])

    def token(self, key: str) -> str | None:
        """Return the token of a key that was issued or adopted; None where calls carry none."""
        return self._tokens[key]

    def issue(self, key: str) -> None:
        """Issue a key with this id, unless this process has it already; NO_KEY is the admin token.

        Raises BadPlan without an admin token or when the id is taken, ScenarioError when the gateway refuses.
        """
        if key == NO_KEY:
            self._check_token()
            self._tokens[key] = self._admin_token
        elif key not in self._tokens:
            self._tokens[key] = self._post("/admin/keys", {"id": key})["token"]

    def revoke(self, key: str) -> None:
        """Revoke a key; its token is kept, to go on using it. Raises ScenarioError."""
        self._post(f"/admin/keys/{quote(key, safe='')}/revoke", {})

    def limit_requests(self, key: str, daily: int) -> None:
        """Let a key make so many requests a day. Raises ScenarioError."""
        limits = [{"unit": "requests", "period": "day", "limit": daily}]
        self._send("PUT", f"/admin/limits/key/{quote(key, safe='')}", {"limits": limits})

    def successor(self, key: str) -> str | None:
        """Return the id of the key that took this one's place, if it was rotated."""
        return self._successors.get(key)

    def rotate(self, key: str) -> None:
        """Replace a key by a successor, without a time of grace. Raises ScenarioError."""
        successor = self._post(f"/admin/keys/{quote(key, safe='')}/rotate", {"grace_s": 0})
        self._tokens[successor["id"]] = successor["token"]
        self._successors[key] = str(successor["id"])

    def put_account(self, user: str, fields: dict[str, Any]) -> None:
        """Change a user's account: plan, credits, requests_per_minute. Raises BadPlan, ScenarioError."""
        self._check_token()
        self._send("PUT", f"/admin/accounts/{quote(user, safe='')}", fields)

    def speed(self) -> float:
        """Return the gateway's speed, seconds of rule time per second of wall time, from `GET /healthz`.

        Raises ScenarioError.
        """
        speed = self._send("GET", "/healthz", None).get("speed")
        if isinstance(speed, bool) or not isinstance(speed, int | float) or not speed > 0:
            raise ScenarioError(f"{self._host}/healthz does not say the gateway's speed")
        return float(speed)

    def _post(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        self._check_token()
        return self._send("POST", path, document)

    def _check_token(self) -> None:
        if not self._admin_token:
            raise BadPlan(
                "Set ALERTDRILL_ADMIN_TOKEN to the gateway's admin token, so that keys can be issued, "
                "or ALERTDRILL_TOKEN to the token of a key"
            )

    def _send(self, method: str, path: str, document: dict[str, Any] | None) -> dict[str, Any]:
        what = f"{method} {self._host}{path}"
        headers = {"Authorization": f"Bearer {self._admin_token}"} if document is not None else {}
        try:
            answer = self._session.request(
                method, self._host + path, json=document, headers=headers, timeout=ANSWER_WITHIN_S
            )
        except requests.RequestException as error:
            raise ScenarioError(f"The gateway could not be reached: {find_cause(error)}: {what}") from error
        if answer.status_code == 409 and document and "id" in document:
            raise BadPlan(f"The gateway has a key {document['id']!r} already: choose another id")
        if not answer.ok:
            raise ScenarioError(f"The gateway answered {what} with status {answer.status_code}")
        try:
            return dict(answer.json())
        except ValueError as error:
            raise ScenarioError(f"The gateway answered {what} with something that is not JSON") from error
