"""A run as one JSON document, which the page's script draws. Pure.

Its texts are plain text, and hold nothing that moves a cursor or that no document may hold; its instants are
seconds of rule time from the start of the run, but for those of findings, load profiles and faults, which
count from the start of their drill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alertdrill.core.clock import format_s
from alertdrill.core.wording import printable
from alertdrill.reports import RunRecord, say_agreement
from alertdrill.reports.html.alerts import describe_alerts, trim_series
from alertdrill.reports.html.drills import describe_drills
from alertdrill.reports.html.overview import describe_head, describe_matrix, describe_timeline
from alertdrill.reports.html.pages import describe_pages
from alertdrill.reports.html.panels import describe_dashboards

RUN = "run"
"""What a document is of; the page knows others, such as of a change that is gated."""
ELSEWHERE = "timeline.json and junit.xml have the verdicts, too."
"""What to read where the page cannot be drawn."""

Data = dict[str, Any]


def describe_run(
    record: RunRecord, changes: Sequence[Mapping[str, str]], scores: Mapping[str, float]
) -> Data:
    """Return all that the page shows; `changes` and `scores` (of mutants) are what else is known."""
    alerts = {alert["name"]: alert for alert in describe_alerts(record)}
    drills = describe_drills(record, alerts)
    findings = [finding for drill in drills for finding in drill["findings"]]
    for name, alert in alerts.items():
        own = [finding for finding in findings if finding["alert"] == name]
        alerts[name], places = trim_series(alert, {number for one in own for number in one["series"]})
        for finding in own:
            finding["series"] = [places[number] for number in finding["series"]]
    document: Data = clean(
        {
            "of": RUN,
            "head": describe_head(record),
            "changes": [dict(change) for change in changes],
            "matrix": describe_matrix(record, scores),
            "timeline": describe_timeline(record),
            "drills": drills,
            "alerts": list(alerts.values()),
            "pages": describe_pages(record.timeline),
            "dashboards": describe_dashboards(record),
            "facts": _list_facts(record),
            "logs": list(record.logs),
            "elsewhere": ELSEWHERE,
            "live": None,
        }
    )
    return document


def _list_facts(record: RunRecord) -> list[list[str]]:
    facts = [["started", record.started_at.isoformat()]]
    facts += [[name, version] for name, version in record.timeline.engines.items()]
    facts += [[name, note] for name, note in record.notes.items()]
    if record.agreement is not None:
        facts.append(["recording", say_agreement(record.agreement)])
        facts += [["replay", note] for note in record.agreement.notes]
    facts += [["appended", _say_appended(*stretch)] for stretch in record.appended]
    return facts


def _say_appended(from_s: float, until_s: float) -> str:
    return f"{format_s(from_s)} to {format_s(until_s)}: nothing was measured, a quiet tail"


def clean(value: Any) -> Any:
    """Write control characters in all texts as their escapes."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {clean(name): clean(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value
