"""The options of alertdrill's own scenarios, so that a mistake in one is found as a drill is read. Pure.

A scenario reads its options in Locust's process, once a stack stands; it is the one that decides. What is
stated here is held to that by a test.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from alertdrill.rules.fields import Fields, say_nearest

MAX_CHARS = 500
MAX_ITEMS = 1_000
MAX_S = 366 * 86_400.0
MANY = 1_000_000
MOST_SHOWN = 60
"""Characters of a list that a message shows; of a longer one it says that it is a list."""
PROFILE = ("scenario", "name", "at", "rate", "lasts", "stages", "arrivals", "burstiness", "trace")
"""What every load profile has."""
TRACED = ("max_tokens", "prompt_chars")
"""What a trace says of each call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option: what it may be, and whether it has to be stated, always or beside the word of `wanted_by`.

    It is there only beside an option `beside` that is one of `values`, or is stated at all if these are none.
    """

    kind: Literal["text", "model", "number", "whole", "texts", "wholes"] = "text"
    least: float = 0
    most: float = 0
    among: tuple[str, ...] = ()
    is_required: bool = False
    wanted_by: tuple[str, str] | None = None
    beside: str = ""
    values: tuple[str, ...] = ()

    def describe(self) -> str:
        """Say what it has to be."""
        between = f"from {self.least:g} to {self.most:.10g}"
        match self.kind:
            case "text" | "texts" if self.among:
                one = f"one of {', '.join(self.among)}"
                return one if self.kind == "text" else f"a list of at least {one}"
            case "text":
                return f"a text of 1 to {MAX_CHARS} printable characters"
            case "model":
                return "provider:model"
            case "texts":
                return f"a list of 1 to {MAX_ITEMS} texts of 1 to {MAX_CHARS} printable characters"
            case "number":
                return f"a number {between}"
            case "whole":
                return f"a whole number {between}"
        return f"a list of at most {MAX_ITEMS} whole numbers {between}"

    def is_met(self, value: Any) -> bool:
        """Say whether a value is one that it may have."""
        if self.kind in {"texts", "wholes"}:
            is_list = isinstance(value, list) and len(value) <= MAX_ITEMS
            return is_list and (self.kind == "wholes" or bool(value)) and all(map(self._is_one, value))
        return self._is_one(value)

    def _is_one(self, value: Any) -> bool:
        if self.kind in {"text", "texts", "model"}:
            is_text = isinstance(value, str) and 1 <= len(value) <= MAX_CHARS and value.isprintable()
            is_named = self.kind != "model" or (is_text and bool(value.partition(":")[2]))
            return is_text and is_named and (not self.among or value in self.among)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return False
        is_whole = self.kind == "number" or float(value).is_integer()
        return is_whole and self.least <= value <= self.most


Options = Mapping[str, Option]
SECONDS = Option(kind="number", most=MAX_S)
MODELS = Option(kind="texts", is_required=True)
SOME_MODELS = Option(kind="texts")
KEY = Option()
LENGTHS: Options = {
    "max_tokens": Option(kind="whole", least=1, most=MANY),
    "prompt_chars": Option(kind="whole", least=1, most=100_000),
}


def _offer_calls(*apis: str) -> Options:
    """Return the options of ordinary calls, of one of these APIs."""
    told: dict[str, Any] = {}
    if "embeddings" in apis:
        told = {"beside": "api", "values": tuple(api for api in apis if api != "embeddings")}
    return {
        "api": Option(among=apis),
        "models": MODELS,
        "key": KEY,
        "stream_share": Option(kind="number", most=1, **told),
        "max_tokens": Option(kind="whole", least=1, most=MANY, **told),
        "prompt_chars": LENGTHS["prompt_chars"],
    }


def _spell(trigger: str, **others: Option) -> Options:
    """Return options that belong together: with the first, the others are stated as well."""
    return {name: _require(option, trigger) for name, option in others.items()}


def _require(option: Option, beside: str, *values: str) -> Option:
    return replace(option, is_required=True, beside=beside, values=values)


CALLS = _offer_calls("chat", "embeddings", "messages")
INFERENCES: Options = {
    "models": MODELS,
    "key": KEY,
    "input_chars": Option(kind="whole", least=1, most=16_384),
}
RUNS: Options = {
    "models": SOME_MODELS,
    "key": KEY,
    "steps": Option(kind="whole", least=1, most=50),
    **LENGTHS,
    "asks": Option(kind="texts", among=("status", "result", "logs", "cancel", "repeat")),
    "about": Option(among=("latest", "failed")),
}
EVERY = Option(kind="whole", most=MANY)
ERRORS = ("server_error", "rate_limit", "auth", "network", "timeout", "unknown")
SCENARIOS: Mapping[str, Options] = {
    "auth_scan": {
        **CALLS,
        "reason": Option(among=("invalid_token", "missing_token", "key_revoked", "rotation")),
        "models": Option(kind="texts", wanted_by=("reason", "rotation")),
        "key": Option(beside="reason", values=("key_revoked", "rotation")),
        "refused": Option(kind="wholes", least=400, most=599),
        "rotate_at_s": _require(SECONDS, "reason", "rotation"),
        "catch_up_s": _require(SECONDS, "reason", "rotation"),
    },
    "burst": CALLS,
    "cache_collapse": {
        **_offer_calls("chat"),
        "prompts": Option(kind="whole", least=1, most=1_000, is_required=True),
        "new_from": Option(kind="whole", most=200_000, is_required=True),
        "new_until": Option(kind="whole", most=200_000, is_required=True),
        "new_share": Option(kind="number", most=1),
    },
    "cost_runaway": CALLS,
    "embeddings": {
        name: option for name, option in _offer_calls("embeddings").items() if option.beside != "api"
    },
    "executor_timeouts": {
        **INFERENCES,
        "hang_at_s": SECONDS,
        **_spell(
            "hang_at_s",
            upstream=Option(),
            hang_every=Option(kind="whole", least=1, most=MANY),
            hang_for_s=SECONDS,
        ),
    },
    "infer": {**INFERENCES, "welcome": Option(kind="whole", least=200, most=599)},
    "outage": {**CALLS, "down_at_s": SECONDS, **_spell("down_at_s", provider=Option(), down_for_s=SECONDS)},
    "predict": RUNS,
    "provider_fallback": {
        **CALLS,
        "fail_at_s": SECONDS,
        **_spell("fail_at_s", failing=Option(kind="model"), error=Option(among=ERRORS), fail_for_s=SECONDS),
    },
    "queue_backlog": {
        **INFERENCES,
        "follow_every": EVERY,
        "cancel_every": EVERY,
        "slow_s": SECONDS,
        **_spell("slow_s", upstream=Option(), slow_for_s=SECONDS),
    },
    "rate_limit_abuse": {**CALLS, "requests_per_minute": Option(kind="whole", least=1, most=MANY)},
    "sessions": {
        "key": KEY,
        **dict.fromkeys(("learned", "default", "judge"), Option(is_required=True)),
        "workspace": Option(),
        "daily_requests": Option(kind="whole", least=1, most=MANY),
    },
    "steady": CALLS,
    "streaming": _offer_calls("chat", "messages"),
    "stuck_runs": {**RUNS, "step_s": Option(kind="number", most=110)},
    "text_apis": {
        **_offer_calls("chat"),
        "ask": Option(
            among=("completions", "responses", "background", "polling", "statement"), is_required=True
        ),
        "plan": Option(among=("trial", "subscribed")),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """An option that a scenario does not take, and why."""

    option: str
    why: str


def find_mistake(
    what: str,
    scenario: str,
    options: Mapping[str, Any],
    *,
    is_traced: bool,
    beside: Sequence[str] = PROFILE,
) -> Mistake | None:
    """Return the first option that a scenario of ours does not have, or cannot read; `what` states them.

    The calls of a trace have their lengths from it. What scenarios of the user's take is not known. `beside`
    has what may be stated where options are.
    """
    if scenario not in SCENARIOS:
        return None
    offered = SCENARIOS[scenario]
    stated = {name: value for name, value in options.items() if value is not None}
    for name, value in stated.items():
        if name not in offered:
            near = say_nearest(name, (*beside, *offered)) or f"; its own are {', '.join(offered)}"
            return Mistake(
                option=name, why=f"{what} has a field {name!r}, which {scenario} does not know{near}"
            )
        option = offered[name]
        if not is_offered(option, scenario, stated):
            said = f"{what} has {name}, which {scenario} has only{_say_beside(option)}"
            return Mistake(option=name, why=said)
        if not option.is_met(value):
            near = say_nearest(str(value), option.among)
            said = f"{name} of {what} is {_show(value)}, not {option.describe()}{near}"
            return Mistake(option=name, why=said)
        if is_traced and name in TRACED:
            said = f"{what} has a trace, which says how long each call is, so no {name}"
            return Mistake(option=name, why=said)
    return None


def find_missing(what: str, scenario: str, options: Mapping[str, Any]) -> Mistake | None:
    """Return the first option that a scenario of ours cannot do without, and that is not stated."""
    stated = {name: value for name, value in options.items() if value is not None}
    for name, option in SCENARIOS.get(scenario, {}).items():
        if name not in stated and is_wanted(option, scenario, stated):
            why = f"{what} has no {name}, which {scenario} wants{_say_beside(option)}"
            return Mistake(option=name, why=why)
    return None


def check_options(fields: Fields, scenario: str, options: Mapping[str, Any], *, is_traced: bool) -> None:
    """Raise BadInput, with its line, for an option as `find_mistake` finds it."""
    if mistake := find_mistake(fields.what, scenario, options, is_traced=is_traced):
        raise fields.fail(mistake.why, fields.find_key(mistake.option))


def check_wanted(fields: Fields, scenario: str, options: Mapping[str, Any]) -> None:
    """Raise BadInput for an option that a scenario of ours cannot do without."""
    if mistake := find_missing(fields.what, scenario, options):
        raise fields.fail(mistake.why)


def is_offered(option: Option, scenario: str, stated: Mapping[str, Any]) -> bool:
    """Say whether an option is there, beside what else is stated, or else the first that it may be."""
    if not option.beside:
        return True
    if not option.values:
        return option.beside in stated
    usual = SCENARIOS[scenario][option.beside].among[0]
    return stated.get(option.beside, usual) in option.values


def is_wanted(option: Option, scenario: str, stated: Mapping[str, Any]) -> bool:
    """Say whether an option has to be stated, beside what else is."""
    if option.wanted_by is not None:
        beside, word = option.wanted_by
        return stated.get(beside) == word
    return option.is_required and is_offered(option, scenario, stated)


def _say_beside(option: Option) -> str:
    if option.wanted_by is not None:
        return f" beside {': '.join(option.wanted_by)}"
    values = f": {' or '.join(option.values)}" if option.values else ""
    return f" beside {option.beside}{values}" if option.beside else ""


def _show(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    said = repr(value)
    return "a list" if isinstance(value, list) and len(said) > MOST_SHOWN else said
