"""Puts hostile text wherever a run's own text can stand."""

from __future__ import annotations

from dataclasses import replace

from alertdrill.core.card import Card, Part, Said
from alertdrill.core.drill import LoadProfile, LoadStage, Placement
from alertdrill.core.expectation import Delivery, Expectation, Suppressed, Text
from alertdrill.core.timeline import Curve, Event, NotifiedAlert, PagingPath, SuppressedSpan
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.reports import RunRecord
from support.paging_records import notify

NASTY = "</script><script>alert(1)</script><img src=http://x.invalid onerror=alert(1)>\"'\x1b"


def poison(record: RunRecord) -> RunRecord:
    """Return a run with hostile text wherever a run's own text can stand."""
    expectation = Expectation(
        alert=NASTY,
        labels={"l": NASTY},
        fires_within_s=1,
        receiver=NASTY,
        resolves_within_s=2,
        suppressed=Suppressed(why="muted", until_s=5, by={"interval": NASTY}),
        deliveries=(Delivery(receiver=NASTY, title=Text(how="regex", text=NASTY)),),
    )
    notification = replace(
        notify(1, 5, receiver=NASTY, title=NASTY, text=NASTY, incident=NASTY, effect="opened"),
        alerts=(NotifiedAlert(alert=NASTY, labels={"l": NASTY}, status="firing"),),
        answer=NASTY,
        group_key=NASTY,
        group_labels={NASTY: NASTY},
        card=Card(service=NASTY, page=NASTY, parts=[Part(title=NASTY, url=NASTY, text=Said(text=NASTY))]),
    )
    span = SuppressedSpan(
        alert=NASTY, labels={"l": NASTY}, why="inhibited", by={"alertname": NASTY}, since_s=1, until_s=4
    )
    drill = replace(
        record.placements[0].drill,
        name=NASTY,
        why=NASTY,
        expects=(expectation,),
        traffic=(
            LoadProfile(
                name=NASTY, scenario=NASTY, start_s=0, stages=(LoadStage(duration_s=60, rate_per_s=1),)
            ),
        ),
    )
    finding = Finding(
        outcome="late", alert=NASTY, labels={"l": NASTY}, expectation=expectation, observed={}, evidence=NASTY
    )
    rule = replace(
        record.rules[0],
        name=NASTY,
        expr=NASTY,
        labels={NASTY: NASTY},
        annotations={"summary": NASTY},
        group=NASTY,
        source=NASTY,
    )
    return replace(
        record,
        placements=(Placement(drill=drill, start_s=0),),
        verdicts=(Verdict(drill=NASTY, findings=(finding,)),),
        rules=(rule,),
        timeline=replace(
            record.timeline,
            mode=NASTY,
            engines={NASTY: NASTY},
            events=(Event(at_s=5, kind="paged", alert=NASTY, labels={"l": NASTY}, receiver=NASTY),),
            curves=(Curve(alert=NASTY, labels={"l": NASTY}, op=">", threshold=1, points=((0, 1), (5, 2))),),
            paging=PagingPath(
                notifications=(notification, replace(notification, number=2, is_accepted=False, why=NASTY)),
                suppressed=(span,),
                troubles=(NASTY,),
            ),
        ),
        doubts=(NASTY,),
        notes={NASTY: NASTY},
        logs=(NASTY, "javascript:alert(1)"),
    )
