"""What a stack is ordered to be: drills, rules and the Alertmanager config."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from alertdrill.alertmanager.config import read_config
from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.core.drill import Drill
from alertdrill.rules.files import RuleFile, read_rules
from alertdrill.runner.order import Order
from alertdrill.runtime.looking import follow
from alertdrill.runtime.paths import shorten
from alertdrill.stacks import Site
from alertdrill.stacks.config_folder import find_alertmanager_config, read_rule_folder
from alertdrill.systems import System


def make_order(
    drills: tuple[Drill, ...],
    out: Path,
    rules: tuple[RuleFile, ...],
    alertmanager_config: Path | None,
    templates_folder: Path | None,
    site: Site,
    speed: float | None,
    systems: Iterable[System],
) -> Order:
    """Return the order for drills; without a config of somebody's, with our own for the systems."""
    if alertmanager_config is not None:
        config = read_config(alertmanager_config, templates_folder)
        for note in config.notes:
            click.echo(note, err=True)
    else:
        config = make_reference_config(system.name for system in systems)
    return Order(drills=drills, rules=rules, site=site, alertmanager=config, out=follow(out), speed=speed)


def find_config(named: Path | None, folder: Path | None) -> Path | None:
    """Return the Alertmanager config that was named, or the folder's."""
    return find_alertmanager_config(folder) if named is None and folder is not None else named


def read_rule_files(paths: tuple[Path, ...], folder: Path | None) -> tuple[RuleFile, ...]:
    """Return the rule files that were named, or the folder's, or none."""
    named = tuple(read_rules(shorten(path)) for path in paths)
    return named or (read_rule_folder(folder) if folder is not None else ())


def list_inputs(rule_paths: tuple[Path, ...], folder: Path | None, config: Path | None) -> list[Path]:
    """Return the files that are read for an order."""
    found = [*rule_paths, *([] if config is None else [config])]
    return found if folder is None else [*found, *folder.glob("*.yml"), *folder.glob("rules/*.yml")]
