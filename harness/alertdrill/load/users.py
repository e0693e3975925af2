"""The Locust user that every scenario is: one of it performs all of the scenario's load profiles.

Locust gives a test one user of each scenario; over several workers it distributes one for each share, which
sends arrivals of all scenarios. A user does not wait for answers: each arrival is sent at its instant in a
greenlet of its own.
"""

from __future__ import annotations

import ssl
from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import gevent.ssl
from locust import FastHttpUser, task
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS, LocustBadStatusCode, ResponseContextManager
from locust.exception import StopUser

from alertdrill.load.errors import BadPlan, find_cause
from alertdrill.load.fields import Fields
from alertdrill.load.lifecycle import get_profile_runner
from alertdrill.load.local_runner import MAX_IN_FLIGHT
from alertdrill.load.options import Flag, declare
from alertdrill.load.plan import LoadProfile
from alertdrill.load.script import Script
from alertdrill.load.statistics import NO_ANSWER
from alertdrill.load.streams import find_token_instants, list_gaps, read_pieces
from alertdrill.load.worker import Worker

ANSWER_WITHIN_S = 600.0
LEAST_ANSWER_WITHIN_WALL_S = 5.0
TARGET_ANSWER_WITHIN_WALL_S = 120.0
"""The least for a gateway that does not run on our clock: its answers take as long at any speed."""


class ScenarioUser(FastHttpUser):
    """A user that performs the load profiles of `scenario`; `flags` are its options when it runs alone."""

    abstract = True
    fixed_count = 1
    concurrency = MAX_IN_FLIGHT
    scenario: ClassVar[str]
    flags: ClassVar[tuple[Flag, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Offer the scenario's options."""
        declare(cls.flags)

    @classmethod
    def find_needs(cls, options: Mapping[str, Any]) -> str:  # noqa: ARG003 - some scenarios look at them
        """Return what of a load profile with these options only the reference gateway has.

        That is nothing, unless a scenario says otherwise: then it cannot be sent to anybody else's gateway.
        """
        return ""

    @classmethod
    def script(cls, fields: Fields) -> Script:
        """Make a script from a load profile's options. Raises BadPlan."""
        raise NotImplementedError

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:  # noqa: ARG003 - as scenarios have it
        """Return stages, options and tells of a load profile made from the command line or the web page."""
        raise BadPlan(f"The scenario {cls.scenario!r} is performed by a plan only: it has no profile()")

    def __init__(self, environment: Any) -> None:
        self._profile_runner = profile_runner = get_profile_runner()
        target = None
        if profile_runner is not None:
            plan = profile_runner.await_plan()
            target = plan.target
            least_wall_s = LEAST_ANSWER_WITHIN_WALL_S if target is None else TARGET_ANSWER_WITHIN_WALL_S
            self.network_timeout = self.connection_timeout = max(least_wall_s, ANSWER_WITHIN_S / plan.speed)
        if target is not None:
            self.insecure = False
            self.ssl_context_factory = partial(_trust_authority, target.ca)
        if isinstance(profile_runner, Worker):
            self.client_pool = profile_runner.client_pool
        super().__init__(environment)
        if isinstance(profile_runner, Worker):
            profile_runner.client_pool = self.client.client.clientpool
        if target is not None:
            # Nobody else is to get its token, or its load.
            self.client.client.redirect_response_codes = frozenset()  # type: ignore[misc] # as Locust does

    @task
    def perform(self) -> None:
        """Perform all profiles of this scenario, once; over several workers, shares of all profiles."""
        if self._profile_runner is not None:
            self._profile_runner.play(self)
        raise StopUser

    def send(self, profile: LoadProfile, index: int, at_s: float) -> tuple[int, float]:
        """Send one call; see `alertdrill.load.local_runner.Player`.

        Locust's statistics get the same latency, in milliseconds of rule time, under the load profile's name.
        """
        profile_runner = self._profile_runner
        if profile_runner is None:
            raise RuntimeError("Only a performance sends calls")
        script = profile_runner.scripts[profile.name]
        token = script.token(at_s, profile_runner.keyring)
        asked = script.request(index)
        headers = {"Content-Type": "application/json", **profile_runner.keyring.headers, **asked.headers}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
            if asked.token_header:
                headers[asked.token_header] = token
        if asked.is_streamed:
            # Compressed, pieces would come together.
            headers["Accept-Encoding"] = "identity"
        path = f"/{profile.prefix}{asked.path}" if profile.prefix else asked.path
        left_s = profile_runner.timetable.rule_s()
        with (
            profile_runner.open_calls.hold(profile.name, f"{asked.method} {path}", left_s),
            self.client.request(
                asked.method,
                path,
                name=profile.name,
                data=asked.body,
                headers=headers,
                catch_response=True,
                stream=asked.is_streamed,
            ) as response,
        ):
            if asked.is_streamed:
                self._read_stream(
                    profile, response, partial(profile_runner.timetable.elapsed_s, profile, at_s)
                )
            latency_s = profile_runner.timetable.elapsed_s(profile, at_s)
            response.request_meta["response_time"] = latency_s * 1000
            error = response.request_meta["exception"]
            # Any other error than a bad status means that the answer did not come, or not all of it.
            answered = error is None or isinstance(error, LocustBadStatusCode)
            status = response.status_code if answered else NO_ANSWER
            script.note_answer(index, status, _read_text(response) if answered else "")
            if script.welcomes(status):
                response.success()
            else:
                why = None if answered or error is None else find_cause(error)
                response.failure(f"status {status}" if why is None else f"no answer: {why}")
                secrets = (*([token] if token else ()), *profile_runner.keyring.headers.values())
                profile_runner.refusals.note(
                    profile.name, status, _read_text(response) if why is None else why, secrets=secrets
                )
        return status, latency_s

    def _read_stream(
        self, profile: LoadProfile, response: ResponseContextManager, now_s: Callable[[], float]
    ) -> None:
        """Read the body of an answer as it comes, and note when its tokens did.

        The answer is then as it would be had it been read at once.
        """
        meta = response.request_meta
        if meta["exception"] is not None or response._response is None:  # Locust reads by it, too
            return
        try:
            body, pieces = read_pieces(response._response, now_s)
        except FAILURE_EXCEPTIONS as error:
            meta["exception"] = error
            return
        response._cached_content = body
        meta["response_length"] = len(body)
        instants_s = find_token_instants(pieces)
        if instants_s and self._profile_runner is not None:
            show = partial(self._show_time, profile.name)
            self._profile_runner.token_times.note(profile.name, instants_s[0], list_gaps(instants_s), show)

    def _show_time(self, name: str, kind: str, time_s: float) -> None:
        """Have Locust show a time that is no request, so that it does not count in the totals."""
        self.environment.stats.get(name, kind).log(time_s * 1000, 0)


def _read_text(response: ResponseContextManager) -> str:
    """Return the text of an answer: JSON is UTF-8, and Locust would guess, which takes long."""
    return (response.content or b"").decode("utf-8", errors="replace")


def _trust_authority(ca: Path | None, **_: object) -> ssl.SSLContext:
    """Return a context that trusts this authority alone, or else the system's."""
    context: ssl.SSLContext = gevent.ssl.create_default_context(cafile=None if ca is None else str(ca))
    return context
