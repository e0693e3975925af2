"""A file that says how a stub provider behaves: `alertdrill stub --behaviour FILE`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alertdrill.errors import BadInput
from alertdrill.project.behaviours import MAX_NAMED, read_models, read_whole_behaviour, take_key
from alertdrill.rules.fields import Fields
from alertdrill.rules.yaml.nodes import read_nodes
from alertdrill.systems.system import read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviours:
    """What a stub is started with: of every model, of models by name, and of calls by their key."""

    of_all: Mapping[str, Any] = field(default_factory=dict)
    of_models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    of_keys: tuple[tuple[str, Mapping[str, Any]], ...] = field(default=(), repr=False)


def read_behaviours(path: Path, environ: Mapping[str, str]) -> Behaviours:
    """Return what a YAML file states: the parts of a behaviour, `models` and `keys`; `environ` has the keys.

    Raises BadInput with file and line.
    """
    document = read_nodes(read_text(path), str(path))
    if document is None:
        raise BadInput(f"{path}:1: the file is empty: it has to say how a stub behaves")
    fields = Fields(document, str(path), "the file")
    nodes = fields.take_items("keys")
    if len(nodes) > MAX_NAMED:
        raise fields.fail(f"the file has more than {MAX_NAMED} keys", nodes[MAX_NAMED])
    of_models = read_models(fields)
    of_all = read_whole_behaviour(fields)
    keys = tuple(_read_key(Fields(node, fields.name, "an item of keys"), environ) for node in nodes)
    return Behaviours(of_all=of_all, of_models=of_models, of_keys=keys)


def _read_key(fields: Fields, environ: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    name = take_key(fields)
    behaviour = read_whole_behaviour(fields.take_fields("behaviour"))
    fields.end()
    key = environ.get(name, "").strip()
    if not key:
        raise fields.fail(f"there is no environment variable {name}, or it is empty")
    return key, behaviour
