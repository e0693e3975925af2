"""What the receivers got: how fast, which incidents that made, and what a person read in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from alertdrill.core.clock import format_s
from alertdrill.core.timeline import Notification, NotifiedAlert
from alertdrill.core.wording import printable, say_selector
from alertdrill.judging.incidents import Incident, list_incidents
from alertdrill.judging.page_latency import InboxSummary, Spread, summarise_inboxes
from alertdrill.reports import RunRecord, say_delay
from alertdrill.reports.html.cards import Paper, draw_card
from alertdrill.reports.html.incidents import IncidentsFigure

MOST_INCIDENTS = 300
MOST_NOTIFICATIONS = 20
MOST_ALERTS = 5
MOST_CHARACTERS = 4000
KEY = """<ul class="key" aria-label="How to read the plot">
<li><span class="swatch closed"></span>incident</li>
<li><span class="swatch open"></span>never closed</li>
<li>▼ opened</li>
<li>● updated or repeated</li>
<li>▽ closed</li>
<li><span class="refusal">✖</span> attempt refused</li>
</ul>"""


def list_pages(record: RunRecord, figure: IncidentsFigure | None, anchor: str) -> Iterator[str]:
    """Yield the HTML of what the receivers got; `anchor` is the id of the figure's place."""
    paging = record.timeline.paging
    if figure is None and not paging.troubles:
        return
    yield '<section id="pages"><h2>Pages</h2>'
    for trouble in paging.troubles:
        yield f'<p><span class="refusal">!</span> {_text(trouble)}</p>'
    if figure is not None:
        yield from _summary(record)
        yield KEY
        yield (
            f'<div class="plot" id="{anchor}" role="img" '
            'aria-label="What each receiver got, over rule time"></div>'
        )
        if figure.left_out:
            yield (
                f'<p class="muted small">{figure.left_out} more incidents, open at the same time as those '
                "drawn, are left out of the plot.</p>"
            )
        paper = Paper()
        yield from _incidents(list_incidents(paging.notifications), paper)
        yield from _refused(
            [notification for notification in paging.notifications if not notification.is_accepted], paper
        )
    yield "</section>"


def _summary(record: RunRecord) -> Iterator[str]:
    speed = record.timeline.speed
    both = "" if speed == 1 else ", as rule time/wall time"
    yield (
        '<p class="muted small">Median and maximum of all incidents'
        f"{both}; from firing to page without the time for which an alert was suppressed on purpose. "
        "Instants count from the start of the run.</p>"
    )
    yield '<table class="inboxes"><thead><tr><th>receiver</th><th>opened</th><th>closed</th><th>refused</th>'
    yield "<th>firing to page</th><th>resolved to closed</th></tr></thead><tbody>"
    for inbox in summarise_inboxes(record.timeline):
        yield _inbox(inbox, speed)
    yield "</tbody></table>"


def _inbox(inbox: InboxSummary, speed: float) -> str:
    refused = f'<span class="refusal">{inbox.refused}</span>' if inbox.refused else "0"
    cells = (
        ("opened", str(inbox.opened)),
        ("closed", str(inbox.closed)),
        ("refused", refused),
        ("firing to page", _spread(inbox.firing_to_paged, speed)),
        ("resolved to closed", _spread(inbox.resolved_to_closed, speed)),
    )
    row = "".join(f'<td data-name="{name}">{cell}</td>' for name, cell in cells)
    name = f'{_text(inbox.receiver)} <span class="muted">{inbox.integration}</span>'
    return f'<tr><th scope="row">{name}</th>{row}</tr>'


def _spread(spread: Spread | None, speed: float) -> str:
    if spread is None:
        return "-"
    longest = f'<span class="delay">max {say_delay(spread.max_s, speed)}</span>'
    return f"{say_delay(spread.median_s, speed)} {longest}"


def _incidents(incidents: Sequence[Incident], paper: Paper) -> Iterator[str]:
    if incidents:
        yield "<h3>Incidents, and what stood in them</h3>"
    for incident in incidents[:MOST_INCIDENTS]:
        closed = "never closed" if incident.closed_s is None else f"to {format_s(incident.closed_s)}"
        facts = (
            f"{incident.receiver} · {incident.integration} · {format_s(incident.opened_s)} {closed} · "
            f"{_count(len(incident.notifications), 'notification')}"
        )
        title = incident.title or "(without a title)"
        labels = say_selector("", incident.group_labels)
        yield '<details class="incident"><summary>'
        yield f'{_text(title)} <span class="muted small">{_text(facts)}</span>'
        yield "</summary>"
        if labels:
            yield f'<p class="small">grouped by <code>{_text(labels)}</code></p>'
        yield from _notifications(incident.notifications, paper)
        yield "</details>"
    if len(incidents) > MOST_INCIDENTS:
        yield f'<p class="muted small">{len(incidents) - MOST_INCIDENTS} more are in timeline.json.</p>'


def _refused(notifications: Sequence[Notification], paper: Paper) -> Iterator[str]:
    if not notifications:
        return
    yield '<details class="incident"><summary>Attempts that were refused '
    yield f'<span class="muted small">{_count(len(notifications), "attempt")}</span></summary>'
    yield from _notifications(notifications, paper)
    yield "</details>"


def _notifications(notifications: Sequence[Notification], paper: Paper) -> Iterator[str]:
    yield '<ol class="notices">'
    before: tuple[object, ...] = ()
    for notification in notifications[:MOST_NOTIFICATIONS]:
        effect = (
            notification.effect
            if notification.is_accepted
            else f"refused by {notification.receiver} {notification.integration}"
        )
        wrong = "; ".join(filter(None, (notification.why, notification.cut)))
        why = f": {wrong}" if wrong else ""
        facts = f"{format_s(notification.at_s)} {effect}, answer {notification.answer}{why}"
        yield f'<li><span class="muted small">{_text(facts)}</span>'
        said = (notification.title, notification.text, notification.card)
        if any(said) and said == before:
            yield "<div>the same words again</div>"
        elif notification.card is not None:
            yield from draw_card(notification.card, paper)
        else:
            yield from _words(notification)
        before = said
        yield f'<div class="small">{_alerts(notification.alerts)}</div></li>'
    if len(notifications) > MOST_NOTIFICATIONS:
        left_out = len(notifications) - MOST_NOTIFICATIONS
        yield f'<li class="muted small">{left_out} more are in timeline.json.</li>'
    yield "</ol>"


def _words(notification: Notification) -> Iterator[str]:
    if notification.title:
        yield f"<div><strong>{_text(notification.title)}</strong></div>"
    if notification.text:
        yield f"<pre>{_text(_cut(notification.text))}</pre>"


def _alerts(alerts: Sequence[NotifiedAlert]) -> str:
    """Name the alerts; of several, only by the labels that tell one from another."""
    shared = set.intersection(*(set(alert.labels.items()) for alert in alerts)) if len(alerts) > 1 else set()
    names = []
    for alert in alerts[:MOST_ALERTS]:
        own = {name: value for name, value in alert.labels.items() if (name, value) not in shared}
        names.append(f"<code>{_text(say_selector(alert.alert, own))}</code> {alert.status}")
    if len(alerts) > MOST_ALERTS:
        names.append(f"and {len(alerts) - MOST_ALERTS} more")
    return "<br>".join(names)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


def _text(text: str) -> str:
    return escape(printable(text))
