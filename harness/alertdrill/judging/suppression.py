"""What holds the page of a firing alert back: checked, said, written and read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from alertdrill.core.clock import format_s
from alertdrill.core.documents import choose, take_number, write_number
from alertdrill.core.expectation import Expectation, Suppressed, Suppression
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import SuppressedSpan, Timeline
from alertdrill.core.wording import printable, say_labels, say_selector
from alertdrill.judging.findings import Miss
from alertdrill.judging.undelivered import explain_silence

CALENDAR_STEP_S = 120.0
"""How far the calendar of the time intervals may be behind the clock; see `alertmanager/calendar.py`."""


def check_suppressed(expected: Expectation, held: Suppressed, timeline: Timeline) -> Miss | None:
    """Check that nobody was paged until the suppression ended, and that it was what held the page back."""
    pages = [event.at_s for event in timeline.events if event.kind == "paged"]
    slack_s = CALENDAR_STEP_S if held.why == "muted" else 0.0
    too_early = [at_s for at_s in pages if held.until_s is None or at_s < held.until_s - slack_s]
    if too_early:
        return "unexpected", f"paged at {format_s(min(too_early))}, though it should be {held.why}"
    if held.why == "refused":
        attempts = [n for n in timeline.paging.notifications if n.receiver == expected.receiver]
        if all(notification.is_accepted for notification in attempts):
            why = explain_silence(expected.alert, expected.receiver, timeline)
            return "mismatched", f"was not paged, but its receiver refused nothing: {why}"
        return None
    spans = [span for span in timeline.paging.suppressed if span.why == held.why]
    # An Alertmanager that is older than 0.28 does not say which interval mutes.
    if not any(held.by.items() <= span.by.items() or not span.by for span in spans):
        seen = "; ".join(f"{span.why} by {say_labels(span.by)}" for span in timeline.paging.suppressed)
        wanted = f"{held.why} by {say_labels(held.by)}" if held.by else held.why
        return "mismatched", f"was not paged, and was not seen {wanted}{': ' + seen if seen else ''}"
    return None


def say_held(span: SuppressedSpan) -> str:
    """Say how long and by what an alert was suppressed: `muted 5:00 to 20:00 by the time interval nights`."""
    span_s = f"{format_s(span.since_s)} to {format_s(span.until_s)}"
    return f"{span.why} {span_s} by {say_holder(span.why, span.by)}"


def say_holder(held: Suppression, by: Labels) -> str:
    """Say what holds an alert back, as far as it is known."""
    if held == "refused":
        return "its receiver"
    if held == "muted":
        return printable(f"the time interval {by['interval']}") if "interval" in by else "a time interval"
    if held == "silenced":
        return f"a silence of {say_selector('', by)}" if by else "a silence"
    rest = {name: value for name, value in by.items() if name != "alertname"}
    return say_selector(by.get("alertname", ""), rest) or "another alert"


def write_suppressed(held: Suppressed) -> dict[str, Any]:
    """Return a suppression as JSON has it."""
    until_s = None if held.until_s is None else write_number(held.until_s)
    return {"why": held.why, "until_s": until_s, "by": dict(held.by)}


def read_suppressed(held: Mapping[str, Any]) -> Suppressed | None:
    """Return the suppression that an object states, without what held the page back; raises ValueError."""
    if not held:
        return None
    return Suppressed(
        why=choose(held.get("why"), get_args(Suppression), "why"),
        until_s=None if held.get("until_s") is None else take_number(held, "until_s"),
    )
