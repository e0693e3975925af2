"""Alerts sent through a real Alertmanager with somebody's config, and a real pager."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from alertdrill.alertmanager.config import AlertmanagerConfig, parse_config, read_config
from alertdrill.runner.synthetic.apart import set_apart
from alertdrill.runner.synthetic.durations import MIN_SPEED
from alertdrill.runner.synthetic.every import Exercise
from alertdrill.runner.synthetic.inhibition import read_inhibit_rules
from alertdrill.runner.synthetic.local import open_path
from alertdrill.runner.synthetic.pages import Row
from alertdrill.runner.synthetic.route import bind
from alertdrill.runner.synthetic.synthetic import SyntheticAlert
from alertdrill.runtime.binaries import Engines


def rehearse(
    config: AlertmanagerConfig | Path | str,
    alerts: Sequence[SyntheticAlert],
    engines: Engines,
    nobody: Sequence[str] = (),
) -> dict[str, Row]:
    """Return what became of each alert, by its name."""
    return {row.bound.alert.name: row for row in rehearse_all(config, alerts, engines, nobody)}


def rehearse_all(
    config: AlertmanagerConfig | Path | str,
    alerts: Sequence[SyntheticAlert],
    engines: Engines,
    nobody: Sequence[str] = (),
    *,
    at_once: bool = True,
    within_s: float | None = None,
    said: list[str] | None = None,
) -> tuple[Row, ...]:
    """Return what became of each alert; `config` may be a file, or a text.

    Alerts that would meet in a page are sent one after another if not `at_once`.
    """
    if isinstance(config, str):
        config = parse_config(config, "alertmanager.yml")
    if isinstance(config, Path):
        config = read_config(config)
    bound = tuple(bind(alerts, config, engines, nobody))
    if at_once:
        bound, document = set_apart(bound, config.document)
        config = replace(config, document=document)
    heard: list[str] = [] if said is None else said
    with open_path(config, engines=engines, speed=MIN_SPEED) as path:
        return Exercise(path, read_inhibit_rules(config.document), heard.append).hold(bound, within_s)
