"""The builder of a system's drills: it knows whom each alert pages, and how long a page takes to close."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from alertdrill.alertmanager.reference_receivers import name_receiver
from alertdrill.core.drill import Drill, LoadProfile, Maintenance, Outage, ReceiverFault
from alertdrill.core.expectation import Delivery, Expectation, Expected, Grouped
from alertdrill.core.rule import Labels
from alertdrill.errors import BadInput
from alertdrill.rules.yaml.nodes import Mapping, Node, Scalar, Sequence, read_nodes
from alertdrill.runtime.looking import is_there
from alertdrill.systems.system import read_text

RULE_FILES = ("rules.tmpl.yml", "as_written.yml", "paging.yml")
"""Where the rules of a system are that its drills may be about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Makes the drills of the system whose rules are in a folder.

    `closes_s` is what is left after the last deadline, for the page to close.
    """

    system: str
    folder: Path
    closes_s: float

    def fires(
        self,
        alert: str,
        labels: Labels,
        *,
        between_s: tuple[float, float],
        resolves_within_s: float,
        deliveries: tuple[Delivery, ...] = (),
    ) -> Expectation:
        """Return that the alert fires between two instants, pages whom its rule says and resolves in time."""
        after_s, within_s = between_s
        return Expectation(
            alert=alert,
            labels=labels,
            fires_after_s=after_s,
            fires_within_s=within_s,
            receiver=self.name_receiver(alert),
            resolves_within_s=resolves_within_s,
            deliveries=deliveries,
        )

    def name_receiver(self, alert: str) -> str:
        """Return whom the reference routing pages for an alert, by the severity that its rule states."""
        severities = _read_severities(self.folder)
        if alert not in severities:
            raise BadInput(f"{self.folder}: no rule there is called {alert}, which a drill expects")
        return name_receiver(self.system, severities[alert])

    def drill(
        self,
        name: str,
        why: str,
        *traffic: LoadProfile,
        expects: Expected | Iterable[Expected] = (),
        lasts_s: float | None = None,
        uses: Iterable[str] = (),
        shares: Iterable[str] = (),
        comes_first: bool = False,
        outages: tuple[Outage, ...] = (),
        max_speed: float | None = None,
        calls_within_s: float | None = None,
        faults: tuple[ReceiverFault, ...] = (),
        maintenance: tuple[Maintenance, ...] = (),
        starts_at: str | None = None,
        alertmanagers: Literal[1, 2] = 1,
    ) -> Drill:
        """Return a drill; without `lasts_s` it lasts until the last of its pages must have closed."""
        expected = (expects,) if isinstance(expects, Expected) else tuple(expects)
        return Drill(
            name=name,
            system=self.system,
            traffic=traffic,
            expects=expected,
            why=why,
            lasts_s=self.find_end_s(expected) if lasts_s is None else lasts_s,
            uses=frozenset(uses),
            shares=frozenset(shares),
            comes_first=comes_first,
            outages=outages,
            max_speed=max_speed,
            calls_within_s=calls_within_s,
            faults=faults,
            maintenance=maintenance,
            starts_at=starts_at,
            alertmanagers=alertmanagers,
        )

    def find_end_s(self, expects: Iterable[Expected]) -> float:
        """Return when the last page of some expectations must have closed."""
        deadlines_s = [one.resolves_within_s for one in expects if isinstance(one, Expectation | Grouped)]
        return max(deadlines_s) + self.closes_s


@lru_cache(maxsize=64)
def _read_severities(folder: Path) -> dict[str, str | None]:
    """Return the severity of every alert in a system's folder, None where its rule states none."""
    found: dict[str, str | None] = {}
    for path in (folder / name for name in RULE_FILES):
        document = read_nodes(read_text(path), str(path)) if is_there(path) else None
        for group in _list_items(document, "groups"):
            for rule in _list_items(group, "rules"):
                if alert := _read_scalar(rule, "alert"):
                    labels = rule.values.get("labels") if isinstance(rule, Mapping) else None
                    found[alert] = _read_scalar(labels, "severity")
    return found


def _list_items(node: Node | None, key: str) -> list[Node]:
    items = node.values.get(key) if isinstance(node, Mapping) else None
    return items.items if isinstance(items, Sequence) else []


def _read_scalar(node: Node | None, key: str) -> str | None:
    value = node.values.get(key) if isinstance(node, Mapping) else None
    return value.text if isinstance(value, Scalar) else None
