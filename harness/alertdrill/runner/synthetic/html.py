"""What became of every alert as the document that a report's page draws: its way, pages, and end. Pure.

Its parts are those of `alertdrill.reports.html`: the first screen, alerts x hops, and a list that can be
searched. Times are rule time, as the terminal says them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alertdrill.core.wording import say_number
from alertdrill.reports import html
from alertdrill.reports.html.cards import Paper, describe_card
from alertdrill.reports.html.document import clean
from alertdrill.reports.html.overview import EXIT_CODES, order_rows, say_moment
from alertdrill.runner.routing.reach import KINDS as PLACES
from alertdrill.runner.routing.reach import Place
from alertdrill.runner.synthetic.destination import Leg
from alertdrill.runner.synthetic.integrations import Sender
from alertdrill.runner.synthetic.pages import Page, Row, RowOutcome
from alertdrill.runner.synthetic.report import describe_path, say_time
from alertdrill.runner.synthetic.synthetic import DRILL_ANNOTATION, DRILL_LABEL, show_labels

HOPS = ("routed", "paged", "reads well", "page closed")
ROUTED, PAGED, READS, CLOSED = range(len(HOPS))
KINDS: Mapping[RowOutcome, str] = {
    "paged": "met",
    "misworded": "unmet",
    "suppressed": "none",
    "not paged": "unmet",
    "unobserved": "unobserved",
    "nowhere": "unmet",
    "meant for nobody": "met",
    "not sent": "none",
}
"""What is suppressed proves nothing, and fails nothing."""
ELSEWHERE = "the terminal, --json and --junit have the verdicts, too."
MOST_CARDS_CHARACTERS = 700_000
"""Notifications beyond that are named and not shown, so that the report stays below two megabytes."""
MOST_CHARACTERS = 600
"""Of a label or an annotation."""

Data = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """Alerts that were sent through an Alertmanager of our own, and the parts of its config.

    `source` names the config; `engines` are versions by their names.
    """

    rows: Sequence[Row]
    places: Sequence[Place]
    speed: float
    source: str
    engines: Mapping[str, str]
    started_at: datetime


def render_html(rehearsal: Rehearsal) -> str:
    """Return the page of what became of every alert."""
    return html.draw(describe_rehearsal(rehearsal))


def describe_rehearsal(rehearsal: Rehearsal) -> Data:
    """Return all that the page shows."""
    ordered = sorted(rehearsal.rows, key=lambda row: _rank(row))
    room = _Room()
    ways = [
        {"alert": row.bound.name, "note": _severity(row), "cells": list(_list_cells(row)), "score": None}
        for row in rehearsal.rows
    ]
    document: Data = clean(
        {
            "of": "page",
            "head": _describe_head(rehearsal),
            "matrix": {
                "hops": list(HOPS),
                "counts": _say_counts(rehearsal.rows),
                "left_out": [],
                "rows": order_rows(ways),
            },
            "entries": [_describe_row(row, rehearsal.speed, room) for row in ordered],
            "coverage": _describe_coverage(rehearsal),
            "facts": [
                ["started", rehearsal.started_at.isoformat()],
                ["rules", ", ".join(_list_files(rehearsal.rows))],
                ["Alertmanager config", rehearsal.source],
                *([name, version] for name, version in rehearsal.engines.items()),
            ],
            "logs": [],
            "elsewhere": ELSEWHERE,
            "live": None,
        }
    )
    return document


def _list_files(rows: Sequence[Row]) -> Iterator[str]:
    yield from dict.fromkeys(row.bound.alert.source.rpartition(":")[0] for row in rows)


def _rank(row: Row) -> int:
    return ("unmet", "unobserved", "none", "met").index(KINDS[row.outcome])


def _describe_head(rehearsal: Rehearsal) -> Data:
    kinds = Counter(KINDS[row.outcome] for row in rehearsal.rows)
    kind = next((kind for kind in ("unmet", "unobserved") if kinds[kind]), "met")
    version = rehearsal.engines.get("alertmanager", "")
    return {
        # What is suppressed is known to be, and was not seen at its receivers.
        "kind": "unobserved" if kind == "met" and kinds["none"] else kind,
        "outcome": _say_outcome(kinds),
        "believed": [
            f"Each alert was sent through a real Alertmanager {version} with this config; each receiver was "
            "played by its own kind, and nobody else was notified.",
        ],
        "doubts": [],
        "doubted": "",
        "facts": [
            say_moment(rehearsal.started_at),
            f"speed {rehearsal.speed:g}",
            rehearsal.source,
            f"exit code {EXIT_CODES[kind]}",
        ],
        "engines": [f"{name} {version}" for name, version in rehearsal.engines.items()],
    }


def _say_outcome(kinds: Mapping[str, int]) -> str:
    """Say how alerts came out, the worst first: `1 of 8 alerts does not page as it has to, 1 suppressed`."""
    wrong, unseen, suppressed = (kinds.get(kind, 0) for kind in ("unmet", "unobserved", "none"))
    total = say_number(sum(kinds.values()), "alert")
    if wrong:
        said = (
            f"{wrong} of {total} {'does not page as it has' if wrong == 1 else 'do not page as they have'} to"
        )
    elif unseen:
        said = f"{unseen} of {total} could not be seen"
    else:
        right = kinds.get("met", 0)
        said = f"{right} of {total} {'pages as it has' if right == 1 else 'page as they have'} to"
    more = [f"{unseen} could not be seen"] if wrong and unseen else []
    more += [f"{suppressed} suppressed"] if suppressed else []
    return ", ".join([said, *more])


def _say_counts(rows: Sequence[Row]) -> str:
    counted = Counter(row.outcome for row in rows)
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(counted.items()))


def _severity(row: Row) -> str:
    return row.bound.alert.labels.get("severity", "")


def list_inboxes(row: Row, leg: Leg) -> Iterator[tuple[str, Sender | None, Page | None]]:
    """Yield each integration of a receiver with its page, if it had one; then pages that are too many."""
    pages = [page for page in row.pages if page.receiver == leg.receiver]
    for sender in leg.senders:
        page = next(
            (one for one in pages if one.integration == sender.integration and sender.is_played), None
        )
        if page is not None:
            pages.remove(page)
        yield sender.integration, sender, page
    yield from ((page.integration, None, page) for page in pages)


def _list_cells(row: Row) -> Iterator[list[Any]]:
    """Yield the cells of an alert: of which hop, how it looks, what it says, and of whom."""
    own = [row.bound.name]
    for leg in row.bound.destination.legs:
        yield [ROUTED, *_look_routed(row, leg), leg.receiver, own]
        for integration, sender, page in list_inboxes(row, leg):
            inbox = f"{leg.receiver} by {integration}"
            yield [PAGED, *_look_paged(row, sender, page), inbox, own]
            if page is None:
                continue
            yield [READS, *(("unmet", "misworded") if page.flaws else ("met", "as it has to")), inbox, own]
            yield [CLOSED, *_look_closed(row, sender, page), inbox, own]


def _look_routed(row: Row, leg: Leg) -> tuple[str, str]:
    if row.outcome == "nowhere":
        return "unmet", "nobody is notified"
    if not leg.senders:
        return "none", "notifies nobody"
    if row.bound.is_left_over:
        return "warned", "by default only"
    return "met", "routed"


def _look_paged(row: Row, sender: Sender | None, page: Page | None) -> tuple[str, str]:
    if sender is None:
        return "unmet", "one too many"
    if page is not None:
        return "met", "paged"
    if not sender.is_played:
        return "unobserved", "unobserved"
    return KINDS[row.outcome], row.outcome


def _look_closed(row: Row, sender: Sender | None, page: Page) -> tuple[str, str]:
    if page.closed_after_s is not None:
        return "met", "closed"
    if sender is None or not sender.sends_resolved:
        return "none", "is not told of ends"
    kind = KINDS[row.outcome]
    return ("unmet", "not closed") if kind == "met" else (kind, "not closed")


class _Room:
    """How much room there is in a document for notifications as they look."""

    def __init__(self) -> None:
        self._paper = Paper()
        self._left = MOST_CARDS_CHARACTERS

    def show(self, page: Page) -> Data | None:
        """Return a page's notification as its receiver shows it, as long as there is room."""
        if page.card is None or self._left <= 0:
            return None
        card = describe_card(page.card, self._paper)
        self._left -= _measure(card)
        return card


