"""What Alertmanager recorded of itself, in place of what was seen of it from outside. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from alertdrill.core.expectation import Suppression
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import PagingPath, Received, RecordedStep, StepKind, SuppressedSpan

_SUPPRESSES: dict[StepKind, Suppression] = {"silenced": "silenced", "inhibited": "inhibited"}
_Pairs = frozenset[tuple[str, str]]


def prefer_recorded(path: PagingPath) -> PagingPath:
    """Return a path where what Alertmanager recorded of an alert stands in place of what was seen of it.

    It was seen twice a second, and what it says then may be over by the next flush; what it records it did.
    """
    grouped = tuple(
        Received(alert=step.alert, labels=step.labels, since_s=step.at_s, receivers=(step.receiver,))
        for step in path.recorded
        if step.kind == "grouped"
    )
    spoken = {_identify(one.alert, one.labels) for one in grouped}
    seen = [one for one in path.received if _identify(one.alert, one.labels) not in spoken]
    suppressed = prefer_recorded_spans(path.suppressed, _merge(list_spans(path.recorded)))
    return replace(path, received=(*grouped, *seen), suppressed=tuple(suppressed))


def prefer_recorded_spans(
    seen: Iterable[SuppressedSpan], recorded: Sequence[SuppressedSpan]
) -> list[SuppressedSpan]:
    """Return what was recorded, and what was seen of alerts of which nothing was recorded.

    Nor does Alertmanager record time intervals, or what a receiver refuses.
    """
    spoken = {_identify(span.alert, span.labels) for span in recorded}
    kept = [
        span
        for span in seen
        if span.why not in _SUPPRESSES or _identify(span.alert, span.labels) not in spoken
    ]
    return sorted((*recorded, *kept), key=lambda span: span.since_s)


def list_spans(steps: Iterable[RecordedStep]) -> list[SuppressedSpan]:
    """Return each instant at which an alert was recorded to be suppressed."""
    return [
        SuppressedSpan(
            alert=step.alert,
            labels=step.labels,
            why=_SUPPRESSES[step.kind],
            by=step.by,
            since_s=step.at_s,
            until_s=step.at_s,
        )
        for step in steps
        if step.kind in _SUPPRESSES
    ]


def _merge(spans: Iterable[SuppressedSpan]) -> list[SuppressedSpan]:
    """Return one span from the first to the last of the same."""
    merged: dict[tuple[str, _Pairs, str, _Pairs], SuppressedSpan] = {}
    for span in spans:
        key = (*_identify(span.alert, span.labels), span.why, frozenset(span.by.items()))
        first = merged.setdefault(key, span)
        merged[key] = replace(first, until_s=span.until_s)
    return list(merged.values())


def _identify(alert: str, labels: Labels) -> tuple[str, _Pairs]:
    return alert, frozenset(labels.items())
