"""Builds what a run of drills on the paging path leaves behind: 50 minutes at speed 60.

A page by two integrations, one that a silence suppresses, one that is inhibited, one that a receiver refuses
at first, and an outage of forty label sets in one incident.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import (
    Delivery,
    Expectation,
    Expected,
    Grouped,
    Integration,
    Suppressed,
    Text,
)
from alertdrill.core.rule import AlertRule, Labels
from alertdrill.core.timeline import (
    Curve,
    Event,
    Notification,
    NotifiedAlert,
    PagingPath,
    SuppressedSpan,
    Timeline,
)
from alertdrill.core.verdict import Finding, Outcome, Verdict
from alertdrill.reports import RunRecord

UNTIL_S = 3000.0
SPEED = 60.0
CRITICAL, WARNING = "PagingModelDown", "PagingModelSlow"
HELD = Suppressed(why="silenced", until_s=1500, by={"model": "beta"})
ALPHA = {"provider": "openai", "model": "alpha"}
BETA = {"provider": "openai", "model": "beta"}
GAMMA = {"provider": "openai", "model": "gamma"}
FORTY = tuple({"provider": "google", "model": f"model-{number:02}"} for number in range(40))


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A drill that starts at 0: one alert's label sets, when they fire and resolve, and how it came out."""

    name: str
    why: str
    expects: Expected
    label_sets: tuple[Labels, ...]
    fires_s: float
    resolves_s: float
    paged_s: float | None = None
    closed_s: float | None = None
    outcome: Outcome = "met"
    evidence: str = "fired, paged, resolved and closed in time"


def _expect(alert: str, labels: Labels, receiver: str = "oncall") -> Expectation:
    return Expectation(
        alert=alert, labels=labels, fires_within_s=600, receiver=receiver, resolves_within_s=2400
    )


EXERCISES = (
    Exercise(
        name="paging-critical",
        why="A model that is down pages by two ways.",
        expects=replace(
            _expect(CRITICAL, ALPHA),
            pages_within_s=300,
            closes_within_s=240,
            deliveries=(
                Delivery(
                    receiver="oncall",
                    integration="pagerduty",
                    group_labels={"alertname": CRITICAL, "model": "alpha"},
                    title=Text(how="exact", text="alpha is down"),
                    notifications=(2, 3),
                    repeats_after_s=(600, 700),
                ),
                Delivery(
                    receiver="chat",
                    integration="slack",
                    text=Text(how="regex", text=r"for \d+ minutes"),
                    refused=(0, 0),
                ),
            ),
        ),
        label_sets=(ALPHA,),
        fires_s=300,
        resolves_s=1200,
        paged_s=336,
        closed_s=1242,
        evidence="oncall was paged by pagerduty twice, chat by slack once",
    ),
    Exercise(
        name="paging-silenced",
        why="Maintenance holds a page back until it ends.",
        expects=replace(_expect(CRITICAL, BETA), suppressed=HELD),
        label_sets=(BETA,),
        fires_s=420,
        resolves_s=2100,
        paged_s=1530,
        closed_s=2148,
        evidence="a silence held it back from 7:00 to 25:00, then it paged",
    ),
    Exercise(
        name="paging-inhibited",
        why="Who knows that a model is down need not hear that it is slow.",
        expects=replace(
            _expect(WARNING, ALPHA, "mail"),
            suppressed=Suppressed(why="inhibited", by={"alertname": CRITICAL, "model": "alpha"}),
        ),
        label_sets=(ALPHA,),
        fires_s=330,
        resolves_s=1170,
        evidence="inhibited all the while, nobody was paged",
    ),
    Exercise(
        name="paging-refused",
        why="A page that its receiver refuses is delivered as soon as it takes one.",
        expects=_expect(WARNING, GAMMA, "mail"),
        label_sets=(GAMMA,),
        fires_s=600,
        resolves_s=1800,
        paged_s=1140,
        closed_s=1850,
        outcome="late",
        evidence=(
            "fired at 10:00, but was paged only at 19:00. It stopped at the receiver: mail refused 3 "
            "attempts by email, the last at 15:00 with 421. Alertmanager's log: notify retry canceled."
        ),
    ),
    Exercise(
        name="paging-outage",
        why="An outage of a provider is one page, not forty.",
        expects=Grouped(
            alert=CRITICAL,
            labels={"provider": "google"},
            alerts=40,
            fires_within_s=600,
            resolves_within_s=2400,
            receiver="oncall",
            integration="pagerduty",
        ),
        label_sets=FORTY,
        fires_s=480,
        resolves_s=1620,
        paged_s=540,
        closed_s=1680,
        evidence="40 alerts fired and opened one incident of 2 notifications",
    ),
)
RULES = tuple(
    AlertRule(
        name=name,
        expr=f"metis_{name.lower()} > 1",
        for_s=60.0,
        keep_firing_for_s=0.0,
        labels={"severity": severity, "edition": "paging"},
        annotations={"summary": "{{ $labels.model }}"},
        group="paging",
        interval_s=15.0,
        source="harness/alertdrill/systems/metis/paging.yml:1",
    )
    for name, severity in ((CRITICAL, "critical"), (WARNING, "warning"))
)
SUPPRESSED_SPANS = (
    SuppressedSpan(
        alert=CRITICAL, labels=BETA, why="silenced", by={"model": "beta"}, since_s=420, until_s=1500
    ),
    SuppressedSpan(
        alert=WARNING,
        labels=ALPHA,
        why="inhibited",
        by={"alertname": CRITICAL, "model": "alpha"},
        since_s=345,
        until_s=1170,
    ),
    SuppressedSpan(
        alert=WARNING, labels=GAMMA, why="refused", by={"receiver": "mail"}, since_s=640, until_s=1140
    ),
)
TROUBLES = ("Alertmanager could not deliver 3 notifications by email to mail: 421 try again later.",)


