"""What tenants may run: the data in policies.yml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from alertdrill.errors import BadInput

SHIPPED = Path(__file__).with_name("policies.yml")
NUMBERS = ("runs_per_minute", "burst", "concurrent_runs")
MAX_NUMBER = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A tenant's caps; `models` are the ids (`provider:model`) that it may run."""

    models: frozenset[str]
    runs_per_minute: int
    burst: int
    concurrent_runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Everybody's policy, and the tenants that have one of their own."""

    default: Policy
    by_tenant: Mapping[str, Policy]

    def find(self, tenant: str) -> Policy:
        """Return a tenant's policy."""
        return self.by_tenant.get(tenant, self.default)


def read_policies(path: Path) -> Policies:
    """Return the policies in a file; a tenant's fields replace the default's. Raises BadInput."""
    try:
        document = _load(path.read_text(encoding="utf-8"))
        default = document["default"]
        tenants = document["tenants"] or {}
        return Policies(
            default=_read_policy(default),
            by_tenant={name: _read_policy({**default, **entry}) for name, entry in tenants.items()},
        )
    except (OSError, YAMLError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: cannot read the policies of runs: {error}") from error


@lru_cache(maxsize=8)
def _load(text: str) -> Any:
    """Return what a file's text states, which nobody changes: reading it again would take the longest."""
    return YAML(typ="safe", pure=True).load(text)


def _read_policy(entry: Mapping[str, Any]) -> Policy:
    if entry.keys() != {"models", *NUMBERS}:
        raise ValueError(f"a policy has models, {', '.join(NUMBERS)}")
    models = entry["models"]
    if not isinstance(models, list) or not all(isinstance(model, str) for model in models):
        raise ValueError("models must be a list of names")
    for name in NUMBERS:
        if type(entry[name]) is not int or not 1 <= entry[name] <= MAX_NUMBER:
            raise ValueError(f"{name} must be a whole number from 1 to {MAX_NUMBER}")
    return Policy(models=frozenset(models), **{name: entry[name] for name in NUMBERS})
