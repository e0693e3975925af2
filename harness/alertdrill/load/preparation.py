"""What a test is made of: the plan, or the options that one is made from, its scripts and its keys."""

from __future__ import annotations

import os
import secrets
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, cast

from locust.env import Environment

from alertdrill.load.environment import get_options
from alertdrill.load.errors import BadPlan
from alertdrill.load.fields import Fields
from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.plan import LoadProfile, Plan, parse_controls, parse_plan, read_plan
from alertdrill.load.script import Script


class Scenario(Protocol):
    """What a scenario's user class offers; see `alertdrill.load.users.ScenarioUser`."""

    scenario: str
    fixed_count: int

    @classmethod
    def script(cls, fields: Fields) -> Script:
        """Make a script from a load profile's options."""

    @classmethod
    def profile(cls, options: Namespace) -> dict[str, Any]:
        """Return stages, options and tells of a load profile made from the command line or the web page."""


_keyrings: dict[str, Keyring] = {}


def load(environment: Environment) -> tuple[Plan, dict[str, Script]]:
    """Return the plan and each load profile's script; without --plan, made from the options.

    Such a plan has neither speed nor origin yet. Raises BadPlan.
    """
    options = get_options(environment)
    plan = read_plan(Path(options.plan)) if options.plan else _plan_from_options(environment)
    scripts = write_scripts(environment, plan)
    profiles = tuple(
        replace(profile, changes=profile.changes + scripts[profile.name].changes) for profile in plan.profiles
    )
    for profile in profiles:
        for change in profile.changes:
            if change.provider not in plan.controls:
                raise BadPlan(
                    f"Load profile {profile.name!r} tells the provider {change.provider!r} something: "
                    "say where its control API is, in the plan's controls or in ALERTDRILL_CONTROLS"
                )
    return replace(plan, profiles=profiles), scripts


def write_scripts(environment: Environment, plan: Plan) -> dict[str, Script]:
    """Return each load profile's script, of the scenarios in Locust's files. Raises BadPlan."""
    scenarios = _list_scenarios(environment)
    return {profile.name: _write_script(profile, scenarios) for profile in plan.profiles}


def find_keyring(environment: Environment) -> Keyring:
    """Return the keyring of this gateway, which outlives tests, because a key is issued only once."""
    host = environment.host
    if not host:
        raise BadPlan("Say where the gateway is: --host http://127.0.0.1:8080")
    token = os.environ.get("ALERTDRILL_ADMIN_TOKEN", "")
    return _keyrings.setdefault(host, Keyring(host=host, admin_token=token))


def provide_key(keyring: Keyring, key: str, options: Namespace) -> None:
    """Issue a key; without an admin token, take the one that ALERTDRILL_TOKEN has."""
    token = os.environ.get("ALERTDRILL_TOKEN", "")
    if token and not options.plan and not os.environ.get("ALERTDRILL_ADMIN_TOKEN"):
        keyring.adopt(key, token)
    else:
        keyring.issue(key)


def _list_scenarios(environment: Environment) -> dict[str, type[Scenario]]:
    return {user.scenario: user for user in cast("list[type[Scenario]]", environment.user_classes)}


def _plan_from_options(environment: Environment) -> Plan:
    options, scenarios = get_options(environment), _list_scenarios(environment)
    if len(scenarios) != 1:
        raise BadPlan(f"Without --plan, start one scenario at a time, not {', '.join(sorted(scenarios))}")
    ((name, scenario),) = scenarios.items()
    profile = scenario.profile(options)
    if "key" in profile["options"]:
        profile["options"]["key"] = options.key or f"{name}-{secrets.token_hex(3)}"
    return parse_plan(
        {
            "speed": 1,
            "origin_s": 0,
            "seed": options.seed,
            "controls": parse_controls(os.environ.get("ALERTDRILL_CONTROLS", "")),
            "profiles": [
                {"name": name, "scenario": name, "start_s": 0, "arrivals": options.arrivals, **profile}
            ],
        }
    )


def _write_script(profile: LoadProfile, scenarios: dict[str, type[Scenario]]) -> Script:
    if profile.scenario not in scenarios:
        raise BadPlan(f"Load profile {profile.name!r}: {profile.scenario!r} is not among Locust's files (-f)")
    fields = Fields(profile.options, f"Load profile {profile.name!r}: options")
    script = scenarios[profile.scenario].script(fields)
    fields.end()
    return script
