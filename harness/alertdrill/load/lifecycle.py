"""A test's life in Locust: from the plan, or the options, to the last report.

A Locust process performs a test alone, or directs it as a master, or has a part in it as a worker.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

import gevent
from gevent.event import Event
from locust import events
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from alertdrill.load.background_writes import log_aside, replace_aside
from alertdrill.load.distribution import distribute
from alertdrill.load.environment import get_options, get_runner
from alertdrill.load.errors import BadPlan, ScenarioError
from alertdrill.load.leases import SHARES
from alertdrill.load.local_runner import ProfileRunner
from alertdrill.load.master import Master
from alertdrill.load.preparation import find_keyring, load, write_scripts
from alertdrill.load.provider_controls import Controls
from alertdrill.load.stalls import Pulse
from alertdrill.load.statistics import render_report
from alertdrill.load.timetable import Timetable
from alertdrill.load.worker import Worker

REPORT_EVERY_WALL_S = 1.0
GATHER_WALL_S = 1.0
"""How long workers have to get their shares, before a test that was made from the options begins."""

logger = logging.getLogger(__name__)


class Test:
    """One test of a Locust process: its performance and the greenlets that watch over it."""

    def __init__(self, environment: Environment) -> None:
        plan, scripts = load(environment)
        keys = [key for script in scripts.values() for key in script.list_keys()]
        keyring = find_keyring(environment, plan, keys)
        self._environment = environment
        self._controls = Controls(
            plan.controls, token=os.environ.get("ALERTDRILL_CONTROL_TOKEN", ""), environ=os.environ
        )
        self._controls.check(change for profile in plan.profiles for change in profile.changes)
        runner = environment.runner
        if not get_options(environment).plan:
            gather_wall_s = GATHER_WALL_S if isinstance(runner, MasterRunner) else 0.0
            plan = replace(plan, speed=keyring.speed(), origin_s=time.time() + gather_wall_s)
        perform = partial(Master, runner=runner) if isinstance(runner, MasterRunner) else ProfileRunner
        self.profile_runner: ProfileRunner | Master = perform(
            Timetable(plan),
            scripts,
            keyring=keyring,
            controls=self._controls,
            on_failure=lambda error: fail(environment, error),
        )
        self._pulse = Pulse(self.profile_runner.timetable.rule_s, plan.speed)
        watch = (self._pulse.beat_on, self._keep_reporting, self._end_when_done)
        self._watchers = [gevent.spawn(perform) for perform in watch]

    def close(self) -> None:
        """Open what was closed, and report for the last time."""
        gevent.killall([watcher for watcher in self._watchers if watcher is not gevent.getcurrent()])
        try:
            self._controls.reopen()
        except ScenarioError as error:
            fail(self._environment, error)
        self._report()

    def _keep_reporting(self) -> None:
        while True:
            self._report()
            gevent.sleep(REPORT_EVERY_WALL_S)

    def _end_when_done(self) -> None:
        self.profile_runner.done.wait()
        logger.info("All load profiles have ended")
        if get_options(self._environment).plan:
            # Failures belong to the plan; whether they were right is for who made it to judge.
            self._environment.process_exit_code = 0
        end(self._environment)

    def _report(self) -> None:
        profile_runner, path = self.profile_runner, self.profile_runner.timetable.plan.report
        if path is not None:
            workers = profile_runner.workers if isinstance(profile_runner, Master) else ()
            done, stalls = profile_runner.done.is_set(), [*self._pulse.stalls]
            if isinstance(profile_runner, Master):
                stalls += profile_runner.stalls
            refusals = {} if isinstance(profile_runner, Master) else profile_runner.refusals.as_json()
            waiting = [] if isinstance(profile_runner, Master) else profile_runner.open_calls.as_json()
            tokens = {} if isinstance(profile_runner, Master) else profile_runner.token_times.as_json()
            replace_aside(
                path,
                render_report(
                    profile_runner.tallies,
                    done=done,
                    workers=workers,
                    stalls=stalls,
                    refusals=refusals,
                    waiting=waiting,
                    tokens=tokens,
                ),
            )


# Locust has one test at a time, and its events pass no state of ours.
_test: Test | None = None
_part: Worker | None = None
_is_connected = Event()
"""On a worker: its runner is there. One that joins a running test is told to start users before that."""
_failure: ScenarioError | None = None


def get_profile_runner() -> ProfileRunner | Worker | None:
    """Return what a user of this process has to do with the running test; None if it could not begin."""
    if _part is not None:
        return _part
    if _test is not None and isinstance(_test.profile_runner, ProfileRunner):
        return _test.profile_runner
    return None


def fail(environment: Environment, error: ScenarioError) -> None:
    """End the test because of an error; the first one counts."""
    global _failure
    if _failure is not None:
        return
    _failure = error
    logger.error(str(error))
    environment.process_exit_code = error.exit_code
    gevent.spawn(end, environment)


def end(environment: Environment) -> None:
    """End the test; Locust too, unless people use its web page."""
    if get_options(environment).headless:
        get_runner(environment).quit()
    else:
        get_runner(environment).stop()


def _refuse(error: ScenarioError) -> NoReturn:
    sys.stderr.write(f"{error}\n")
    sys.exit(error.exit_code)


def _hear_worker(kind: str, client: str, data: dict[str, Any]) -> None:
    if _test is not None and isinstance(_test.profile_runner, Master):
        _test.profile_runner.hear(kind, client, data)


def _hear_master(kind: str, _client: str, data: dict[str, Any]) -> None:
    if _part is not None:
        _part.hear(kind, data)


@events.init.add_listener
def _check(environment: Environment, **_: Any) -> None:
    """Refuse a bad plan before anything is started, and have Locust start the users that it takes."""
    log = log_aside()
    environment.events.quit.add_listener(lambda **_: log.settle())
    environment.events.quit.add_listener(_say_why)
    if isinstance(environment.runner, WorkerRunner):
        distribute(environment, _hear_master)
        _is_connected.set()
        # Here and not at the top, so that it comes before Locust tells the master that the worker ends.
        environment.events.quitting.add_listener(_leave)
        return
    try:
        load(environment)
    except BadPlan as error:
        _refuse(error)
    is_alone = isinstance(environment.runner, LocalRunner)
    if not is_alone:
        distribute(environment, _hear_worker)
    options = get_options(environment)
    users = sum(user.fixed_count for user in environment.user_classes) if is_alone else SHARES
    options.num_users = max(options.num_users or 0, users)
    options.spawn_rate = max(options.spawn_rate or 0, users)


@events.test_start.add_listener
def _begin(environment: Environment, **_: Any) -> None:
    global _test, _part, _failure
    if get_options(environment).worker:
        _part = Worker(environment, _is_connected, write_scripts=partial(write_scripts, environment))
        return
    _test = _failure = environment.process_exit_code = None
    try:
        _test = Test(environment)
    except ScenarioError as error:
        fail(environment, error)


@events.test_stopping.add_listener
def _stop(**_: Any) -> None:
    if _test is not None and isinstance(_test.profile_runner, Master):
        _test.profile_runner.stop()


@events.test_stop.add_listener
def _close(**_: Any) -> None:
    if _part is not None:
        _part.close()
    if _test is not None:
        _test.close()


def _leave(**_: Any) -> None:
    if _part is not None:
        _part.leave()


def _say_why(**_: Any) -> None:
    """Repeat the reason after Locust's tables, so that it is the last line of the log."""
    if _failure is not None:
        sys.stderr.write(f"{_failure}\n")