def _measure(value: Any) -> int:
    if isinstance(value, dict):
        return sum(_measure(item) + len(name) for name, item in value.items())
    if isinstance(value, list):
        return sum(map(_measure, value))
    return len(str(value)) + 3


def _describe_row(row: Row, speed: float, room: _Room) -> Data:
    alert = row.bound.alert
    labels = {name: value for name, value in alert.labels.items() if name not in ("alertname", DRILL_LABEL)}
    legs = row.bound.destination.legs
    receivers = list(dict.fromkeys(leg.receiver for leg in legs))
    return {
        "name": row.bound.name,
        "kind": KINDS[row.outcome],
        "outcome": row.outcome,
        "about": alert.annotations.get("summary", _severity(row)),
        "why": row.evidence if row.outcome not in {"paged", "meant for nobody"} else "",
        "line": f"to {' and '.join(receivers)}",
        "tokens": {
            "alert": [alert.name],
            "receiver": receivers,
            "integration": list(dict.fromkeys(one.integration for leg in legs for one in leg.senders)),
            "severity": [severity for severity in [_severity(row)] if severity],
            "outcome": [KINDS[row.outcome], row.outcome] if KINDS[row.outcome] != "none" else [row.outcome],
            "label": [f"{name}={value}" for name, value in labels.items()],
        },
        "notes": list(_list_notes(row)),
        "facts": [
            ["rule", alert.source],
            *([f"label {name}", cut(value)] for name, value in labels.items()),
            *([name, cut(text)] for name, text in alert.annotations.items() if name != DRILL_ANNOTATION),
        ],
        "legs": [_describe_leg(row, leg, lambda rule_s: say_time(rule_s, speed), room) for leg in legs],
    }


