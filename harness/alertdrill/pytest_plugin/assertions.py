"""Drills in tests of Python: what the fixture `alertdrill` gives.

What is asserted of an alert is made an expectation, as a drill in YAML states it, and judged by the same
judge; a test that fails says what the judge says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import Delivery, Expectation, Expected, NearMiss, Text
from alertdrill.core.timeline import EventKind, Timeline
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.core.wording import say_selector
from alertdrill.errors import AlertdrillError, BadInput, CouldNotTell
from alertdrill.judging.judge import select_for_drill
from alertdrill.pytest_plugin.keys import UNOBSERVED
from alertdrill.pytest_plugin.outcomes import check_trusted, find_unexpected_verdict, find_verdict
from alertdrill.pytest_plugin.project_drills import ProjectDrills
from alertdrill.reports import RunRecord, say_hops
from alertdrill.rules.promql.expressions import parse_duration, split_threshold
from alertdrill.systems.drill_checks import check_drill

Duration = str | float
"""As people write it, `"12m"`, or a number of seconds; rule time from the drill's start."""


class Alertdrill:
    """Holds drills of the project that a test is in."""

    def __init__(self, test: pytest.Item, find_drills: Callable[[], ProjectDrills]) -> None:
        self._test = test
        self._find_drills = find_drills
        self._alone: list[HeldDrill] = []

    def hold(self, drill: str | Drill) -> HeldDrill:
        """Return the run of a drill: one of the project by its name, or one that was made in Python.

        A drill that the session holds anyway, or that the test's marker names, shares the session's run. Any
        other has a run of its own, once in a session. Raises BadInput and CouldNotTell.
        """
        __tracebackhide__ = True
        try:
            return self._hold(drill)
        except AlertdrillError as error:
            failure = error
        raise _cut_short(failure)

    def check_unexpected(self) -> None:
        """Raise AssertionError for an unexpected alert in a run of this test's alone, unless it asked."""
        __tracebackhide__ = True
        for held in self._alone:
            if not held.was_asked and (unexpected := held.list_unexpected()):
                raise AssertionError(
                    f"{held.drill.name}: {unexpected!r}\n  a test that expects it asserts it, or asks for "
                    "run.unexpected"
                )

    def _hold(self, drill: str | Drill) -> HeldDrill:
        drills = self._find_drills()
        if isinstance(drill, Drill):
            try:
                check_drill(drill)
            except ValueError as error:
                raise BadInput(str(error)) from error
            run, name, is_alone = drills.hold_drill(drill), drill.name, True
        else:
            name, is_alone = drills.find(drill).name, drill not in drills.selected
            run = drills.hold_alone(drill) if is_alone else drills.hold_selected()
        if name in run.left_out:
            pytest.skip(f"{name} was left out: {run.left_out[name]}")
        record = run.record
        check_trusted(record)
        verdict = find_verdict(record, name)
        place = record.find_placement(verdict)
        if place is None:
            raise CouldNotTell("; ".join(verdict.doubts) or f"{name} was not held")
        held = HeldDrill(self._test, drills, record, place, verdict)
        if is_alone:
            self._alone.append(held)
        return held


