"""Which model answers a request. Pure: the health of the providers comes in as a function.

Seven slots say which policy won; earlier ones win over later ones:

1. `explicit_model`: the request names a model, as `provider:model` or by its bare name;
2. `key_pin`: the request leaves the choice open (no model, or `auto`), and its key has a model;
3. `workspace_default`: the choice is open, and the workspace of the session has a default of its own;
4. `pattern_store`: the choice is open, and a model did well on a similar request of the workspace;
5. `provider_health`: the wanted provider is cooling down, so the next healthy one was taken;
6. `fallback`: an attempt failed, so the next one was taken;
7. `global_default`: nothing above has a model for an open choice.

Chat requests can win 1, 2, 5, 6 and 7; the turns of sessions, which know their workspace, all seven.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alertdrill.gateway.events import Slot
from alertdrill.gateway.models import Catalogue, Model, Policy

OPEN_CHOICE = "auto"


class UnknownModel(Exception):
    """No configured provider has that model; the argument is the name that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A chosen model, and why."""

    slot: Slot
    model: Model
    fingerprint_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The model (its id) that did well on requests with a similar fingerprint, and how that was taken."""

    model: str
    fingerprint_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a workspace has to say to an open choice; its patterns are asked only if it has no default."""

    workspace_default: str | None = None
    find_pattern: Callable[[], Pattern | None] = lambda: None


NO_HINTS = Hints()


def resolve(
    asked: str | None, pin: str | None, catalogue: Catalogue, policy: Policy, hints: Hints = NO_HINTS
) -> Route:
    """Return the wanted model, healthy or not; raises UnknownModel."""
    if asked is not None and asked != OPEN_CHOICE:
        return Route(slot="explicit_model", model=_find(asked, catalogue))
    if pin is not None:
        return Route(slot="key_pin", model=_find(pin, catalogue))
    if hints.workspace_default is not None:
        return Route(slot="workspace_default", model=_find(hints.workspace_default, catalogue))
    if pattern := hints.find_pattern():
        return Route(
            slot="pattern_store",
            model=_find(pattern.model, catalogue),
            fingerprint_version=pattern.fingerprint_version,
        )
    if policy.global_default is None:
        raise UnknownModel(OPEN_CHOICE)
    return Route(slot="global_default", model=policy.global_default)


def choose(wanted: Route, fallbacks: Sequence[Model], is_available: Callable[[str], bool]) -> Route:
    """Return the first route to take: the wanted one, unless its provider is unavailable and another's not.

    `is_available` takes a provider's name.
    """
    if is_available(wanted.model.provider):
        return wanted
    for model in fallbacks:
        if is_available(model.provider):
            return Route(slot="provider_health", model=model)
    return wanted


def choose_next(
    wanted: Route, fallbacks: Sequence[Model], tried: Sequence[Model], is_available: Callable[[str], bool]
) -> Route | None:
    """Return the route after the `tried` ones failed; None when nothing is left.

    Unavailable providers are skipped unless nothing else is left.
    """
    left = [model for model in (wanted.model, *fallbacks) if model not in tried]
    if not left:
        return None
    healthy = next((model for model in left if is_available(model.provider)), left[0])
    return Route(slot="fallback", model=healthy)


def _find(name: str, catalogue: Catalogue) -> Model:
    model = catalogue.find(name)
    if model is None:
        raise UnknownModel(name)
    return model