def _list_notes(row: Row) -> Iterator[str]:
    if row.bound.is_left_over:
        yield "No route takes it: it ends at the default receiver only."
    if row.outcome == "meant for nobody":
        yield row.evidence or "It notifies nobody, as is meant."
    for name in row.bound.alert.broken_annotations:
        yield f"{name} cannot be rendered here: it wants data that only your Prometheus has."


def _describe_leg(row: Row, leg: Leg, say: Callable[[float], str], room: _Room) -> Data:
    grouped = f"{show_labels(leg.group_labels)} after {leg.group_wait_s:g} s, then {leg.group_interval_s:g} s"
    return {
        "receiver": leg.receiver,
        "facts": [
            ["route", describe_path(leg) + (f" ({leg.where})" if leg.where else "")],
            ["grouped as", grouped],
            *([["at times muted", ", ".join(leg.intervals)]] if leg.intervals else []),
        ],
        "inboxes": [
            _describe_inbox(row, integration, sender, page, say, room)
            for integration, sender, page in list_inboxes(row, leg)
        ],
    }


def _describe_inbox(
    row: Row,
    integration: str,
    sender: Sender | None,
    page: Page | None,
    say: Callable[[float], str],
    room: _Room,
) -> Data:
    kind, said = _look_paged(row, sender, page)
    if page is None:
        why = "" if sender is None else sender.unplayed_because
        return {"integration": integration, "kind": kind, "outcome": said, "why": why}
    closed_kind, closed = _look_closed(row, sender, page)
    card = room.show(page)
    is_wrong = "unmet" in {kind, closed_kind} or bool(page.flaws)
    return {
        "integration": integration,
        "kind": "unmet" if is_wrong else kind,
        "outcome": "misworded" if page.flaws else said,
        "why": "; ".join(page.flaws),
        "paged": say(page.opened_after_s),
        "closed": closed if page.closed_after_s is None else say(page.closed_after_s),
        "title": page.title,
        "card": card,
        "left_out": card is None and page.card is not None,
    }


def cut(text: str) -> str:
    """Return a text as far as a list has room for it."""
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


def _describe_coverage(rehearsal: Rehearsal) -> Data:
    """Return what of the config no alert reaches, and how much of each kind there is."""
    counts = []
    for kind in PLACES:
        own = [place for place in rehearsal.places if place.kind == kind]
        if own:
            counts.append([kind, sum(place.is_reached for place in own), len(own)])
    return {
        "counts": counts,
        "unreached": [
            [place.kind, place.where, place.name] for place in rehearsal.places if not place.is_reached
        ],
    }
