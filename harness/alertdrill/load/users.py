"""The Locust user that every scenario is: one of it performs all of the scenario's acts.

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
from alertdrill.load.lifecycle import get_performance
from alertdrill.load.local_runner import MAX_IN_FLIGHT
from alertdrill.load.options import Flag, declare
from alertdrill.load.plan import Act
from alertdrill.load.script import Script
from alertdrill.load.statistics import NO_ANSWER
from alertdrill.load.worker import Part

ANSWER_WITHIN_S = 600.0
LEAST_ANSWER_WITHIN_WALL_S = 5.0


class ScenarioUser(FastHttpUser):
    """A user that performs the acts of `scenario`; `flags` are its options when it runs alone."""

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
        """Make a script from an act's options. Raises BadPlan."""
        raise NotImplementedError

    @classmethod
    def act(cls, options: Namespace) -> dict[str, Any]:
        """Return stages, options and tells of an act made from the command line or the web page."""
        raise NotImplementedError

    def __init__(self, environment: Any) -> None:
        self._performance = performance = get_performance()
        if performance is not None:
            wall_s = ANSWER_WITHIN_S / performance.await_plan().speed
            self.network_timeout = self.connection_timeout = max(LEAST_ANSWER_WITHIN_WALL_S, wall_s)
        if not isinstance(performance, Part):
            super().__init__(environment)
            return
        self.client_pool = performance.client_pool
        super().__init__(environment)
        performance.client_pool = self.client.client.clientpool

    @task
    def perform(self) -> None:
        """Perform all acts of this scenario, once; over several workers, shares of all acts."""
        if self._performance is not None:
            self._performance.play(self)
        raise StopUser

    def send(self, act: Act, index: int, at_s: float) -> tuple[int, float]:
        """Send one call; see `alertdrill.load.local_runner.Player`.

        Locust's statistics get the same latency, in milliseconds of rule time, under the act's name.
        """
        performance = self._performance
        if performance is None:
            raise RuntimeError("Only a performance sends calls")
        script = performance.scripts[act.name]
        token = script.token(at_s, performance.keyring)
        asked = script.request(index)
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        with self.client.request(
            asked.method,
            f"/{act.door}{asked.path}" if act.door else asked.path,
            name=act.name,
            data=asked.body,
            headers=headers,
            catch_response=True,
        ) as response:
            latency_s = performance.timetable.elapsed_s(act, at_s)
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