class HeldDrill:
    """A drill that was held: what it was judged to be, what was seen, and what else a test asserts of it."""

    def __init__(
        self,
        test: pytest.Item,
        drills: ProjectDrills,
        record: RunRecord,
        place: Placement,
        verdict: Verdict,
    ) -> None:
        self.drill = place.drill
        self.verdict = verdict
        self.was_asked = False
        self._test = test
        self._drills = drills
        self._record = record
        self._place = place
        self._asserted: list[HeldAlert] = []

    @property
    def timeline(self) -> Timeline:
        """What was seen of the alerts that the drill expects, in rule time from its start."""
        return select_for_drill(self._place, self._record.placements, self._record.timeline)

    @property
    def unexpected(self) -> Unexpected:
        """The alerts that fired while the drill was held, and that neither a drill nor this test expects."""
        self.was_asked = True
        return self.list_unexpected()

    def alert(self, name: str, /, **labels: str) -> HeldAlert:
        """Return an alert with these labels, and perhaps more, of which something is to be asserted."""
        __tracebackhide__ = True
        self.demand_evaluated(name)
        alert = HeldAlert(self, name, labels)
        self._asserted.append(alert)
        return alert

    def __repr__(self) -> str:
        return f"<run of {self.drill.name}>"

    def list_unexpected(self) -> Unexpected:
        """Return what `unexpected` does, without noting that somebody asked."""
        whole = find_unexpected_verdict(self._record)
        start_s, end_s = self._place.start_s, self._place.end_s
        found = [
            replace(one, observed={kind: at_s - start_s for kind, at_s in one.observed.items()})
            for one in (() if whole is None else whole.findings)
            if start_s <= min(one.observed.values(), default=start_s) < end_s
        ]
        found += [one for one in self.verdict.findings if one.expectation is None]
        return Unexpected(tuple(one for one in found if not any(own.is_about(one) for own in self._asserted)))

    def demand_receiver(self, alert: str, receiver: str) -> None:
        """Raise BadInput for a receiver that the project's Alertmanager config does not have."""
        __tracebackhide__ = True
        failure = self._drills.find_stranger(alert, receiver)
        if failure is not None:
            raise _cut_short(failure)

    def demand_evaluated(self, alert: str) -> None:
        """Raise CouldNotTell for an alert that the run says nothing of, BadInput for one that no rule has."""
        __tracebackhide__ = True
        try:
            doubt = self._drills.find_doubt(self._record, alert)
        except AlertdrillError as error:
            failure = error
        else:
            if not doubt:
                return
            failure = CouldNotTell(doubt)
        raise _cut_short(failure)

    def judge(self, expected: Expected | None, *, with_pages: bool) -> tuple[Finding, ...]:
        """Return the judge's findings on one expectation; on None, whatever fired. Raises CouldNotTell.

        Where a test asserts no page, none is missed.
        """
        record = self._record
        if not with_pages:
            seen = record.timeline.observed - {"paged", "page_resolved"}
            record = replace(record, timeline=replace(record.timeline, observed=seen))
        drill = replace(self.drill, expects=() if expected is None else (expected,))
        verdict = find_verdict(self._drills.judge_again(record, drill), drill.name)
        if verdict.doubts:
            raise CouldNotTell("; ".join(verdict.doubts))
        return verdict.findings

    def find_threshold(self, alert: str) -> bool:
        """Say whether the rule of an alert compares a value with a number."""
        return any(
            rule.name == alert and split_threshold(rule.expr) is not None for rule in self._record.rules
        )

    def note_unobserved(self) -> None:
        """Note that something the test asserts could not be seen."""
        self._test.stash[UNOBSERVED] = True


@dataclass(frozen=True, slots=True, repr=False)
class Unexpected:
    """Alerts that nobody expects; a test that demands that there are none shows them."""

    findings: tuple[Finding, ...]

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __repr__(self) -> str:
        said = [
            f"{say_selector(one.alert, one.labels)} "
            + ", ".join(f"{kind} at {format_s(at_s)}" for kind, at_s in one.observed.items())
            for one in self.findings
        ]
        return f"unexpected: {'; '.join(said) or 'nothing'}"


class HeldAlert:
    """An alert in a run. It fires, or it stays silent."""

    def __init__(self, held: HeldDrill, name: str, labels: dict[str, str]) -> None:
        self._held = held
        self.name = name
        self.labels = labels

    def fires(self, after: Duration, by: Duration) -> FiringAlert:
        """Assert that it fires between two instants of the drill, and not before."""
        __tracebackhide__ = True
        after_s, by_s = read_s(after), read_s(by)
        if after_s > by_s:
            raise ValueError(f"it cannot fire after {after} and by {by}")
        return FiringAlert(self._held, _Stated(self.name, self.labels, after_s, by_s)).check(FIRED)

    def stays_silent(self) -> None:
        """Assert that it does not fire, though it may be pending.

        That it was near is for a near miss of the drill to say.
        """
        __tracebackhide__ = True
        expected = (
            NearMiss(alert=self.name, labels=self.labels, reaches=0.0, pending=False)
            if self._held.find_threshold(self.name)
            else None
        )
        for finding in _judge(self._held, expected, with_pages=False):
            if finding.outcome != "met" and finding.observed.keys() != {"pending"} and self.is_about(finding):
                raise AssertionError(_say(finding, "stays silent"))

    def is_about(self, finding: Finding) -> bool:
        """Say whether a finding is one of this alert."""
        return finding.alert == self.name and self.labels.items() <= finding.labels.items()


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a test has said so far of an alert that fires."""

    alert: str
    labels: dict[str, str]
    after_s: float
    by_s: float
    pages: tuple[Delivery, ...] = ()
    resolves_by_s: float | None = None

    def make(self, lasts_s: float) -> Expectation:
        """Return it as an expectation; what is not said of it is bounded by the drill's end."""
        first = self.pages[0].receiver if self.pages else ""
        return Expectation(
            alert=self.alert,
            labels=self.labels,
            fires_after_s=self.after_s,
            fires_within_s=self.by_s,
            receiver=first,
            resolves_within_s=lasts_s if self.resolves_by_s is None else self.resolves_by_s,
            deliveries=tuple(one for one in self.pages if one != Delivery(receiver=first)),
        )

    def say(self) -> str:
        """Say it in the judge's words."""
        said = f"fires by {format_s(self.by_s)}"
        if self.after_s:
            said = f"fires between {format_s(self.after_s)} and {format_s(self.by_s)}"
        for page in self.pages:
            title = "" if page.title is None else f' with a title that contains "{page.title.text}"'
            said += f", pages {page.receiver}{title}"
        return said if self.resolves_by_s is None else f"{said}, resolves by {format_s(self.resolves_by_s)}"


