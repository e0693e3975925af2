"""Made-up outcomes of `page --all` and of a gated change, for the tests of their reports."""

from __future__ import annotations

from datetime import UTC, datetime

from alertdrill.core.card import Card, Part, Said
from alertdrill.core.expectation import NearMiss
from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Curve
from alertdrill.core.verdict import Finding, Outcome, Verdict
from alertdrill.gating.bands import Span
from alertdrill.gating.changes import FieldChange, RuleChange
from alertdrill.gating.demands import SILENT
from alertdrill.gating.evidence import Effect
from alertdrill.gating.gate import Gated
from alertdrill.gating.paging import RouteChange
from alertdrill.gating.scores import ScoreChange
from alertdrill.gating.texts import TextChange
from alertdrill.gating.values import Values
from alertdrill.linting.finding import Finding as LintFinding
from alertdrill.linting.finding import Severity
from alertdrill.runner.routing.reach import Place
from alertdrill.runner.synthetic.html import Rehearsal
from alertdrill.runner.synthetic.pages import Page, Row, RowOutcome
from support.page_records import bind_alert, make_alert, make_config

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
BASE = "HEAD (0123456789ab)"
DESK = ("webhook", "email", "pushover", "sns", "webex")
"""More integrations than a cell of the matrix shows at once."""
CONFIG = make_config(
    {
        "receiver": "desk",
        "routes": [
            {"receiver": "oncall", "matchers": ['severity="page"']},
            {"receiver": "void", "matchers": ['severity="void"']},
        ],
    },
    desk=DESK,
    oncall=["pagerduty", "slack"],
    void=[],
)


def make_page(
    integration: str, receiver: str = "oncall", *, text: str = "look at it", flaw: str = ""
) -> Page:
    """Return a page with a card; one by slack is not closed, as its receiver is told of no end."""
    return Page(
        receiver=receiver,
        integration=integration,
        title=f"{text} now",
        opened_after_s=12.0,
        closed_after_s=None if integration == "slack" else 50.0,
        flaws=(flaw,) if flaw else (),
        card=Card(service=integration, parts=[Part(title=text, text=Said(text=text))]),
    )


def make_row(
    name: str, outcome: RowOutcome, pages: tuple[Page, ...] = (), evidence: str = "", severity: str = "page"
) -> Row:
    """Return what became of an alert that goes where its severity leads."""
    bound = bind_alert(make_alert(name, severity=severity), CONFIG)
    return Row(bound=bound, outcome=outcome, pages=pages, evidence=evidence)


def make_rows(text: str = "look at it") -> list[Row]:
    """Return an alert of each outcome that there is; `text` is what receivers read."""
    both = make_page("pagerduty", text=text), make_page("slack", text=text)
    wrong = make_page("pagerduty", flaw=f"the title is empty: {text}"), make_page("slack")
    return [
        make_row("Paged", "paged", both),
        make_row("Misworded", "misworded", wrong, f"pagerduty of oncall: the title is empty: {text}"),
        make_row(
            "Missing", "not paged", both[:1], "slack of oncall opened 0 pages where 1 was to be expected"
        ),
        make_row("Muted", "suppressed", (), f"muted by {text}"),
        make_row("Unseen", "unobserved", both[:1], "slack of oncall is not played: no template"),
        make_row("Nowhere", "nowhere", (), "no receiver has an integration", severity="void"),
        make_row("Meant", "meant for nobody", (), "it is there to inhibit others", severity="void"),
        make_row("Left", "paged", tuple(make_page(kind, "desk") for kind in DESK), severity="odd"),
    ]


def make_rehearsal(rows: list[Row] | None = None, text: str = "receivers") -> Rehearsal:
    """Return alerts that were sent by a config of which nothing reaches a route."""
    places = (
        Place(kind="routes", where="am.yml:1", name="desk", is_reached=True),
        Place(kind="routes", where="am.yml:4", name=f"to {text}", is_reached=False),
        Place(kind="receivers", where="am.yml:9", name="desk", is_reached=True),
    )
    return Rehearsal(
        rows=make_rows(text) if rows is None else rows,
        places=places,
        speed=60.0,
        source="am.yml",
        engines={"alertmanager": "0.33.1"},
        started_at=NOW,
    )


