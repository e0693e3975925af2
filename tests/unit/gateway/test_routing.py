"""Routing decisions as a pure function of request, key, catalogue and health."""

from __future__ import annotations

import pytest

from alertdrill.gateway.models import SHIPPED, read_catalogue
from alertdrill.gateway.routing import Route, UnknownModel, choose, choose_next, resolve

CATALOGUE = read_catalogue(SHIPPED, ["openai", "anthropic", "ollama", "openrouter"])
WANTED = Route(slot="explicit_model", model=CATALOGUE.models["openai:gpt-4o"])
LLAMA = CATALOGUE.models["ollama:llama3.2"]
OTHER = CATALOGUE.models["anthropic:claude-haiku-4-5"]


def up(*providers: str):
    """Return a health where only these providers are available."""
    return lambda provider: provider in providers


@pytest.mark.parametrize(
    ("asked", "pin", "slot", "model"),
    [
        ("openai:gpt-4o", None, "explicit_model", "openai:gpt-4o"),
        ("claude-3-opus", "openai:o3", "explicit_model", "anthropic:claude-3-opus"),
        ("deepseek-r1", None, "explicit_model", "ollama:deepseek-r1"),
        ("openrouter:deepseek-r1", None, "explicit_model", "openrouter:deepseek-r1"),
        (None, "openai:o3", "key_pin", "openai:o3"),
        ("auto", "o3", "key_pin", "openai:o3"),
        (None, None, "global_default", "openai:gpt-4o-mini"),
    ],
)
def test_wanted_model(asked, pin, slot, model):
    """The request's model wins over the key's, that over the default; a bare name is the first so called."""
    route = resolve(asked, pin, CATALOGUE, CATALOGUE.find_policy(None))
    assert (route.slot, route.model.id) == (slot, model)


@pytest.mark.parametrize("asked", ["gpt-99", "openai:", ":gpt-4o", "", "OPENAI:gpt-4o"])
def test_unknown_models_are_refused(asked):
    """A name that is not in the catalogue resolves to nothing."""
    with pytest.raises(UnknownModel):
        resolve(asked, None, CATALOGUE, CATALOGUE.find_policy(None))


def test_default_of_an_unconfigured_provider_is_refused():
    """Without the default's provider a request must name its model."""
    catalogue = read_catalogue(SHIPPED, ["ollama"])
    with pytest.raises(UnknownModel):
        resolve(None, None, catalogue, catalogue.find_policy(None))


def test_healthy_wanted_model_is_taken():
    """Nothing else is looked at while the wanted provider is available."""
    assert choose(WANTED, [LLAMA], up("openai", "ollama")) == WANTED


def test_cooling_provider_is_passed_over():
    """The first available fallback is taken in the slot provider_health."""
    assert choose(WANTED, [LLAMA, OTHER], up("anthropic")) == Route(slot="provider_health", model=OTHER)


def test_cooling_provider_is_taken_when_nothing_else_is_left():
    """With everything cooling down, the wanted model is as good as any."""
    assert choose(WANTED, [LLAMA], up()) == WANTED


def test_next_route_skips_what_was_tried_and_what_is_cooling():
    """A fallback is the first untried model of an available provider."""
    route = choose_next(WANTED, [LLAMA, OTHER], [WANTED.model], up("openai", "anthropic"))
    assert route == Route(slot="fallback", model=OTHER)


def test_next_route_takes_a_cooling_provider_rather_than_none():
    """The last resort is tried even while cooling down."""
    assert choose_next(WANTED, [LLAMA], [WANTED.model], up()) == Route(slot="fallback", model=LLAMA)


def test_next_route_comes_back_to_a_wanted_model_that_was_passed_over():
    """If the stand-in for a cooling provider fails, the wanted model is the last resort."""
    assert choose_next(WANTED, [LLAMA], [LLAMA], up()) == Route(slot="fallback", model=WANTED.model)


def test_no_route_is_left_when_all_were_tried():
    """Every model is tried once at most."""
    assert choose_next(WANTED, [LLAMA], [WANTED.model, LLAMA], up("openai", "ollama")) is None
