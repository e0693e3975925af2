"""The first screen as data: the verdict and why to believe it, alerts x hops, the timeline. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from alertdrill.core.clock import format_s
from alertdrill.judging.claims import HOPS, say_inbox
from alertdrill.judging.coverage import Row, say_counts
from alertdrill.reports import REPLAY, RunRecord, say_agreement, say_outcome
from alertdrill.reports.html.states import list_firing

ORDER = {"failed": 0, "unobserved": 1, "not drilled": 2, "proved": 3}
"""What is not proved comes first."""
LOOKS = {"proved": "met", "failed": "unmet", "unobserved": "unobserved", "not drilled": "none"}

EXIT_CODES: Mapping[str, int] = {"met": 0, "unmet": 1, "unobserved": 3}
"""What a command ends with, by how its page begins."""
CELLS = ("unmet", "unobserved", "warned", "none", "met")
"""How cells look, the worst first."""

Data = dict[str, Any]


def describe_head(record: RunRecord) -> Data:
    """Return the verdict in a sentence, why it can be believed or not, and when and how the run was held."""
    kind = "unobserved" if record.exit_code == 3 else "unmet" if record.exit_code else "met"
    if kind == "met" and record.count("unobserved"):
        kind = "unobserved"
    timeline = record.timeline
    facts = [
        say_moment(record.started_at),
        f"{format_s(timeline.until_s)} of rule time in {format_s(record.wall_s)}",
        f"speed {timeline.speed:g}",
        timeline.mode,
        f"exit code {record.exit_code}",
    ]
    return {
        "kind": kind,
        "outcome": say_outcome(record),
        "believed": list(_say_believed(record)),
        "doubts": list(record.doubts),
        "doubted": "Why the clock is doubted",
        "facts": facts,
        "engines": [f"{name} {version}" for name, version in timeline.engines.items()],
    }


def say_moment(at: datetime) -> str:
    """Say when something began, with its zone if it has one."""
    return at.strftime("%Y-%m-%d %H:%M:%S %Z").strip()


def describe_matrix(record: RunRecord, scores: Mapping[str, float]) -> Data:
    """Return a row for each alert with a cell for each claim about it, what is not proved first.

    `scores` is which percentage of mutants of an alert's rule its drills notice, where it is known.
    """
    coverage = record.coverage
    rows = sorted(coverage.rows, key=lambda row: min(ORDER[cell.state] for cell in row.cells))
    return {
        "hops": list(HOPS),
        "counts": say_counts(coverage) if coverage.rows else "",
        "left_out": list(coverage.left_out),
        "rows": [_row(row) | {"score": _round(scores.get(row.alert))} for row in rows],
    }


def order_rows(rows: Iterable[Data]) -> list[Data]:
    """Return rows of a matrix, those with the worst cells first."""
    return sorted(rows, key=lambda row: min((CELLS.index(cell[1]) for cell in row["cells"]), default=0))


def describe_timeline(record: RunRecord) -> Data:
    """Return what happened in the whole run that no drill tells: firing bands, pages, stalls."""
    timeline = record.timeline
    systems = _find_systems(record)
    return {
        "until": round(timeline.until_s, 1),
        "speed": timeline.speed,
        "systems": sorted(set(systems.values())),
        "firing": [
            [systems.get(alert, ""), alert, round(from_s, 1), round(until_s, 1)]
            for alert, from_s, until_s in list_firing(timeline.events, timeline.until_s)
        ],
        "pages": [
            [
                systems.get(event.alert, ""),
                event.alert,
                event.kind,
                round(event.at_s, 1),
                event.receiver or "",
            ]
            for event in timeline.events
            if event.kind in {"paged", "page_resolved"}
        ],
        "stalls": [
            [stall.part, round(stall.from_s, 1), round(stall.until_s, 1)] for stall in timeline.stalls
        ],
        "appended": [[round(from_s, 1), round(until_s, 1)] for from_s, until_s in record.appended],
    }


def _say_believed(record: RunRecord) -> Iterator[str]:
    """Say why the verdicts can be believed: clock and replay of a run, or that there was only a recording."""
    timeline = record.timeline
    if timeline.mode == REPLAY:
        yield "Judged on recordings: the rules as shipped, evaluated by promtool; nobody was paged."
    elif not record.doubts:
        yield f"The clock kept time at speed {timeline.speed:g}: nothing measured went past its bound."
    if record.agreement is not None:
        words = say_agreement(record.agreement)
        yield f"{words[:1].upper()}{words[1:]}."


def _round(score: float | None) -> int | None:
    """Return whole percent; only where nothing slipped by, a hundred."""
    return None if score is None else math.floor(score)


def _row(row: Row) -> Data:
    return {
        "alert": row.alert,
        "note": "drills the paging path" if row.stands_apart else "",
        "cells": [
            [
                HOPS.index(cell.claim.hop),
                LOOKS[cell.state],
                cell.state,
                say_inbox(cell.claim),
                list(cell.drills),
            ]
            for cell in row.cells
        ],
    }


def _find_systems(record: RunRecord) -> dict[str, str]:
    """Return the system of each alert: that of a drill about it, or what its rule's label says."""
    systems = {rule.name: rule.labels["system"] for rule in record.rules if "system" in rule.labels}
    for placement in record.placements:
        for expected in placement.drill.expects:
            systems.setdefault(expected.alert, placement.drill.system)
    return systems