def build_paging_record() -> RunRecord:
    """Return the record: 4 drills met, and one late because a receiver refused its page."""
    return RunRecord(
        placements=tuple(Placement(drill=_drill(exercise), start_s=0) for exercise in EXERCISES),
        timeline=Timeline(
            mode="live",
            speed=SPEED,
            until_s=UNTIL_S,
            observed=frozenset({"pending", "firing", "resolved", "paged", "page_resolved"}),
            events=tuple(sorted(_list_events(), key=lambda event: event.at_s)),
            curves=tuple(_list_curves()),
            engines={"prometheus": "3.5.0", "alertmanager": "0.33.0"},
            paging=PagingPath(
                notifications=_list_notifications(), suppressed=SUPPRESSED_SPANS, troubles=TROUBLES
            ),
        ),
        verdicts=tuple(_judge(exercise) for exercise in EXERCISES),
        rules=RULES,
        wall_s=55.0,
        started_at=datetime(2026, 11, 21, 9, 41, 7, tzinfo=UTC),
    )


def notify(
    number: int,
    at_s: float,
    *,
    receiver: str = "oncall",
    integration: Integration = "pagerduty",
    alerts: tuple[NotifiedAlert, ...] = (),
    title: str = "",
    text: str = "",
    incident: str | None = None,
    effect: str = "none",
    answer: str = "202",
) -> Notification:
    """Return a notification; what closes is resolved, and what has no effect on no incident was refused."""
    return Notification(
        number=number,
        at_s=at_s,
        receiver=receiver,
        integration=integration,
        status="resolved" if effect == "closed" else "firing",
        is_accepted=incident is not None,
        answer=answer,
        alerts=alerts,
        why="" if incident else "the receiver was told to refuse",
        incident=incident,
        effect=effect,  # type: ignore[arg-type]  # one of its words
        group_key=f"group of {alerts[0].alert}" if alerts else "",
        group_labels={"alertname": alerts[0].alert} if alerts else {},
        title=title,
        text=text,
    )


def note_alerts(
    alert: str, label_sets: tuple[Labels, ...], status: str = "firing"
) -> tuple[NotifiedAlert, ...]:
    """Return alerts as a notification has them: with the labels that Prometheus adds to all."""
    return tuple(
        NotifiedAlert(
            alert=alert,
            labels={**labels, "severity": _severity(alert), "edition": "paging", "cluster": "drill"},
            status=status,  # type: ignore[arg-type]  # one of its two words
        )
        for labels in label_sets
    )


def _severity(alert: str) -> str:
    return next(rule.labels["severity"] for rule in RULES if rule.name == alert)


