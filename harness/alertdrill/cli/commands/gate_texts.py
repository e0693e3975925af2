"""What receivers would read of an alert, by the Alertmanager config before a change and after it."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.core.card import Card
from alertdrill.core.rule import AlertRule
from alertdrill.gating.texts import TextChange, Texts, find_text_changes
from alertdrill.reports.terminal.cards import draw_card
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.build import build_alerts, guess_external_url
from alertdrill.runner.synthetic.durations import choose_speed
from alertdrill.runner.synthetic.every import Exercise, plan_sending
from alertdrill.runner.synthetic.inhibition import read_inhibit_rules
from alertdrill.runner.synthetic.local import open_path
from alertdrill.runner.synthetic.route import bind
from alertdrill.runner.synthetic.synthetic import SyntheticAlert
from alertdrill.runtime.binaries import Engines

COLUMNS = 76
MOST = 8
"""Alerts that are shown: one for each set of receivers."""
WITHIN_WALL_S = 60.0


def compare_texts(
    rules: Sequence[AlertRule], before: AlertmanagerConfig, after: AlertmanagerConfig, engines: Engines
) -> tuple[TextChange, ...]:
    """Return the notifications that read otherwise, as a real Alertmanager makes them of both configs.

    Raises BadInput for what Alertmanager does not take, ComponentFailed where a part does not start.
    """
    alerts = build_alerts(rules, {}, engines=engines, external_url=guess_external_url())
    chosen: dict[tuple[str, ...], SyntheticAlert] = {}
    for one in bind(alerts, after, engines):
        if not one.destination.is_nowhere:
            chosen.setdefault(tuple(leg.receiver for leg in one.destination.legs), one.alert)
    shown = [*chosen.values()][:MOST]
    if not shown:
        return ()
    old, new = (_read_texts(bind(shown, config, engines), config, engines) for config in (before, after))
    return find_text_changes(old, new)


def _read_texts(bound: Sequence[Bound], config: AlertmanagerConfig, engines: Engines) -> Texts:
    rules = read_inhibit_rules(config.document)
    speed = choose_speed(plan_sending(bound, rules))
    with open_path(config, engines=engines, speed=speed) as path:
        rows = Exercise(path, rules, lambda _: None).hold(bound, WITHIN_WALL_S)
    return {
        (row.bound.alert.name, page.receiver, page.integration): _draw(page.card)
        for row in rows
        for page in row.pages
        if page.card is not None
    }


def _draw(card: Card) -> str:
    """Return how a notification looks at its receiver, as text."""
    written = io.StringIO()
    Console(file=written, width=COLUMNS, color_system=None).print(draw_card(card))
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())
