"""YAML files of ours as plain values, read by libyaml: a tenth of what a reader in Python takes."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml


class _Strict(yaml.CSafeLoader):
    """Refuses a mapping that has a key twice, of which PyYAML would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"{node.start_mark}: {twice} stands there twice"
        made: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return made


def parse_yaml(text: str) -> Any:
    """Return the one document of a text."""
    return yaml.load(text, _Strict)  # noqa: S506 - a safe loader


def read_yaml(path: Path) -> Any:
    """Return the one document of a file."""
    return parse_yaml(path.read_text(encoding="utf-8"))


def read_yamls(path: Path) -> list[Any]:
    """Return all documents of a file."""
    return list(yaml.load_all(path.read_text(encoding="utf-8"), _Strict))
