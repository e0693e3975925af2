"""The Locust user that every scenario is: one of it performs all of the scenario's load profiles.

Locust gives a test one user of each scenario; over several workers it distributes one for each share, which
sends arrivals of all scenarios. A user does not wait for answers: each arrival is sent at its instant in a
greenlet of its own.
"""

from __future__ import annotations

from argparse import Namespace
from typing import Any, ClassVar

from locust import FastHttpUser, task
from locust.contrib.fasthttp import LocustBadStatusCode
from locust.exception import StopUser

from alertdrill.load.errors import find_cause
from alertdrill.load.fields import Fields
from alertdrill.load.lifecycle import get_profile_runner
from alertdrill.load.local_runner import MAX_IN_FLIGHT
from alertdrill.load.options import Flag, declare
from alertdrill.load.plan import LoadProfile
from alertdrill.load.script import Script
from alertdrill.load.statistics import NO_ANSWER
from alertdrill.load.worker import Worker

ANSWER_WITHIN_S = 600.0
LEAST_ANSWER_WITHIN_WALL_S = 5.0


class ScenarioUser(FastHttpUser):
    """A user that performs the load profiles of `scenario`; `flags` are its options when it runs alone."""

    abstract = True
    fixed_count = 1
    concurrency = MAX_IN_FLIGHT
    scenario: ClassVar[str]
    flags: ClassVar[tuple[Flag, ...]]

    def __init_subclass__(cls) -> None:
        """Offer the scenario's options."""
        declare(cls.flags)

    @classmethod
    def script(cls, fields: Fields) -> Script:
        """Make a script from a load profile's options. Raises BadPlan."""
        raise NotImplementedError

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return stages, options and tells of a load profile made from the command line or the web page."""
        raise NotImplementedError

    def __init__(self, environment: Any) -> None:
        self._profile_runner = profile_runner = get_profile_runner()
        if profile_runner is not None:
            wall_s = ANSWER_WITHIN_S / profile_runner.await_plan().speed
            self.network_timeout = self.connection_timeout = max(LEAST_ANSWER_WITHIN_WALL_S, wall_s)
        if not isinstance(profile_runner, Worker):
            super().__init__(environment)
            return
        self.client_pool = profile_runner.client_pool
        super().__init__(environment)
        profile_runner.client_pool = self.client.client.clientpool

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
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        with self.client.request(
            asked.method,
            f"/{profile.prefix}{asked.path}" if profile.prefix else asked.path,
            name=profile.name,
            data=asked.body,
            headers=headers,
            catch_response=True,
        ) as response:
            latency_s = profile_runner.timetable.elapsed_s(profile, at_s)
            response.request_meta["response_time"] = latency_s * 1000
            error = response.request_meta["exception"]
            # Any other error than a bad status means that the answer did not come, or not all of it.
            answered = error is None or isinstance(error, LocustBadStatusCode)
            status = response.status_code if answered else NO_ANSWER
            script.note_answer(index, status, response.text or "" if answered else "")
            if script.welcomes(status):
                response.success()
            else:
                response.failure(f"status {status}" if answered else f"no answer: {find_cause(error)}")
        return status, latency_s
