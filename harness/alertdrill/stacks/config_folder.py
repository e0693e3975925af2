"""A user's folder with what a stack is made of: `rules/*.yml` and `alertmanager.yml`, both optional."""

from __future__ import annotations

from pathlib import Path

from alertdrill.errors import BadInput
from alertdrill.rules.files import RuleFile, read_rules
from alertdrill.runtime.looking import is_folder, is_there, list_folder

ALERTMANAGER_NAME = "alertmanager.yml"
ENDINGS = (".yml", ".yaml")
MAX_FILES = 200


def read_rule_folder(folder: Path) -> tuple[RuleFile, ...]:
    """Return the rule files of a folder in the order of their names; raises BadInput, BadRules."""
    inside = folder / "rules"
    paths = [path for path in list_folder(inside) if path.suffix in ENDINGS] if is_folder(inside) else []
    if len(paths) > MAX_FILES:
        raise BadInput(f"{inside}: more than {MAX_FILES} rule files")
    return tuple(read_rules(path) for path in paths)


def find_alertmanager_config(folder: Path) -> Path | None:
    """Return a folder's Alertmanager config; None if there is none."""
    path = folder / ALERTMANAGER_NAME
    return path if is_there(path) else None