FIRED: frozenset[EventKind] = frozenset({"pending", "firing"})
PAGED: frozenset[EventKind] = FIRED | {"paged"}
RESOLVED: frozenset[EventKind] = PAGED | {"resolved", "page_resolved"}
"""At which hops an assertion may find something wrong; what comes later is not asserted yet."""


class FiringAlert:
    """An alert that fired in time. It pages, and resolves."""

    def __init__(self, held: HeldDrill, stated: _Stated) -> None:
        self._held = held
        self._stated = stated

    def pages(self, receiver: str, *, title: str | None = None) -> FiringAlert:
        """Assert that a receiver is paged, once by each of its integrations; `title` is part of its title."""
        __tracebackhide__ = True
        self._held.demand_receiver(self._stated.alert, receiver)
        text = None if title is None else Text(how="contains", text=title)
        page = Delivery(receiver=receiver, title=text)
        stated = replace(self._stated, pages=(*self._stated.pages, page))
        # Titles are judged of alerts that resolved, so one that did not has no title that could be trusted.
        return FiringAlert(self._held, stated).check(PAGED if title is None else RESOLVED)

    def resolves(self, *, by: Duration) -> FiringAlert:
        """Assert that it resolves by an instant, and that its pages are closed."""
        __tracebackhide__ = True
        return FiringAlert(self._held, replace(self._stated, resolves_by_s=read_s(by))).check(RESOLVED)

    def check(self, hops: frozenset[EventKind]) -> FiringAlert:
        """Have the judge say what is wrong at these hops. Raises AssertionError and CouldNotTell."""
        __tracebackhide__ = True
        stated = self._stated
        expected = stated.make(self._held.drill.lasts_s)
        for finding in _judge(self._held, expected, with_pages=bool(stated.pages)):
            if finding.expectation is None or finding.outcome == "met":
                continue
            if finding.outcome == "unobserved":
                if stated.pages:
                    self._held.note_unobserved()
            elif finding.broke_at in hops:
                raise AssertionError(_say(finding, stated.say()))
        return self


def read_s(duration: Duration) -> float:
    """Return the seconds of a duration; raises ValueError."""
    if not isinstance(duration, str):
        return float(duration)
    try:
        return parse_duration(duration)
    except ValueError as error:
        raise ValueError(f"{duration!r} is no duration such as 5m or 1h30m: {error}") from error


def _judge(held: HeldDrill, expected: Expected | None, *, with_pages: bool) -> tuple[Finding, ...]:
    __tracebackhide__ = True
    try:
        return held.judge(expected, with_pages=with_pages)
    except AlertdrillError as error:
        failure = error
    raise _cut_short(failure)


def _cut_short(error: AlertdrillError) -> AlertdrillError:
    """Return an error without the way there, of which no test's author knows anything."""
    return (BadInput if error.exit_code == BadInput.exit_code else CouldNotTell)(str(error))


def _say(finding: Finding, expected: str) -> str:
    return (
        f"{say_selector(finding.alert, finding.labels)}: {finding.evidence}\n"
        f"  expected: {expected}\n"
        f"  seen:     {', '.join(say_hops(finding)) or 'nothing'}"
    )
