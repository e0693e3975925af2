"""What a test is made of: the plan, or the options that one is made from, its scripts and its keys."""

from __future__ import annotations

import os
import secrets
from argparse import Namespace
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, cast

from locust.env import Environment

from alertdrill.load.environment import get_options
from alertdrill.load.errors import BadPlan, ScenarioError
from alertdrill.load.fields import Fields
from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.plan import LoadProfile, Plan, parse_controls, parse_plan, read_plan
from alertdrill.load.script import OrdinaryScript, Script
from alertdrill.load.target import KEY, check_authority, find_credentials

LENGTHS = ("prompt_chars", "max_tokens")
"""Options that a trace has its own of, for each call."""


class Scenario(Protocol):
    """What a scenario's user class offers; see `alertdrill.load.users.ScenarioUser`."""

    scenario: str
    fixed_count: int

    @classmethod
    def find_needs(cls, options: Mapping[str, Any]) -> str:
        """Return what of a load profile with these options only the reference gateway has."""

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
    if plan.target is not None:
        check_authority(plan.target)
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
    return {profile.name: _write_script(plan, profile, scenarios) for profile in plan.profiles}


def find_keyring(environment: Environment, plan: Plan, keys: Iterable[str]) -> Keyring:
    """Return the keyring of this gateway, with these keys.

    It outlives tests, because a key is issued only once. Raises BadPlan, ScenarioError.
    """
    host = environment.host
    if not host:
        raise BadPlan("Say where the gateway is: --host http://127.0.0.1:8080")
    token = os.environ.get("ALERTDRILL_ADMIN_TOKEN", "")
    keyring = _keyrings.setdefault(host, Keyring(host=host, admin_token=token))
    credentials = None if plan.target is None else find_credentials(plan.target, os.environ)
    if credentials is not None:
        keyring.headers = credentials.headers
    for key in sorted(set(keys)):
        if credentials is None:
            _provide_key(keyring, key, get_options(environment))
        else:
            keyring.adopt(key, credentials.token)
    return keyring


def _provide_key(keyring: Keyring, key: str, options: Namespace) -> None:
    """Issue a key; without an admin token, take the one that ALERTDRILL_TOKEN has."""
    token = os.environ.get("ALERTDRILL_TOKEN", "")
    if token and not options.plan and not os.environ.get("ALERTDRILL_ADMIN_TOKEN"):
        keyring.adopt(key, token)
    else:
        keyring.issue(key)


def _list_scenarios(environment: Environment) -> dict[str, type[Scenario]]:
    found: dict[str, type[Scenario]] = {}
    for user in cast("list[type[Scenario]]", environment.user_classes):
        name = getattr(user, "scenario", None)
        if not isinstance(name, str):
            raise BadPlan(
                f"The class {user.__name__} in Locust's files has no name in `scenario`: "
                "a scenario is a subclass of alertdrill.load.users.ScenarioUser"
            )
        if name in found:
            raise BadPlan(f"Two scenarios in Locust's files are named {name!r}: choose another name for one")
        found[name] = user
    return found


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
                {
                    "name": name,
                    "scenario": name,
                    "start_s": 0,
                    "arrivals": options.arrivals,
                    "burstiness": options.burstiness,
                    **profile,
                }
            ],
        }
    )


def _write_script(plan: Plan, profile: LoadProfile, scenarios: dict[str, type[Scenario]]) -> Script:
    where = f"Load profile {profile.name!r}"
    if profile.scenario not in scenarios:
        raise BadPlan(
            f"{where}: {profile.scenario!r} is not among Locust's files (-f), "
            f"whose scenarios are {', '.join(sorted(scenarios)) or 'none'}"
        )
    scenario = scenarios[profile.scenario]
    if plan.target is not None and (needs := scenario.find_needs(profile.options)):
        raise BadPlan(
            f"{where}: the scenario {profile.scenario!r} needs {needs}, which only the reference gateway has"
        )
    assumed = {} if plan.target is None else {"key": KEY}
    fields = Fields(profile.options, f"{where}: options", assumed)
    try:
        script = scenario.script(fields)
    except ScenarioError:
        raise
    except Exception as error:
        raise BadPlan(f"{where}: the scenario {profile.scenario!r} makes no script: {error!r}") from error
    fields.end()
    if profile.trace and isinstance(script, OrdinaryScript):
        if stated := [name for name in LENGTHS if name in profile.options]:
            raise BadPlan(f"{where}: its trace says how long each call is: leave out {' and '.join(stated)}")
        sizes = tuple((call.prompt_tokens, call.answer_tokens) for call in profile.trace)
        script.calls = replace(script.calls, sizes=sizes)
    return script
