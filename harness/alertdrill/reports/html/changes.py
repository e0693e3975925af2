"""What changed since the runs before: new failures, margins that shrank, pages that came later. Pure.

Runs are documents of timeline.json, schema 1; of each drill the newest one before counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alertdrill.core.clock import format_s

LATER_S = 15.0
"""One evaluation: a page that much later may have come at the same instant."""
SHRANK_POINTS = 3
"""So many percent of the threshold nearer to it is more than two runs of the same rule differ by."""
MOST = 40

Document = Mapping[str, Any]
_REACHED = re.compile(r"reached (\d+)% of its threshold")
"""Timelines have a near miss's margin in words only."""


def compare_runs(now: Document, earlier: Sequence[Document]) -> list[dict[str, str]]:
    """Return what changed, the worst first, each with its drill; `earlier` begins with the newest."""
    before: dict[str, Document] = {}
    for document in earlier:
        for verdict in document["verdicts"]:
            before.setdefault(verdict["drill"], verdict)
    changes = [
        {"kind": kind, "drill": verdict["drill"], "says": says}
        for verdict in now["verdicts"]
        if verdict["drill"] in before
        for kind, says in _compare(verdict, before[verdict["drill"]])
    ]
    order = ["failed", "shrank", "later", "fixed"]
    return sorted(changes, key=lambda change: order.index(change["kind"]))[:MOST]


def _compare(now: Document, before: Document) -> Iterator[tuple[str, str]]:
    was = before.get("outcome")
    if now["outcome"] == "unmet" != was:
        yield "failed", f"was {was}, is not met now"
    elif now["outcome"] == "met" and was == "unmet":
        yield "fixed", "was not met, is met now"
    for finding, old in zip(now["findings"], before["findings"], strict=False):
        if (finding["alert"], finding["labels"]) != (old["alert"], old["labels"]):
            continue
        reached, had_reached = _find_reach(finding), _find_reach(old)
        if reached is not None and had_reached is not None and reached - had_reached >= SHRANK_POINTS:
            yield "shrank", f"reached {reached}% of its threshold, {had_reached}% before"
        took_s, had_taken_s = _find_delay(finding), _find_delay(old)
        if took_s is not None and had_taken_s is not None and took_s - had_taken_s > LATER_S:
            yield "later", f"paged {format_s(took_s)} after it fired, {format_s(had_taken_s)} before"


def _find_reach(finding: Document) -> int | None:
    found = _REACHED.search(str(finding.get("evidence"))) if "reaches" in finding["expected"] else None
    return int(found[1]) if found else None


def _find_delay(finding: Document) -> float | None:
    """Return how long a page took, without the time for which it was suppressed on purpose."""
    hops = finding.get("hops")
    delay_s, held_s = (
        (hops.get("firing_to_paged_s"), hops.get("held_s", 0.0)) if isinstance(hops, dict) else (None, 0.0)
    )
    return delay_s - held_s if isinstance(delay_s, int | float) and isinstance(held_s, int | float) else None
