"""The verdicts as JUnit XML, for CI systems.

One test case per drill. An unmet drill is a failure; a run whose clock is doubted, or that broke, is an error
in every case, because it is neither a pass nor a failure. JUnit has no word for a drill whose hops could not
all be seen: a skip would hide what was seen, and a failure would be untrue. It passes, and its name ends in
`[unobserved]`, since the name is the one thing that every CI system shows beside a green tick; properties
and output, which most show on demand, say the same.

The elements are those of Jenkins' schema with properties in test cases, as pytest writes them:
https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import datetime

from harness.model import Drill, Finding, Verdict
from harness.reports import (
    RunRecord,
    printable,
    say_expected,
    say_hops,
    say_outcome,
    say_selector,
    say_why,
)

MARKS = {"met": "ok", "unobserved": "unobserved"}


def render(record: RunRecord) -> str:
    """Return the XML document of a run's verdicts; a doubted run without verdicts is one errored case."""
    if record.doubts and not record.verdicts:
        return render_error(_say_doubts(record.doubts))
    suite = _open_suite(
        tests=str(len(record.verdicts)),
        failures=str(0 if record.doubts else record.count("unmet")),
        errors=str(len(record.verdicts) if record.doubts else 0),
        time=f"{record.wall_s:.3f}",
        timestamp=_say_instant(record.started_at),
    )
    _add_properties(
        suite,
        {
            "outcome": say_outcome(record),
            "mode": record.timeline.mode,
            "speed": f"{record.timeline.speed:g}",
            "unobserved": str(record.count("unobserved")),
            **{f"engine.{name}": version for name, version in record.timeline.engines.items()},
            **{f"note.{name}": note for name, note in record.notes.items()},
        },
    )
    for verdict in record.verdicts:
        _add_case(suite, record, verdict)
    return _write(suite)


def render_error(message: str) -> str:
    """Return the XML document of a run that broke before it had verdicts: one errored case."""
    suite = _open_suite(tests="1", failures="0", errors="1", time="0")
    case = _add(suite, "testcase", classname="alertdrill", name="run", time="0")
    _add(case, "error", message=message.partition("\n")[0], type="CouldNotTell").text = printable(message)
    return _write(suite)


def _add_case(suite: ET.Element, record: RunRecord, verdict: Verdict) -> None:
    placement = record.find_placement(verdict)
    drill = placement.drill if placement else None
    lasts_s = drill.lasts_s if drill else 0.0
    name = f"{verdict.drill} [unobserved]" if verdict.outcome == "unobserved" else verdict.drill
    case = _add(
        suite,
        "testcase",
        classname=f"alertdrill.{drill.system if drill else 'run'}",
        name=name,
        time=f"{lasts_s / record.timeline.speed:.3f}",
    )
    _add_properties(case, {"outcome": verdict.outcome})
    if record.doubts:
        doubts = _say_doubts(record.doubts)
        _add(case, "error", message=doubts, type="ClockDoubted").text = printable(doubts)
    elif verdict.outcome == "unmet":
        missed = [finding for finding in verdict.findings if finding.outcome not in MARKS]
        failure = _add(
            case,
            "failure",
            message="; ".join(f"{finding.alert}: {finding.evidence}" for finding in missed),
            type=missed[0].outcome,
        )
        failure.text = printable(
            "\n".join([*map(_say_finding, missed), f"\nWhy it is drilled: {say_why(drill)}"])
        )
    _add(case, "system-out").text = printable(_say_case(verdict, drill))


def _say_case(verdict: Verdict, drill: Drill | None) -> str:
    lines = [_say_finding(finding) for finding in verdict.findings] or ["ok: nothing fired, as it should be"]
    if verdict.outcome == "unobserved":
        lines.insert(0, "UNOBSERVED: not every hop could be seen, so this is not proved.")
    if drill:
        lines.append("Times are rule time from the drill's start.")
    return "\n".join(lines)


def _say_finding(finding: Finding) -> str:
    mark = MARKS.get(finding.outcome, finding.outcome.upper())
    lines = [
        f"{mark}: {say_selector(finding.alert, finding.labels)}",
        f"  expected: {say_expected(finding.expectation)}",
        f"  seen:     {', '.join(say_hops(finding)) or 'nothing'}",
        f"  evidence: {finding.evidence}",
    ]
    return "\n".join(lines)


def _say_doubts(doubts: tuple[str, ...]) -> str:
    return "No verdict can be trusted: " + "; ".join(doubts)


def _say_instant(instant: datetime) -> str:
    return instant.replace(microsecond=0).isoformat()


def _open_suite(**attributes: str) -> ET.Element:
    return ET.Element("testsuite", {"name": "alertdrill", "skipped": "0"} | attributes)


def _add(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, tag, {name: printable(value) for name, value in attributes.items()})


def _add_properties(parent: ET.Element, properties: dict[str, str]) -> None:
    holder = _add(parent, "properties")
    for name, value in properties.items():
        _add(holder, "property", name=name, value=value)


def _write(suite: ET.Element) -> str:
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
