"""A test's life in Locust: from the plan, or the options, to the last report."""

from __future__ import annotations

import logging
import os
import secrets
import sys
import time
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, Protocol

import gevent
from locust import events
from locust.env import Environment

from scenarios.controls import Controls
from scenarios.errors import BadPlan, ScenarioError
from scenarios.fields import Fields
from scenarios.keys import Keyring
from scenarios.performance import Performance
from scenarios.plan import Act, Plan, parse_controls, parse_plan, read_plan
from scenarios.script import Script
from scenarios.tally import write_report

REPORT_EVERY_WALL_S = 1.0

logger = logging.getLogger(__name__)


class Scenario(Protocol):
    """What a scenario's user class offers; see `scenarios.users.ScenarioUser`."""

    scenario: str
    fixed_count: int

    @classmethod
    def script(cls, fields: Fields) -> Script:
        """Make a script from an act's options."""

    @classmethod
    def act(cls, options: Namespace) -> dict[str, Any]:
        """Return stages, options and tells of an act made from the command line or the web page."""


class Test:
    """One test of a Locust process: its performance and the greenlets that watch over it."""

    def __init__(self, environment: Environment) -> None:
        plan, scripts = load(environment)
        keyring = _find_keyring(environment)
        for key in sorted({key for script in scripts.values() for key in script.list_keys()}):
            _provide_key(keyring, key, environment.parsed_options)
        self._environment = environment
        self._controls = Controls(plan.controls, token=os.environ.get("ALERTDRILL_CONTROL_TOKEN", ""))
        if any(act.tells for act in plan.acts):
            self._controls.check()
        if not environment.parsed_options.plan:
            plan = replace(plan, speed=keyring.speed(), origin_s=time.time())
        self.performance = Performance(
            plan,
            scripts,
            keyring=keyring,
            controls=self._controls,
            on_failure=lambda error: fail(environment, error),
        )
        self._watchers = [gevent.spawn(self._keep_reporting), gevent.spawn(self._end_when_done)]

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
        self.performance.done.wait()
        logger.info("All acts have ended")
        if self._environment.parsed_options.plan:
            # Failures belong to the plan; whether they were right is for who made it to judge.
            self._environment.process_exit_code = 0
        end(self._environment)

    def _report(self) -> None:
        performance = self.performance
        if performance.plan.report is not None:
            write_report(performance.plan.report, performance.tallies, done=performance.done.is_set())


# Locust has one test at a time, and its events pass no state of ours.
_test: Test | None = None
_failure: ScenarioError | None = None
_keyrings: dict[str, Keyring] = {}


def get_performance() -> Performance | None:
    """Return the running test's performance; None if there is none, or it could not begin."""
    return _test.performance if _test is not None else None


def load(environment: Environment) -> tuple[Plan, dict[str, Script]]:
    """Return the plan and each act's script; without --plan, made from the options.

    Such a plan has neither speed nor origin yet. Raises BadPlan.
    """
    options = environment.parsed_options
    scenarios: dict[str, type[Scenario]] = {user.scenario: user for user in environment.user_classes}
    plan = read_plan(Path(options.plan)) if options.plan else _plan_from_options(options, scenarios)
    scripts = {act.name: _write_script(act, scenarios) for act in plan.acts}
    acts = tuple(replace(act, tells=act.tells + scripts[act.name].tells) for act in plan.acts)
    for act in acts:
        for tell in act.tells:
            if tell.provider not in plan.controls:
                raise BadPlan(
                    f"Act {act.name!r} tells the provider {tell.provider!r} something: "
                    "say where its control API is, in the plan's controls or in ALERTDRILL_CONTROLS"
                )
    return replace(plan, acts=acts), scripts


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
    if environment.parsed_options.headless:
        environment.runner.quit()
    else:
        environment.runner.stop()


def _plan_from_options(options: Namespace, scenarios: dict[str, type[Scenario]]) -> Plan:
    if len(scenarios) != 1:
        raise BadPlan(f"Without --plan, start one scenario at a time, not {', '.join(sorted(scenarios))}")
    ((name, scenario),) = scenarios.items()
    act = scenario.act(options)
    if "key" in act["options"]:
        act["options"]["key"] = options.key or f"{name}-{secrets.token_hex(3)}"
    return parse_plan(
        {
            "speed": 1,
            "origin_s": 0,
            "seed": options.seed,
            "controls": parse_controls(os.environ.get("ALERTDRILL_CONTROLS", "")),
            "acts": [{"name": name, "scenario": name, "start_s": 0, "arrivals": options.arrivals, **act}],
        }
    )


def _write_script(act: Act, scenarios: dict[str, type[Scenario]]) -> Script:
    if act.scenario not in scenarios:
        raise BadPlan(f"Act {act.name!r}: the scenario {act.scenario!r} is not among Locust's files (-f)")
    fields = Fields(act.options, f"Act {act.name!r}: options")
    script = scenarios[act.scenario].script(fields)
    fields.end()
    return script


def _find_keyring(environment: Environment) -> Keyring:
    """Return the keyring of this gateway, which outlives tests, because a key is issued only once."""
    host = environment.host
    if not host:
        raise BadPlan("Say where the gateway is: --host http://127.0.0.1:8080")
    token = os.environ.get("ALERTDRILL_ADMIN_TOKEN", "")
    return _keyrings.setdefault(host, Keyring(host=host, admin_token=token))


def _provide_key(keyring: Keyring, key: str, options: Namespace) -> None:
    """Issue a key; without an admin token, take the one that ALERTDRILL_TOKEN has."""
    token = os.environ.get("ALERTDRILL_TOKEN", "")
    if token and not options.plan and not os.environ.get("ALERTDRILL_ADMIN_TOKEN"):
        keyring.adopt(key, token)
    else:
        keyring.issue(key)


def _refuse(error: ScenarioError) -> NoReturn:
    sys.stderr.write(f"{error}\n")
    sys.exit(error.exit_code)


@events.init.add_listener
def _check(environment: Environment, **_: Any) -> None:
    """Refuse a bad plan before anything is started, and have Locust start a user for every scenario."""
    try:
        load(environment)
    except BadPlan as error:
        _refuse(error)
    options = environment.parsed_options
    users = sum(user.fixed_count for user in environment.user_classes)
    options.num_users = max(options.num_users or 0, users)
    options.spawn_rate = max(options.spawn_rate or 0, users)


@events.test_start.add_listener
def _begin(environment: Environment, **_: Any) -> None:
    global _test, _failure
    _test = _failure = environment.process_exit_code = None
    try:
        _test = Test(environment)
    except ScenarioError as error:
        fail(environment, error)


@events.test_stop.add_listener
def _close(**_: Any) -> None:
    if _test is not None:
        _test.close()


@events.quit.add_listener
def _say_why(**_: Any) -> None:
    """Repeat the reason after Locust's tables, so that it is the last line of the log."""
    if _failure is not None:
        sys.stderr.write(f"{_failure}\n")
