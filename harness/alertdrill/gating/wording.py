"""The sentences in which a change is told, the same on the terminal, in Markdown and in JUnit. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from alertdrill.core.clock import format_s
from alertdrill.core.wording import say_number, say_selector
from alertdrill.gating import demands
from alertdrill.gating.changes import RuleChange
from alertdrill.gating.evidence import Effect, Instants
from alertdrill.gating.gate import Gated, Outcome
from alertdrill.gating.scores import ScoreChange
from alertdrill.linting.finding import Finding
from alertdrill.linting.ignoring import NO_FIRING_DRILL, NO_NEAR_MISS
from alertdrill.mutation.tried import say_first

WRONG = {"late", "missing", "mismatched", "unexpected"}
SILENT = "silent"
WANTED = {demands.FIRES: NO_FIRING_DRILL, demands.SILENT: NO_NEAR_MISS}
"""What a comment ignores, by what the gate says."""
UNKNOWN = "could not be replayed"
SAID: dict[Outcome, str] = {
    "untouched": "no rule, route or setting means anything else than before",
    "met": "as its drills expect",
    "unmet": "something is wrong",
    "could not tell": "could not be told",
}


def say_instants(instants: Instants | None) -> str:
    """Say what an alert does: `pending 1:15 to 2:00, pending 2:45, firing 7:45, resolved 12:15`."""
    if instants is None:
        return UNKNOWN
    return ", ".join(_say_instant(*instant) for instant in instants) or SILENT


def _say_instant(kind: str, at_s: float, until_s: float | None) -> str:
    until = f" to {format_s(until_s)}" if until_s is not None and until_s > at_s else ""
    return f"{kind} {format_s(at_s)}{until}"


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


TroubleKind = Literal["stale-rules", "unmet-drill", "lint", "missing-drill", "misrouted", "orphaned-drill"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that is wrong, as a sentence; `source` is the `file:line` of its rule, if it has one.

    `alerts` are those that it is about, if it is about any.
    """

    kind: TroubleKind
    text: str
    source: str = ""
    alerts: tuple[str, ...] = ()


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
            wrong = tuple(dict.fromkeys(one.alert for one in verdict.findings if one.outcome in WRONG))
            source = next((sources[alert] for alert in wrong if alert in sources), "")
            text = f"{verdict.drill} is not met: {say_first(verdict)}"
            yield Trouble(kind="unmet-drill", text=text, source=source, alerts=wrong)
    for orphan in gated.orphaned:
        where = f" ({orphan.source})" if orphan.source else ""
        text = f"{orphan.drill}{where} expects {orphan.alert}, which this change takes away: "
        text += "keep it, or change the drill"
        yield Trouble(kind="orphaned-drill", text=text, source=orphan.source, alerts=(orphan.alert,))
    for one in gated.misrouted:
        if not one.may_be_met:
            yield Trouble(kind="misrouted", text=one.says, source=one.source, alerts=(one.alert,))
    for finding in gated.linted:
        if finding.severity == "error":
            place = f"{finding.file}:{finding.line}"
            text = say_finding(finding)
            yield Trouble(kind="lint", text=text, source=place, alerts=(finding.rule,))
    for alert, lacking in gated.lacking.items():
        for said in lacking:
            instead = f"or say in its rule why not: # alertdrill ignore {WANTED[said]}: why"
            text = f"{alert}: {said}: write one, or let alertdrill init draft it, {instead}"
            source = sources.get(alert, "")
            yield Trouble(kind="missing-drill", text=text, source=source, alerts=(alert,))


def list_doubts(gated: Gated) -> Iterator[str]:
    """Yield what could not be told, a sentence each, with all the drills of which it is so."""
    drills: dict[str, list[str]] = {}
    for drill, why in gated.left_out.items():
        drills.setdefault(why, []).append(drill)
    for verdict in gated.verdicts:
        for why in verdict.doubts if verdict.outcome != "unmet" else ():
            drills.setdefault(why, []).append(verdict.drill)
    yield from (f"{', '.join(names)}: {why}" for why, names in drills.items())
    yield from (one.says for one in gated.misrouted if one.may_be_met)


def say_finding(finding: Finding) -> str:
    """Say what lint finds in a rule."""
    return f"{finding.rule}: {finding.happens} {finding.instead} [{finding.check}]"


def list_warnings(gated: Gated) -> Iterator[str]:
    """Yield what lint warns of, and where drills notice fewer mistakes than before, a sentence each."""
    for finding in gated.linted:
        if finding.severity != "error":
            yield f"{finding.place}: {say_finding(finding)}"
    for one in gated.fallen:
        yield f"{one.alert}: {say_scores(one)}"


def say_scores(score: ScoreChange) -> str:
    """Say how many mistakes in an alert the drills notice, and noticed before."""
    before = "" if score.before is None else f", {score.before:.0f} % before"
    return f"the drills notice {score.after:.0f} % of the mistakes that alertdrill mutate makes{before}"


def say_total(gated: tuple[Gated, ...]) -> str:
    """Say in one line how a change came out."""
    touched = sum(len(one.touched) for one in gated)
    moved = sum(effect.is_changed for one in gated for effect in one.effects)
    drills = sum(len(one.verdicts) for one in gated)
    unmet = sum(verdict.outcome == "unmet" for one in gated for verdict in one.verdicts)
    if not touched and not any(one.sections or one.stale or one.misrouted for one in gated):
        return SAID["untouched"]
    texts = sum(len(one.texts) for one in gated)
    read = f"; {say_number(texts, 'notification')} read otherwise" if texts else ""
    said = f"{say_number(touched, 'alert')} touched; {say_number(drills, 'drill')} judged, {unmet} not met"
    lost = len({drill.drill for one in gated for drill in one.misrouted if not drill.may_be_met})
    said += f", {lost} with another receiver" if lost else ""
    return f"{said}; {say_number(moved, 'alarm')} otherwise than before{read}"
