"""The stub providers' control APIs: what a provider is told, and opening again what was closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from urllib.parse import quote

import requests

from alertdrill.load.errors import BadPlan, ScenarioError, find_cause
from alertdrill.load.plan import BehaviourChange

ANSWER_WITHIN_S = 10.0
MAX_QUOTED_CHARS = 200


class Controls:
    """The control APIs by provider, and which providers this test has closed."""

    def __init__(
        self, urls: Mapping[str, str], *, token: str, environ: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._urls = urls
        self._token = token
        self._environ = environ
        self._closed: set[str] = set()
        self._session = requests.Session()
        # A proxy from the environment must not stand between a test and a provider on this machine.
        self._session.trust_env = False

    def check(self, changes: Iterable[BehaviourChange]) -> None:
        """Raise BadPlan if there is no token to tell anybody anything, or no key that a change is about."""
        for change in changes:
            if not self._token:
                raise BadPlan("Set ALERTDRILL_CONTROL_TOKEN to the token of the providers' control APIs")
            if change.key_env is not None and not self._environ.get(change.key_env):
                raise BadPlan(
                    f"Set {change.key_env} to the key that the provider {change.provider} is told of"
                )

    def change(self, change: BehaviourChange) -> None:
        """Carry out an instruction; an empty behaviour makes a model behave like any other again.

        Raises ScenarioError when the provider cannot be told.
        """
        if change.key_env is not None:
            told = {"key": self._environ[change.key_env], "behaviour": dict(change.behaviour) or None}
            # A key that is to behave like any other may have been told nothing yet.
            self._send("PUT", change.provider, "/control/keys", told, welcome=(404,))
            return
        if change.model is None:
            self._listen(change.provider, listening=bool(change.behaviour["listening"]))
            return
        path = f"/control/models/{quote(change.model, safe='*/:')}"
        if change.behaviour:
            self._send("PUT", change.provider, path, change.behaviour)
        else:
            # The model may have been told nothing yet.
            self._send("DELETE", change.provider, path, None, welcome=(404,))

    def reopen(self) -> None:
        """Open again every provider that is still closed. Raises ScenarioError, when all were tried."""
        failures = []
        for provider in sorted(self._closed):
            try:
                self._listen(provider, listening=True)
            except ScenarioError as error:
                failures.append(str(error))
        if failures:
            raise ScenarioError("; ".join(failures))

    def _listen(self, provider: str, *, listening: bool) -> None:
        # Noted before it is sent, because an answer may be lost and the socket closed all the same.
        if not listening:
            self._closed.add(provider)
        self._send("PUT", provider, "/control/listening", {"listening": listening})
        if listening:
            self._closed.discard(provider)

    def _send(
        self,
        method: str,
        provider: str,
        path: str,
        document: Mapping[str, object] | None,
        *,
        welcome: tuple[int, ...] = (),
    ) -> None:
        what = f"{method} {self._urls[provider]}{path}"
        try:
            answer = self._session.request(
                method,
                self._urls[provider] + path,
                json=document,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=ANSWER_WITHIN_S,
            )
        except requests.RequestException as error:
            raise ScenarioError(
                f"The provider {provider} could not be told: {find_cause(error)}: {what}"
            ) from error
        if not answer.ok and answer.status_code not in welcome:
            said = f"status {answer.status_code}: {answer.text[:MAX_QUOTED_CHARS]}"
            raise ScenarioError(f"The provider {provider} answered {what} with {said}")
