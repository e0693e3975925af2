"""Drills of pages that Alertmanager suppresses: inhibited, silenced, muted."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill, Maintenance
from alertdrill.core.expectation import Delivery, Suppressed, Text
from alertdrill.systems.metis.drills.paging.load import (
    CLOSES_S,
    LONG_S,
    MAIL,
    ONCALL,
    RULES,
    SHORT_S,
    Spending,
    fire_oncall,
    make_drill,
)

NIGHT_ENDS_S = 600.0


def make_suppressed() -> Iterator[Drill]:
    """Yield the drills of pages that Alertmanager suppresses: inhibited, silenced, muted."""
    cascade = Spending(key="paging-cascade-everybody", for_s=SHORT_S)
    critical = {"alertname": RULES["critical"].alert, "gateway_key_id": cascade.key}
    yield make_drill(
        "paging-inhibited",
        "A key spends enough for a warning and for a page. The page inhibits the warning, also as both end, "
        "since the critical rule keeps firing for longer than the warning lingers.",
        cascade,
        fire_oncall(cascade),
        cascade.fires("warning", MAIL, suppressed=Suppressed(why="inhibited", by=critical)),
    )
    announced = Spending(key="paging-critical-upgrade", for_s=LONG_S)
    upgrade = Maintenance(matchers={"gateway_key_id": announced.key}, at_s=60, for_s=540)
    yield make_drill(
        "paging-maintenance-outlasted",
        "An alert fires in a maintenance, which a silence announces, and outlasts it: then it pages.",
        announced,
        fire_oncall(
            announced,
            Suppressed(why="silenced", until_s=upgrade.at_s + upgrade.for_s, by=upgrade.matchers),
        ),
        maintenance=(upgrade,),
    )
    covered = Spending(key="paging-critical-repair", for_s=SHORT_S)
    repair = Maintenance(
        matchers={"gateway_key_id": covered.key},
        at_s=60,
        for_s=covered.resolves_s("critical") + CLOSES_S - 120,
    )
    yield make_drill(
        "paging-maintenance-quiet",
        "An alert fires and resolves within a maintenance: nobody is notified that it was there.",
        covered,
        covered.fires("critical", ONCALL, suppressed=Suppressed(why="silenced", by=repair.matchers)),
        maintenance=(repair,),
    )
    night = Spending(key="paging-warning-nights", for_s=LONG_S)
    yield make_drill(
        "paging-night",
        "A warning in the last minutes of the night waits for the morning, and is mailed then.",
        night,
        night.fires(
            "warning",
            MAIL,
            Delivery(
                receiver=MAIL,
                integration="email",
                title=Text(how="exact", text="FIRING: MetisSpendWarning of nights"),
                notifications=(1, 1),
            ),
            suppressed=Suppressed(why="muted", until_s=NIGHT_ENDS_S, by={"interval": "paging-nights"}),
            pages_within_s=300,
        ),
        starts_at="06:50",
    )
