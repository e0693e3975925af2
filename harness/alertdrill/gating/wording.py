"""The sentences in which a change is told, the same on the terminal, in Markdown and in JUnit. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from alertdrill.core.clock import format_s
from alertdrill.core.wording import say_number, say_selector
from alertdrill.gating.changes import RuleChange
from alertdrill.gating.evidence import Effect, Instants
from alertdrill.gating.gate import Gated, Outcome
from alertdrill.linting.finding import Finding
from alertdrill.mutation.tried import say_first

WRONG = {"late", "missing", "mismatched", "unexpected"}
SILENT = "silent"
UNKNOWN = "could not be replayed"
SAID: dict[Outcome, str] = {
    "untouched": "no rule, route or setting means anything else than before",
    "met": "as its drills expect",
    "unmet": "something is wrong",
    "could not tell": "could not be told",
}


def say_instants(instants: Instants | None) -> str:
    """Say what an alert does: `pending 2:45, firing 7:45, resolved 12:15`."""
    if instants is None:
        return UNKNOWN
    return ", ".join(f"{kind} {format_s(at_s)}" for kind, at_s in instants) or SILENT


def say_change(change: RuleChange) -> str:
    """Say what became of a rule, with its name."""
    kind = {"added": "new", "removed": "removed", "changed": "changed"}[change.kind]
    others = [alert for alert in change.alerts if alert != change.rule.name]
    decides = (
        f", which decides {', '.join(others)}" if others and change.rule.name not in change.alerts else ""
    )
    return f"{change.rule.name}: {kind}{decides}"


def say_alarm(effect: Effect) -> str:
    """Say which alarm of which drill an effect is about."""
    return f"{effect.drill}: {say_selector(effect.alert, dict(effect.labels))}"


TroubleKind = Literal["stale-rules", "unmet-drill", "lint", "missing-drill"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that is wrong, as a sentence; `source` is the `file:line` of its rule, if it has one."""

    kind: TroubleKind
    text: str
    source: str = ""


def list_troubles(gated: Gated) -> Iterator[Trouble]:
    """Yield what is wrong."""
    sources = {
        alert: change.rule.source
        for change in gated.changes
        if change.kind != "removed"
        for alert in change.alerts
    }
    yield from (Trouble(kind="stale-rules", text=said) for said in gated.stale)
    for verdict in gated.verdicts:
        if verdict.outcome == "unmet":
            wrong = (finding.alert for finding in verdict.findings if finding.outcome in WRONG)
            source = next((sources[alert] for alert in wrong if alert in sources), "")
            text = f"{verdict.drill} is not met: {say_first(verdict)}"
            yield Trouble(kind="unmet-drill", text=text, source=source)
    for finding in gated.linted:
        if finding.severity == "error":
            place = f"{finding.file}:{finding.line}"
            yield Trouble(kind="lint", text=_say_finding(finding), source=place)
    for alert, lacking in gated.lacking.items():
        for said in lacking:
            text = f"{alert}: {said}: write one, or let alertdrill init draft it"
            yield Trouble(kind="missing-drill", text=text, source=sources.get(alert, ""))


def list_doubts(gated: Gated) -> Iterator[str]:
    """Yield what could not be told, a sentence each."""
    yield from (f"{drill}: {why}" for drill, why in gated.left_out.items())
    for verdict in gated.verdicts:
        if verdict.outcome != "unmet":
            yield from (f"{verdict.drill}: {doubt}" for doubt in verdict.doubts)


def _say_finding(finding: Finding) -> str:
    return f"{finding.rule}: {finding.happens} {finding.instead} [{finding.check}]"


def list_warnings(gated: Gated) -> Iterator[str]:
    """Yield what lint warns of, and where drills notice fewer mistakes than before, a sentence each."""
    for finding in gated.linted:
        if finding.severity != "error":
            yield f"{finding.place}: {_say_finding(finding)}"
    for one in gated.fallen:
        yield (
            f"{one.alert}: the drills notice {one.after:.0f} % of the mistakes that alertdrill mutate makes, "
            f"{one.before:.0f} % before"
        )


def say_total(gated: tuple[Gated, ...]) -> str:
    """Say in one line how a change came out."""
    touched = sum(len(one.touched) for one in gated)
    moved = sum(effect.is_changed for one in gated for effect in one.effects)
    drills = sum(len(one.verdicts) for one in gated)
    unmet = sum(verdict.outcome == "unmet" for one in gated for verdict in one.verdicts)
    if not touched and not any(one.sections or one.stale for one in gated):
        return SAID["untouched"]
    texts = sum(len(one.texts) for one in gated)
    read = f"; {say_number(texts, 'notification')} read otherwise" if texts else ""
    said = f"{say_number(touched, 'alert')} touched; {say_number(drills, 'drill')} judged, {unmet} not met"
    return f"{said}; {say_number(moved, 'alarm')} otherwise than before{read}"