def _list_notifications() -> tuple[Notification, ...]:
    down, up = note_alerts(CRITICAL, (ALPHA,)), note_alerts(CRITICAL, (ALPHA,), "resolved")
    beta, beta_up = note_alerts(CRITICAL, (BETA,)), note_alerts(CRITICAL, (BETA,), "resolved")
    slow, fast = note_alerts(WARNING, (GAMMA,)), note_alerts(WARNING, (GAMMA,), "resolved")
    out, back = note_alerts(CRITICAL, FORTY), note_alerts(CRITICAL, FORTY, "resolved")
    said = "alpha answers nobody, for 6 minutes now.\nRunbook: runbook.md#pagingmodeldown"
    mail: Integration = "email"
    sent = [
        notify(1, 336, alerts=down, title="alpha is down", text=said, incident="p1", effect="opened"),
        notify(
            2, 337, receiver="chat", integration="slack", alerts=down, title="[FIRING:1] alpha", text=said,
            incident="s1", effect="opened", answer="200",
        ),
        notify(3, 540, alerts=out[:31], title="google: 31 models down", incident="p2", effect="opened"),
        notify(4, 620, alerts=out, title="google: 40 models down", incident="p2", effect="updated"),
        notify(5, 640, receiver="mail", integration=mail, alerts=slow, answer="421"),
        notify(6, 700, receiver="mail", integration=mail, alerts=slow, answer="timeout"),
        notify(7, 900, receiver="mail", integration=mail, alerts=slow, answer="421"),
        notify(8, 986, alerts=down, title="alpha is down", text=said, incident="p1", effect="updated"),
        notify(
            9, 1140, receiver="mail", integration=mail, alerts=slow, title="gamma is slow", text="p99 12 s",
            incident="m1", effect="opened", answer="250",
        ),
        notify(10, 1242, alerts=up, title="alpha is up", incident="p1", effect="closed"),
        notify(
            11, 1243, receiver="chat", integration="slack", alerts=up, title="[RESOLVED] alpha",
            incident="s1", effect="closed", answer="200",
        ),
        notify(12, 1530, alerts=beta, title="beta is down", incident="p3", effect="opened"),
        notify(13, 1680, alerts=back, title="google is up", incident="p2", effect="closed"),
        notify(
            14, 1850, receiver="mail", integration=mail, alerts=fast, title="gamma is well",
            incident="m1", effect="closed", answer="250",
        ),
        notify(15, 2148, alerts=beta_up, title="beta is up", incident="p3", effect="closed"),
    ]  # fmt: skip
    return tuple(sent)


def _drill(exercise: Exercise) -> Drill:
    return Drill(
        name=exercise.name,
        system="metis",
        traffic=(),
        expects=(exercise.expects,),
        why=exercise.why,
        lasts_s=2700,
    )


def _list_events() -> Iterator[Event]:
    for exercise in EXERCISES:
        alert, receiver = exercise.expects.alert, getattr(exercise.expects, "receiver", None)
        for labels in exercise.label_sets:
            full = {**labels, "severity": _severity(alert), "edition": "paging"}
            yield Event(at_s=exercise.fires_s - 60, kind="pending", alert=alert, labels=full)
            yield Event(at_s=exercise.fires_s, kind="firing", alert=alert, labels=full)
            yield Event(at_s=exercise.resolves_s, kind="resolved", alert=alert, labels=full)
            for kind, at_s in (("paged", exercise.paged_s), ("page_resolved", exercise.closed_s)):
                if at_s is not None:
                    yield Event(at_s=at_s, kind=kind, alert=alert, labels=full, receiver=receiver)  # type: ignore[arg-type]  # kinds


def _list_curves() -> Iterator[Curve]:
    for exercise in EXERCISES:
        for labels in exercise.label_sets:
            points = tuple(
                (at_s, 2.0 if exercise.fires_s - 60 <= at_s < exercise.resolves_s else 0.5)
                for at_s in range(0, int(UNTIL_S) + 1, 15)
            )
            yield Curve(alert=exercise.expects.alert, labels=labels, op=">", threshold=1.0, points=points)


def _judge(exercise: Exercise) -> Verdict:
    hops = {
        "pending": exercise.fires_s - 60,
        "firing": exercise.fires_s,
        "paged": exercise.paged_s,
        "resolved": exercise.resolves_s,
        "page_resolved": exercise.closed_s,
    }
    finding = Finding(
        outcome=exercise.outcome,
        alert=exercise.expects.alert,
        labels=exercise.expects.labels,
        expectation=exercise.expects,
        observed={hop: at_s for hop, at_s in hops.items() if at_s is not None},
        evidence=exercise.evidence,
    )
    return Verdict(drill=exercise.name, findings=(finding,))
