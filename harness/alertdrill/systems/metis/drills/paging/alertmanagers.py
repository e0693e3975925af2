"""Drills of an Alertmanager that does not live through an incident, alone and as one of two."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill, Fault, Outage
from alertdrill.systems.metis.drills.paging.load import (
    ONCALL,
    SHORT_S,
    Spending,
    deliver_oncall,
    fire_oncall,
    make_drill,
)


def make_restarts() -> Iterator[Drill]:
    """Yield the drills of an Alertmanager that does not live through an incident."""
    cases: tuple[tuple[str, Fault, tuple[int, int], str], ...] = (
        ("restarted", "restart", (1, 1), "It remembers whom it has told what: one incident, told once."),
        (
            "killed",
            "kill",
            (2, 2),
            "It forgets what it told since it last wrote that down, and tells it again: still one incident.",
        ),
    )
    for name, how, pages, says in cases:
        spending = Spending(key=f"paging-critical-{name}", for_s=SHORT_S + 240)
        yield make_drill(
            f"paging-alertmanager-{name}",
            f"Alertmanager is {name} in the middle of an incident. {says}",
            spending,
            spending.fires("critical", ONCALL, *deliver_oncall(spending, pages)),
            outages=(Outage(part="alertmanager", at_s=390, for_s=60, how=how),),
        )


def make_pairs() -> Iterator[Drill]:
    """Yield the drills of two Alertmanagers that are one cluster."""
    both = Spending(key="paging-critical-pair", for_s=SHORT_S)
    yield make_drill(
        "paging-pair",
        "Prometheus tells both Alertmanagers of a cluster, and they agree who pages: one incident, once.",
        both,
        fire_oncall(both),
        alertmanagers=2,
    )
    left = Spending(key="paging-critical-survivor", for_s=SHORT_S + 240)
    yield make_drill(
        "paging-pair-one-killed",
        "One of two Alertmanagers is killed in the middle of an incident. The other knows what was told, and "
        "closes it.",
        left,
        fire_oncall(left),
        outages=(Outage(part="alertmanager-2", at_s=390, for_s=360, how="kill"),),
        alertmanagers=2,
    )
