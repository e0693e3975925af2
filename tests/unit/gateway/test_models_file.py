"""The shipped models.yml, and what a models file may not be."""

from __future__ import annotations

from decimal import Decimal

import pytest

from alertdrill.errors import BadInput
from alertdrill.gateway.dialects import DIALECTS
from alertdrill.gateway.models import SHIPPED, read_catalogue
from alertdrill.gateway.prices import compute_cost

ALL = ["openai", "anthropic", "ollama", "openrouter", "google", "groq"]


def test_every_provider_has_models_and_a_dialect():
    """Each provider has at least six models in a dialect that is spoken."""
    models = read_catalogue(SHIPPED, ALL).models.values()
    assert {name: sum(model.provider == name for model in models) >= 6 for name in ALL} == dict.fromkeys(
        ALL, True
    )
    assert {model.dialect for model in models} <= set(DIALECTS)


def test_default_and_fallbacks_exist():
    """The default and the fallbacks are models of the file."""
    catalogue = read_catalogue(SHIPPED, ALL)
    assert catalogue.find_policy(None).global_default is catalogue.models["openai:gpt-4o-mini"]
    assert [model.id for model in catalogue.find_policy(None).fallbacks] == ["ollama:llama3.2"]


def test_mana_llm_has_a_policy_of_its_own():
    """Its prefix prefers local models, then Google, then OpenRouter; others keep the plain policy."""
    catalogue = read_catalogue(SHIPPED, ALL)
    policy = catalogue.find_policy("mana_llm")
    assert policy.global_default is catalogue.models["ollama:gemma3:12b"]
    assert [model.provider for model in policy.fallbacks] == ["google", "openrouter"]
    assert catalogue.find_policy("metis") is catalogue.find_policy(None)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ollama:gemma3:12b", "ollama:gemma3:12b"),
        ("gemma3:12b", "ollama:gemma3:12b"),
        ("gemma3", "ollama:gemma3"),
        ("ollama:gemma3", "ollama:gemma3"),
        ("gemma3:99b", None),
        ("google:gemma3:12b", None),
    ],
)
def test_names_with_a_colon_are_names(asked, found):
    """A model's tag is part of its name, with the provider before it or not."""
    model = read_catalogue(SHIPPED, ALL).find(asked)
    assert (model.id if model else None) == found


def test_prices_are_exact():
    """A cost is computed in decimals: a tenth of a cent stays one."""
    price = read_catalogue(SHIPPED, ALL).models["openai:gpt-4o-mini"].price
    assert compute_cost(price, prompt_tokens=1, completion_tokens=1) == Decimal("0.00000075")
    assert sum(compute_cost(price, prompt_tokens=2_000, completion_tokens=0) for _ in range(10)) == Decimal(
        "0.003"
    )


def test_unconfigured_providers_have_no_models():
    """Only what can be reached is in the catalogue."""
    catalogue = read_catalogue(SHIPPED, ["anthropic"])
    assert {model.provider for model in catalogue.models.values()} == {"anthropic"}
    assert (catalogue.find_policy(None).fallbacks, catalogue.find("gpt-4o")) == ((), None)


def test_unknown_provider_is_refused():
    """A configured provider that the file does not know is named."""
    with pytest.raises(BadInput, match="no provider 'nobody'"):
        read_catalogue(SHIPPED, ["openai", "nobody"])


@pytest.mark.parametrize("text", ["", "[1]", "a: [", "providers: {openai: {models: {m: {prompt: x}}}}"])
def test_unusable_file_is_refused(tmp_path, text):
    """A file that is not a models file is named in one sentence."""
    path = tmp_path / "models.yml"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"models\.yml"):
        read_catalogue(path, ["openai"])
