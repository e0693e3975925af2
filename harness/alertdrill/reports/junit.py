"""The verdicts as JUnit XML, for CI systems.

One test case per drill. An unmet drill is a failure; one of which nobody can tell is an error, because it is
neither a pass nor a failure, and so is every case of a run whose clock is doubted, or that broke. JUnit has
no word for a drill whose hops could not all be seen: a skip would hide what was seen, and a failure would be
untrue. It passes, and its name ends in `[unobserved]`, since the name is the one thing that every CI system
shows beside a green tick; properties and output, which most show on demand, say the same.

The elements are those of Jenkins' schema with properties in test cases, as pytest writes them:
https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
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
    RunRecord,
    say_agreement,
    say_delay,
    say_deliveries,
    say_differences,
    say_expected,
    say_hops,
    say_outcome,
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
    suite = open_suite(
        tests=str(len(record.verdicts)),
        failures=str(0 if record.doubts else record.count("unmet")),
        errors=str(len(record.verdicts) if record.doubts else record.count_untold()),
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
    for verdict in record.verdicts:
        _add_case(suite, record, verdict)
    if record.timeline.paging.troubles:
        add(suite, "system-out").text = printable("\n".join(record.timeline.paging.troubles))
    return write(suite)


def render_error(message: str) -> str:
    """Return the XML document of a run that broke before it had verdicts: one errored case."""
    suite = open_suite(tests="1", failures="0", errors="1", time="0")
    case = add(suite, "testcase", classname="alertdrill", name="run", time="0")
    add(case, "error", message=message.partition("\n")[0], type="CouldNotTell").text = printable(message)
    return write(suite)


def _add_case(suite: ET.Element, record: RunRecord, verdict: Verdict) -> None:
    placement = record.find_placement(verdict)
    drill = placement.drill if placement else None
    lasts_s = drill.lasts_s if drill else 0.0
    is_unseen = verdict.outcome == "unobserved" and not verdict.doubts
    name = f"{verdict.drill} [unobserved]" if is_unseen else verdict.drill
    case = add(
        suite,
        "testcase",
        classname=f"alertdrill.{drill.system if drill else 'run'}",
        name=name,
        time=f"{lasts_s / record.timeline.speed:.3f}",
    )
    add_properties(case, {"outcome": verdict.outcome, **_list_hops(record, verdict)})
    if record.doubts:
        doubts = _say_doubts(record.doubts)
        add(case, "error", message=doubts, type="ClockDoubted").text = printable(doubts)
    elif verdict.outcome == "unmet":
        missed = [finding for finding in verdict.findings if finding.outcome not in MARKS]
        failure = add(
            case,
            "failure",
            message="; ".join(f"{finding.alert}: {finding.evidence}" for finding in missed),
            type=missed[0].outcome,
        )
        failure.text = printable(
            "\n".join(
                [
                    *(_say_finding(record, verdict, finding) for finding in missed),
                    f"\nWhy it is drilled: {say_why(drill)}",
                ]
            )
        )
    elif verdict.doubts:
        doubts = f"Could not tell: {'; '.join(verdict.doubts)}"
        add(case, "error", message=doubts, type="CouldNotTell").text = printable(doubts)
    add(case, "system-out").text = printable(_say_case(record, verdict, drill))


def _list_hops(record: RunRecord, verdict: Verdict) -> dict[str, str]:
    """Return what pages and closes took, in seconds of rule and of wall time, by the finding's number."""
    properties = {}
    for number, finding in enumerate(verdict.findings, 1):
        times = time_hops(finding, find_held(finding, record.find_placement(verdict), record.timeline))
        for name, rule_s in (
            ("firing_to_paged", times.firing_to_paged_s),
            ("resolved_to_closed", times.resolved_to_closed_s),
        ):
            if rule_s is not None:
                properties[f"finding.{number}.{name}_s"] = f"{rule_s:.3f}"
                properties[f"finding.{number}.{name}_wall_s"] = f"{rule_s / record.timeline.speed:.3f}"
        if differences := say_differences(record.find_instants(verdict, finding)):
            properties[f"finding.{number}.agreement"] = differences
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


def _say_case(record: RunRecord, verdict: Verdict, drill: Drill | None) -> str:
    lines = [_say_finding(record, verdict, finding) for finding in verdict.findings]
    if not lines:
        doubt = verdict.doubt or ("nothing was seen to fire" if record.doubts else "")
        lines = [f"CANNOT TELL: {doubt}" if doubt else "ok: nothing fired, as it should be"]
    if verdict.outcome == "unobserved" and not verdict.doubts:
        lines.insert(0, "UNOBSERVED: not every hop could be seen, so this is not proved.")
    if drill:
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
