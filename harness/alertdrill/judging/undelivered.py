"""Say at which hop a page stopped that did not come, with what was seen there. Pure."""

from __future__ import annotations

from alertdrill.core.clock import format_s
from alertdrill.core.timeline import SuppressedSpan, Timeline
from alertdrill.core.wording import say_names
from alertdrill.judging.recorded import prefer_recorded

MAX_TROUBLES = 4


def explain_silence(alert: str, receiver: str, timeline: Timeline) -> str:
    """Return why `receiver` got no notification of an alert that fired, as far as it was seen.

    The timeline holds only what concerns the alert. The hops are gone through in their order: Prometheus
    sends, a route leads to the receiver, nothing holds it back, the receiver takes it. What Alertmanager
    recorded itself stands in place of what was seen of it from outside.
    """
    path = prefer_recorded(timeline.paging)
    if not path.received and not any(notification.alerts for notification in path.notifications):
        return f"Alertmanager never had it{_add('; '.join(path.troubles[:MAX_TROUBLES]))}"
    receivers = sorted({name for received in path.received for name in received.receivers})
    if path.received and receiver not in receivers:
        others = say_names(receivers) or "nobody"
        return f"no route of Alertmanager's leads {alert} to {receiver}, but to {others}"
    if path.suppressed:
        return f"Alertmanager suppressed it: {'; '.join(_say_span(span) for span in path.suppressed)}"
    told = [notification for notification in path.notifications if notification.receiver == receiver]
    refused = [notification for notification in told if not notification.is_accepted]
    if refused:
        last = refused[-1]
        why = f" ({last.why})" if last.why else ""
        return (
            f"{receiver} refused {len(refused)} attempts by {last.integration}, the last at "
            f"{format_s(last.at_s)} with {last.answer}{why}"
        )
    # What befell other receivers in the same run explains nothing.
    troubles = "; ".join([trouble for trouble in path.troubles if receiver in trouble][:MAX_TROUBLES])
    if nameless := [notification for notification in told if not notification.alerts]:
        last = nameless[-1]
        said = (
            f"{receiver} was notified by {last.integration} at {format_s(last.at_s)}, but not of which alert"
        )
        return f"{said}{f'; {troubles}' if troubles else ''}"
    if troubles:
        return f"Alertmanager has it and did not deliver it; {troubles}"
    delivered = [step for step in path.recorded if step.kind == "notified" and step.receiver == receiver]
    if delivered and not told:
        step = delivered[-1]
        by = ", ".join(step.by.values())
        return f"Alertmanager recorded that it notified {receiver} by {by} at {format_s(step.at_s)}"
    more = " more" if told else ""
    return f"Alertmanager has it, routes it to {receiver}, and sent nothing{more}"


def _say_span(span: SuppressedSpan) -> str:
    by = ", ".join(f"{name}={value}" for name, value in span.by.items()) or "it does not say what"
    since, until = format_s(span.since_s), format_s(span.until_s)
    return f"{span.why} by {by} {f'at {since}' if since == until else f'from {since} to {until}'}"


def _add(troubles: str) -> str:
    return f"; {troubles}" if troubles else ": Prometheus did not send it"
