"""The verdicts as JUnit XML, for CI systems.

One test case for each expectation, in a class for each drill: `alertdrill.SYSTEM.DRILL`, the alert as
PromQL would select it. An expectation that is not met is a failure; one of which nobody can tell is an
error, because it is neither a pass nor a failure, and so is every case of a run whose clock is doubted, or
that broke. JUnit has no word for an expectation whose hops could not all be seen: a skip would hide what
was seen, and a failure would be untrue. It passes, and its name ends in `[unobserved]`, since the name is
the one thing that every CI system shows beside a green tick; properties and output, which most show on
demand, say the same. A drill in which nothing may fire, and nothing did, is one case.

The elements are those of Jenkins' schema with properties in test cases, as pytest writes them:
https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from alertdrill.core.drill import Drill
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.core.wording import printable, say_selector
from alertdrill.judging.page_latency import (
    InboxSummary,
    Spread,
    count_told,
    find_held,
    summarise_inboxes,
    time_hops,
)
from alertdrill.judging.suppression import say_held
from alertdrill.reports import (
    HOPS,
    RunRecord,
    say_agreement,
    say_delay,
    say_deliveries,
    say_differences,
    say_expected,
    say_hops,
    say_outcome,
    say_repeat,
    say_told,
    say_why,
)
from alertdrill.reports.junit_xml import add, add_properties, open_suite, write

MARKS = {"met": "ok", "unobserved": "unobserved"}
MOST_HELD = 10


def render(record: RunRecord) -> str:
    """Return the XML document of a run's verdicts; a doubted run without verdicts is one errored case."""
    if record.doubts and not record.verdicts:
        return render_error(_say_doubts(record.doubts))
    cases = [case for verdict in record.verdicts for case in _list_cases(record, verdict)]
    suite = open_suite(
        tests=str(len(cases)),
        failures=str(sum(case.is_failed for case in cases)),
        errors=str(sum(bool(case.untold) for case in cases)),
        time=f"{record.wall_s:.3f}",
        timestamp=_say_instant(record.started_at),
    )
    add_properties(
        suite,
        {
            "outcome": say_outcome(record),
            "mode": record.timeline.mode,
            "speed": f"{record.timeline.speed:g}",
            "unobserved": str(record.count("unobserved")),
            **{f"engine.{name}": version for name, version in record.timeline.engines.items()},
            **{f"note.{name}": note for name, note in record.notes.items()},
            **({} if record.agreement is None else {"agreement": say_agreement(record.agreement)}),
            **{
                f"receiver.{inbox.receiver}.{inbox.integration}": _say_inbox(inbox, record.timeline.speed)
                for inbox in summarise_inboxes(record.timeline)
            },
        },
    )
    for case in cases:
        _add_case(suite, record, case)
    if record.timeline.paging.troubles:
        add(suite, "system-out").text = printable("\n".join(record.timeline.paging.troubles))
    return write(suite)


def render_error(message: str) -> str:
    """Return the XML document of a run that broke before it had verdicts: one errored case."""
    suite = open_suite(tests="1", failures="0", errors="1", time="0")
    case = add(suite, "testcase", classname="alertdrill", name="run", time="0")
    add(case, "error", message=message.partition("\n")[0], type="CouldNotTell").text = printable(message)
    return write(suite)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """An expectation of a drill, or a drill in which nothing fired; `untold` says why nobody can tell."""

    verdict: Verdict
    finding: Finding | None
    drill: Drill | None
    name: str
    untold: str

    @property
    def outcome(self) -> str:
        """How it came out."""
        return self.verdict.outcome if self.finding is None else self.finding.outcome

    @property
    def is_failed(self) -> bool:
        """Whether it is not met, and that can be told."""
        return self.outcome not in MARKS and not self.untold


def _list_cases(record: RunRecord, verdict: Verdict) -> Iterator[_Case]:
    """Yield the cases of a drill; of expectations with one name, from the second on each has its number."""
    placement = record.find_placement(verdict)
    counted: Counter[str] = Counter()
    for finding in verdict.findings or (None,):
        name = say_selector(finding.alert, finding.labels) if finding else "nothing fires"
        counted[name] += 1
        number = f" ({counted[name]})" if counted[name] > 1 else ""
        doubt = finding.doubt if finding else verdict.doubt
        untold = f"Could not tell: {doubt}" if doubt else ""
        outcome = finding.outcome if finding else verdict.outcome
        unseen = " [unobserved]" if outcome == "unobserved" and not doubt else ""
        yield _Case(
            verdict=verdict,
            finding=finding,
            drill=placement.drill if placement else None,
            name=f"{name}{number}{unseen}",
            untold=_say_doubts(record.doubts) if record.doubts else untold,
        )


