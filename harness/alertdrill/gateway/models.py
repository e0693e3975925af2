"""The catalogue of models: which provider has which, in which dialect, at which price.

It is the data in models.yml, narrowed to the providers that the configuration has an address for. A model
that is not in it does not exist: no call, and no metric's label, is made for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from alertdrill.errors import BadInput
from alertdrill.gateway.prices import Price

SHIPPED = Path(__file__).with_name("models.yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of one provider."""

    provider: str
    name: str
    dialect: str
    price: Price

    @property
    def id(self) -> str:
        """The model's unambiguous name, `provider:model`."""
        return f"{self.provider}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a prefix routes: the model for open choices, if any, and whom to try after a failure.

    Calls under one that `has_accounts` are charged, limited, cached and queued.
    """

    global_default: Model | None
    fallbacks: tuple[Model, ...]
    has_accounts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All models that can be called, by id, in the file's order; `policies` under prefix, None for none.

    Those that make embeddings are `embedders`, and answer nothing else.
    """

    models: Mapping[str, Model]
    by_bare_name: Mapping[str, Model]
    policies: Mapping[str | None, Policy]
    embedders: Mapping[str, Model]

    def find_policy(self, prefix: str | None) -> Policy:
        """Return how a prefix routes; a prefix without a policy of its own routes as the plain one."""
        return self.policies.get(prefix) or self.policies[None]

    def list_accounted(self) -> tuple[str, ...]:
        """Return the prefixes whose calls meet accounts."""
        return tuple(prefix for prefix, policy in self.policies.items() if prefix and policy.has_accounts)

    def find(self, name: str) -> Model | None:
        """Return the model called `provider:model`, or by its bare name alone; None if there is none.

        A bare name that several providers have means the first of them in models.yml.
        """
        return self.models.get(name) or self.by_bare_name.get(name)

    def find_embedder(self, name: str) -> Model | None:
        """Return the model for embeddings called so, with or without its provider; None without one."""
        found = self.embedders.get(name)
        return found or next((model for model in self.embedders.values() if model.name == name), None)

    def list_all(self) -> list[Model]:
        """Return the models, and then those for embeddings."""
        return [*self.models.values(), *self.embedders.values()]


def read_catalogue(path: Path, providers: Iterable[str]) -> Catalogue:
    """Return the part of a models file that these providers serve.

    Raises BadInput if the file cannot be used or does not know one of the providers.
    """
    wanted = set(providers)
    try:
        document = _load(path.read_text(encoding="utf-8"))
        known = document["providers"]
        if missing := sorted(wanted - set(known)):
            raise BadInput(f"there is no provider {missing[0]!r}; there are: {', '.join(known)}")
        served = {provider: entry for provider, entry in known.items() if provider in wanted}
        models, embedders = (
            {
                model.id: model
                for provider, entry in served.items()
                for model in _read_models(provider, entry["dialect"], entry.get(kind) or {})
            }
            for kind in ("models", "embeddings")
        )
        policies = {
            None: _read_policy(document, models),
            **{
                prefix: _read_policy(entry, models)
                for prefix, entry in (document.get("prefixes") or {}).items()
            },
        }
    except (OSError, YAMLError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise BadInput(f"{path}: cannot read the models: {error}") from error
    bare: dict[str, Model] = {}
    for model in models.values():
        bare.setdefault(model.name, model)
    return Catalogue(models=models, by_bare_name=bare, policies=policies, embedders=embedders)


@lru_cache(maxsize=8)
def _load(text: str) -> Any:
    """Return what a file's text states, which nobody changes: reading it again would take the longest."""
    return YAML(typ="safe").load(text)


def _read_policy(entry: Mapping[str, Any], models: Mapping[str, Model]) -> Policy:
    return Policy(
        global_default=models.get(entry["global_default"]),
        fallbacks=tuple(models[name] for name in entry["fallbacks"] if name in models),
        has_accounts=entry.get("accounts") is True,
    )


def _read_models(provider: str, dialect: str, prices: Mapping[str, Any]) -> Iterable[Model]:
    for name, price in prices.items():
        yield Model(
            provider=provider,
            name=name,
            dialect=dialect,
            # Through str, because the decimal in the file is meant, not the float nearest to it.
            price=Price(
                prompt_usd=Decimal(str(price["prompt"])),
                # An embedding has no completion.
                completion_usd=Decimal(str(price.get("completion", 0))),
            ),
        )
