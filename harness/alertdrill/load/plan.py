"""The plan: which load profiles are performed, when, and what the providers are told; all times in rule time.

Rule time runs `speed` times faster than the wall; its zero is at `origin_s` (Unix epoch seconds).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, cast, get_args

from alertdrill.load.arrivals import LEAST_BURSTINESS, MAX_ARRIVALS, MOST_BURSTINESS, Kind
from alertdrill.load.errors import BadPlan
from alertdrill.load.fields import Fields
from alertdrill.load.target import Target, describe_target, read_target

MAX_PLAN_BYTES = 10_000_000
MAX_SPEED = 10_000.0
MAX_S = 366 * 86_400.0
MAX_RATE_PER_S = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourChange:
    """An instruction to a provider's control API, `at_s` after the load profile's start.

    `key_env` names the variable with the key whose calls it is about, if it is about those.
    """

    at_s: float
    provider: str
    model: str | None
    behaviour: Mapping[str, Any]
    key_env: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedCall:
    """A call of a trace, `at_s` after the load profile's start."""

    at_s: float
    prompt_tokens: int
    answer_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProfile:
    """Traffic of one scenario; a stage is (duration_s, rate_per_s); `options` are read by the scenario.

    A `trace` has its own instants, and the stages say how long it is. `prefix` is the gateway's prefix that
    the requests go under, None for none.
    """

    name: str
    scenario: str
    start_s: float
    stages: tuple[tuple[float, float], ...]
    arrivals: Kind
    changes: tuple[BehaviourChange, ...]
    options: Mapping[str, Any]
    prefix: str | None
    burstiness: float = 1.0
    trace: tuple[TracedCall, ...] = ()

    @property
    def lasts_s(self) -> float:
        """How long all stages last."""
        return sum(duration_s for duration_s, _ in self.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one test does; `report` is where its report is written, `controls` the control APIs.

    `target` is a gateway that is somebody else's, None for the reference gateway.
    """

    speed: float
    origin_s: float
    seed: int
    report: Path | None
    controls: Mapping[str, str]
    profiles: tuple[LoadProfile, ...]
    target: Target | None = None

    def wall_s(self, rule_s: float) -> float:
        """Return the wall instant (epoch seconds) of a rule time."""
        return self.origin_s + rule_s / self.speed


def read_plan(path: Path) -> Plan:
    """Read a plan from its file. Raises BadPlan."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_PLAN_BYTES + 1)
        if len(raw) > MAX_PLAN_BYTES:
            raise BadPlan(f"The plan {path} is longer than {MAX_PLAN_BYTES} bytes")
        value = json.loads(raw)
    except OSError as error:
        raise BadPlan(f"The plan {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadPlan(f"The plan {path} is not JSON: {error}") from error
    return parse_plan(value)


def parse_plan(value: Any) -> Plan:
    """Turn the JSON of a plan, as docs/reference/interfaces.md has it, into a Plan. Raises BadPlan."""
    fields = Fields(value, "The plan")
    plan = Plan(
        speed=fields.number("speed", least=1e-3, most=MAX_SPEED),
        origin_s=fields.number("origin_s", least=0, most=1e11),
        seed=fields.whole("seed", least=-(2**53), most=2**53),
        report=Path(fields.text("report")) if fields.has("report") else None,
        controls=_read_controls(fields),
        profiles=tuple(_read_profile(profile) for profile in fields.objects("profiles")),
        target=read_target(Fields(fields.mapping("target"), "The plan: target"))
        if fields.has("target")
        else None,
    )
    fields.end()
    for profile in plan.profiles:
        if plan.target is not None and profile.prefix is not None:
            raise BadPlan(f"Load profile {profile.name!r}: only the reference gateway has prefixes")
    names = [profile.name for profile in plan.profiles]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadPlan(f"The plan: two load profiles are named {twice[0]!r}")
    return plan


def describe_traffic(plan: Plan) -> dict[str, Any]:
    """Return what a plan says of the traffic, as JSON that `parse_plan` reads; providers are told nothing."""
    return {
        "speed": plan.speed,
        "origin_s": plan.origin_s,
        "seed": plan.seed,
        "target": None if plan.target is None else describe_target(plan.target),
        "profiles": [
            {
                "name": profile.name,
                "scenario": profile.scenario,
                "start_s": profile.start_s,
                "stages": [
                    {"duration_s": duration_s, "rate_per_s": rate_per_s}
                    for duration_s, rate_per_s in profile.stages
                ],
                "arrivals": profile.arrivals,
                "options": dict(profile.options),
                "prefix": profile.prefix,
                "burstiness": profile.burstiness,
                "trace": [[call.at_s, call.prompt_tokens, call.answer_tokens] for call in profile.trace]
                or None,
            }
            for profile in plan.profiles
        ],
    }


def parse_controls(text: str) -> dict[str, str]:
    """Read `provider=URL,provider=URL`. Raises BadPlan."""
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if not all(name.strip() and url.strip() for name, _, url in pairs):
        raise BadPlan("Control URLs are written as provider=URL,provider=URL")
    return {name.strip(): url.strip() for name, _, url in pairs}


def _read_controls(fields: Fields) -> dict[str, str]:
    named = fields.mapping("controls", {})
    urls = Fields(named, "The plan: controls")
    controls = {name: urls.text(name).rstrip("/") for name in named}
    for name, url in controls.items():
        if not url.startswith(("http://", "https://")):
            raise BadPlan(f"The plan: controls: {name} must be an http or https URL")
    return controls


def _read_profile(fields: Fields) -> LoadProfile:
    name = fields.text("name")
    fields.where = f"Load profile {name!r}"
    profile = LoadProfile(
        name=name,
        scenario=fields.text("scenario"),
        start_s=fields.number("start_s", least=-MAX_S, most=MAX_S),
        stages=tuple(_read_stage(stage) for stage in fields.objects("stages")),
        arrivals=cast("Kind", fields.text("arrivals", "uniform", of=get_args(Kind))),
        burstiness=fields.number("burstiness", 1.0, least=LEAST_BURSTINESS, most=MOST_BURSTINESS),
        trace=_read_trace(fields) if fields.has("trace") else (),
        changes=tuple(_read_change(change) for change in fields.objects("changes", [])),
        options=fields.mapping("options", {}),
        prefix=fields.text("prefix") if fields.has("prefix") else None,
    )
    fields.end()
    if not profile.stages:
        raise BadPlan(f"Load profile {name!r}: stages must not be empty")
    if (expected := sum(duration_s * rate for duration_s, rate in profile.stages)) > MAX_ARRIVALS:
        raise BadPlan(f"Load profile {name!r}: {expected:.0f} arrivals are more than {MAX_ARRIVALS}")
    return profile


def _read_trace(fields: Fields) -> tuple[TracedCall, ...]:
    rows = fields.rows("trace", width=3, most=MAX_ARRIVALS)
    if any(later[0] < earlier[0] for earlier, later in pairwise(rows)):
        raise BadPlan(f"{fields.where}: trace must be in the order of its instants")
    return tuple(
        TracedCall(at_s=at_s, prompt_tokens=int(prompt), answer_tokens=int(answer))
        for at_s, prompt, answer in rows
    )


def _read_stage(fields: Fields) -> tuple[float, float]:
    stage = (
        fields.number("duration_s", least=0, most=MAX_S),
        fields.number("rate_per_s", least=0, most=MAX_RATE_PER_S),
    )
    fields.end()
    return stage


def _read_change(fields: Fields) -> BehaviourChange:
    change = BehaviourChange(
        at_s=fields.number("at_s", least=0, most=MAX_S),
        provider=fields.text("provider"),
        model=fields.text("model") if fields.has("model") else None,
        behaviour=fields.mapping("behaviour"),
        key_env=fields.text("key_env") if fields.has("key_env") else None,
    )
    fields.end()
    if (
        change.model is None
        and change.key_env is None
        and not (change.behaviour.keys() == {"listening"} and isinstance(change.behaviour["listening"], bool))
    ):
        raise BadPlan(
            f'{fields.where}: without a model or a key, behaviour must be {{"listening": true or false}}'
        )
    return change