def _add_case(suite: ET.Element, record: RunRecord, one: _Case) -> None:
    lasts_s = one.drill.lasts_s if one.drill else 0.0
    case = add(
        suite,
        "testcase",
        classname=f"alertdrill.{one.drill.system if one.drill else 'run'}.{one.verdict.drill}",
        name=one.name,
        time=f"{lasts_s / record.timeline.speed:.3f}",
    )
    finding = one.finding
    hops = _list_hops(record, one.verdict, finding) if finding else {}
    add_properties(case, {"drill": one.verdict.drill, "outcome": one.outcome, **hops})
    if one.untold:
        kind = "ClockDoubted" if record.doubts else "CouldNotTell"
        add(case, "error", message=one.untold, type=kind).text = printable(one.untold)
    elif finding and one.is_failed:
        said = [
            _say_finding(record, one.verdict, finding),
            f"\nWhy it is drilled: {say_why(one.drill)}",
        ]
        if command := say_repeat(record, one.verdict):
            said.append(f"Repeat it: {command}")
        message = f"{finding.alert}: {finding.evidence}"
        add(case, "failure", message=message, type=finding.outcome).text = printable("\n".join(said))
    add(case, "system-out").text = printable(_say_case(record, one))


def _list_hops(record: RunRecord, verdict: Verdict, finding: Finding) -> dict[str, str]:
    """Return when each hop was seen, in seconds of rule time from the drill's start, and what pages took."""
    properties = {f"{hop}_s": f"{finding.observed[hop]:.3f}" for hop in HOPS if hop in finding.observed}
    times = time_hops(finding, find_held(finding, record.find_placement(verdict), record.timeline))
    for name, rule_s in (
        ("firing_to_paged", times.firing_to_paged_s),
        ("resolved_to_closed", times.resolved_to_closed_s),
    ):
        if rule_s is not None:
            properties[f"{name}_s"] = f"{rule_s:.3f}"
            properties[f"{name}_wall_s"] = f"{rule_s / record.timeline.speed:.3f}"
    if differences := say_differences(record.find_instants(verdict, finding)):
        properties["agreement"] = differences
    return properties


def _say_inbox(inbox: InboxSummary, speed: float) -> str:
    words = f"{inbox.opened} opened, {inbox.closed} closed, {inbox.refused} refused"
    for name, spread in (
        ("firing to page", inbox.firing_to_paged),
        ("resolved to closed", inbox.resolved_to_closed),
    ):
        if spread is not None:
            words += f"; {name} {_say_spread(spread, speed)}"
    return words


def _say_spread(spread: Spread, speed: float) -> str:
    return f"{say_delay(spread.median_s, speed)}, max {say_delay(spread.max_s, speed)}"


def _say_case(record: RunRecord, case: _Case) -> str:
    if case.finding is None:
        doubt = case.verdict.doubt or ("nothing was seen to fire" if record.doubts else "")
        lines = [f"CANNOT TELL: {doubt}" if doubt else "ok: nothing fired, as it should be"]
    else:
        lines = [_say_finding(record, case.verdict, case.finding)]
    if case.outcome == "unobserved" and not case.untold:
        lines.insert(0, "UNOBSERVED: not every hop could be seen, so this is not proved.")
    if case.drill:
        lines.append("Times are rule time from the drill's start; where there are two, rule time/wall time.")
    return "\n".join(lines)


def _say_finding(record: RunRecord, verdict: Verdict, finding: Finding) -> str:
    mark = (
        "CANNOT TELL"
        if finding.doubt or record.doubts
        else MARKS.get(finding.outcome, finding.outcome.upper())
    )
    held = find_held(finding, record.find_placement(verdict), record.timeline)
    lines = [
        f"{mark}: {say_selector(finding.alert, finding.labels)}",
        f"  expected: {say_expected(finding.expectation)}",
        *(f"            {told}" for told in say_deliveries(finding.expectation)),
        f"  seen:     {', '.join(say_hops(finding)) or 'nothing'}",
        *(f"  suppressed: {say_held(span)}" for span in held[:MOST_HELD]),
    ]
    if len(held) > MOST_HELD:
        lines.append(f"            and {len(held) - MOST_HELD} more")
    told = count_told(finding, record.find_placement(verdict), record.timeline)
    if told:
        lines.append(f"  notified: {say_told(told)}")
    times, speed = time_hops(finding, held), record.timeline.speed
    if times.firing_to_paged_s is not None:
        lines.append(f"  page:     {say_delay(times.firing_to_paged_s, speed)} after it fired")
    if times.resolved_to_closed_s is not None:
        lines.append(f"  close:    {say_delay(times.resolved_to_closed_s, speed)} after it resolved")
    if finding.doubt:
        lines.append(f"  doubt:    {finding.doubt}")
    return "\n".join([*lines, f"  evidence: {finding.evidence}"])


def _say_doubts(doubts: tuple[str, ...]) -> str:
    return "No verdict can be trusted: " + "; ".join(doubts)


def _say_instant(instant: datetime) -> str:
    return instant.replace(microsecond=0).isoformat()
