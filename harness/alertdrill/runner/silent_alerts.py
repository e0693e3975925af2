"""Which alerts of a replay never fired, and how near the values of their rules came. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from alertdrill.core.clock import format_s
from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Timeline
from alertdrill.core.wording import say_selector
from alertdrill.judging.nearness import describe_peak, find_reach, has_share
from alertdrill.reports.junit_cases import Case
from alertdrill.rules.files import RuleFile
from alertdrill.rules.promql.expressions import split_threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentAlert:
    """An alert that never fired, where its rule stands, and what is said of its value.

    `reached` is the highest value as a share of the threshold; None where there is no such share. Other rules
    have the same name where it is `doubled`.
    """

    alert: str
    source: str
    reached: float | None
    said: str
    doubled: bool = False

    @property
    def name(self) -> str:
        """The alert's name, with where its rule stands if the name alone does not say which it is."""
        return f"{self.alert} ({self.source})" if self.doubled else self.alert


def list_cases(timeline: Timeline, silent: Iterable[SilentAlert]) -> Iterator[Case]:
    """Yield a case of JUnit for each alert that did something, and for each that never fired: none fails."""
    for alert in dict.fromkeys(event.alert for event in timeline.events):
        lines = [
            f"{format_s(event.at_s)} {event.kind} {say_selector(alert, event.labels)}"
            for event in timeline.events
            if event.alert == alert
        ]
        yield Case(of="replay", name=alert, output="\n".join(lines))
    for one in silent:
        yield Case(of="replay", name=f"{one.name} [silent]", output=one.said)


def list_compared(files: Iterable[RuleFile]) -> tuple[AlertRule, ...]:
    """Return the alerts whose rules compare a value with a number."""
    return tuple(rule for file in files for rule in file.alerts if split_threshold(rule.expr) is not None)


def list_silent(files: Iterable[RuleFile], timeline: Timeline) -> Iterator[SilentAlert]:
    """Yield every alert of the files that never fired, in their order; `timeline` has the values' curves."""
    fired = {event.alert for event in timeline.events if event.kind == "firing"}
    rules = [rule for file in files for rule in file.alerts]
    counted = Counter(rule.name for rule in rules)
    for rule in rules:
        if rule.name not in fired:
            yield replace(_describe(rule, timeline), doubled=counted[rule.name] > 1)


def _describe(rule: AlertRule, timeline: Timeline) -> SilentAlert:
    curves = [
        curve for curve in timeline.curves if curve.alert == rule.name and curve.source in {"", rule.source}
    ]
    reached: float | None = None
    if split_threshold(rule.expr) is None:
        said = "its rule compares no value with a number"
    elif curves and not has_share(curves):
        said = f"its threshold is {curves[0].threshold:g}, of which no value is a share"
    else:
        said = describe_peak(curves)
        reached = find_reach(curves) if curves else None
    return SilentAlert(alert=rule.name, source=rule.source, reached=reached, said=said)
