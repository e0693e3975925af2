"""A change as JUnit XML: a case for each alert that it touched. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alertdrill.core.wording import printable
from alertdrill.gating.gate import Gated
from alertdrill.gating.wording import list_doubts, list_troubles, say_alarm, say_change, say_instants
from alertdrill.reports.junit_xml import add, add_properties, open_suite, write


def render_junit(gated: Sequence[Gated], base: str) -> str:
    """Return the XML document of a change: what is wrong is a failure, what could not be told an error."""
    cases = [(one, alert) for one in gated for alert in (one.touched or ("rules",))]
    wrong = {id(one): [trouble.text for trouble in list_troubles(one)] for one in gated}
    untold = {id(one): [*list_doubts(one)] for one in gated}
    suite = open_suite(
        tests=str(len(cases)),
        failures=str(sum(bool(wrong[id(one)]) for one, _ in cases)),
        errors=str(sum(bool(untold[id(one)]) and not wrong[id(one)] for one, _ in cases)),
        time="0",
    )
    add_properties(suite, {"base": base})
    for one, alert in cases:
        case = add(suite, "testcase", classname=f"alertdrill.gate.{one.name}", name=alert, time="0")
        kind, said = ("failure", wrong[id(one)]) if wrong[id(one)] else ("error", untold[id(one)])
        if said:
            add(case, kind, message=said[0], type="Gate").text = printable("\n".join(said))
        add(case, "system-out").text = printable("\n".join(_list_lines(one, alert)))
    return write(suite)


def _list_lines(gated: Gated, alert: str) -> Iterator[str]:
    for change in gated.changes:
        if alert in change.alerts:
            yield f"{change.rule.source}: {say_change(change)}"
            for field in change.fields:
                yield f"  {field.name}: {field.before or 'not stated'}"
                yield f"  {' ' * len(field.name)}> {field.after or 'not stated'}"
    for effect in gated.effects:
        if effect.alert == alert:
            yield f"{say_alarm(effect)}: before: {say_instants(effect.before)}"
            yield f"{say_alarm(effect)}: after: {say_instants(effect.after)}"