def make_rule(name: str = "Deep", *, line: int = 5) -> AlertRule:
    """Return an alerting rule."""
    return AlertRule(
        name=name,
        expr="depth > 200",
        for_s=0.0,
        keep_firing_for_s=0.0,
        labels={},
        annotations={},
        group="g",
        interval_s=15.0,
        source=f"rules.yml:{line}",
    )


def make_effect(drill: str, *, alert: str = "Deep", is_changed: bool = True, text: str = "a") -> Effect:
    """Return an alert that fired from 10:00 on, and is only pending now, or does what it did."""
    fired = ("pending", 480.0, None), ("firing", 600.0, None), ("resolved", 1200.0, None)
    spans = (
        Span(state="pending", start_s=480.0, end_s=600.0),
        Span(state="firing", start_s=600.0, end_s=1200.0),
    )
    return Effect(
        drill=drill,
        alert=alert,
        labels=(("queue", text),),
        before=fired,
        after=(("pending", 480.0, 660.0),) if is_changed else fired,
        lasts_s=3600.0,
        spans=(spans, (Span(state="pending", start_s=480.0, end_s=660.0),) if is_changed else spans),
    )


def make_values(
    drill: str, *, alert: str = "Deep", text: str = "a", before: float = 100.0, now: float = 200.0
) -> Values:
    """Return the depth of a queue, which stood at 150 from 8:00 to 20:00, against a threshold that moved."""
    depth = [(at_s, 150.0 if 480 <= at_s < 1200 else 0.0) for at_s in range(0, 3601, 15)]
    old, new = (
        Curve(alert=alert, labels={"queue": text}, op=">", threshold=threshold, points=tuple(depth))
        for threshold in (before, now)
    )
    return Values(
        drill=drill, alert=alert, expected=({"queue": text},), lasts_s=3600.0, before=(old,), after=(new,)
    )


def make_verdict(
    drill: str, outcome: Outcome, *, alert: str = "Deep", text: str = "", doubt: str = ""
) -> Verdict:
    """Return the verdict of a drill that expects a near miss."""
    finding = Finding(
        outcome=outcome,
        alert=alert,
        labels={},
        expectation=NearMiss(alert=alert, labels={}, reaches=0.8, pending=False),
        observed={},
        evidence=f"reached 75% of its threshold {text}",
        doubt=doubt,
    )
    return Verdict(drill=drill, findings=(finding,))


def make_linted(
    severity: Severity = "warning", *, rule: str = "Deep", says: str = "It flaps."
) -> LintFinding:
    """Return what lint finds in a rule."""
    return LintFinding(
        file="rules.yml",
        line=5,
        column=3,
        check="no-for",
        severity=severity,
        rule=rule,
        happens=says,
        instead="Give it a for.",
    )


def make_change(name: str = "Deep", *, text: str = "depth > 200") -> RuleChange:
    """Return a rule whose expression changed."""
    return RuleChange(
        kind="changed",
        rule=make_rule(name),
        fields=(FieldChange(name="expr", before="depth > 100", after=text),),
        alerts=(name,),
    )


def make_gated(text: str = "a") -> Gated:
    """Return a change of three alerts: one is wrong, one cannot be told, and one is as its drills expect."""
    return Gated(
        name="queues",
        changes=(make_change(text=f"depth > 200 # {text}"), make_change("Low"), make_change("Calm")),
        routes=(RouteChange(alert="Calm", before=("oncall",), after=(f"chat {text}",)),),
        sections=("receivers",),
        texts=(TextChange(alert="Calm", receiver="chat", integration="slack", lines=("- old", f"+ {text}")),),
        effects=(make_effect("deep", text=text), make_effect("calm", alert="Calm", is_changed=False)),
        values=(make_values("deep", text=text), make_values("calm", alert="Calm", now=100.0)),
        verdicts=(make_verdict("deep", "missing", text=text), make_verdict("calm", "met", alert="Calm")),
        scores=(ScoreChange(alert="Calm", before=90.0, after=80.5),),
        linted=(make_linted(rule="Calm", says=f"It flaps {text}."),),
        about={"Deep": ("deep",), "Low": ("low",), "Calm": ("calm",)},
        lacking={"Deep": (SILENT,)},
        left_out={"low": f"its recording is stale {text}"},
    )
