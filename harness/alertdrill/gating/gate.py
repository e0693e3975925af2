"""Gates a change: what it touched, what that does on recordings, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.core.drill import Drill
from alertdrill.core.rule import AlertRule
from alertdrill.core.verdict import Verdict
from alertdrill.gating.changes import RuleChange, find_changes, list_touched
from alertdrill.gating.demands import find_lacking, list_about
from alertdrill.gating.evidence import Effect, compare_on_recordings
from alertdrill.gating.linted import find_new
from alertdrill.gating.paging import RouteChange, find_route_changes, list_other_sections
from alertdrill.gating.scores import ScoreChange, find_fallen
from alertdrill.gating.texts import TextChange
from alertdrill.linting.finding import Finding
from alertdrill.mutation.grounds import Ground
from alertdrill.mutation.memory import Memory
from alertdrill.mutation.replays import Held
from alertdrill.rules.files import RuleFile
from alertdrill.rules.heartbeats import find_heartbeats

Outcome = Literal["untouched", "met", "unmet", "could not tell"]
Files = tuple[RuleFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Rules of one system or project before and after a change, and all drills that there are about them.

    `ground` returns drills on their recordings with the rules after the change, and why some cannot be
    judged there; `go_back` returns such a drill with the rules before. `compare_texts` says which
    notifications of alerts read otherwise. What is wrong with the files themselves, as where they are not
    what their template makes, is in `stale`.
    """

    name: str
    before: Files
    after: Files
    drills: tuple[Drill, ...]
    ground: Callable[[Sequence[Drill]], tuple[Sequence[Ground], Mapping[str, str]]]
    go_back: Callable[[Ground], Ground]
    compare_texts: Callable[[Sequence[AlertRule]], tuple[TextChange, ...]] | None = None
    configs: tuple[AlertmanagerConfig, AlertmanagerConfig] | None = None
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """What a change did to the rules of one system or project.

    `linted` is what lint finds in changed rules, and did not before. `lacking` says of touched alerts which
    drills they lack; `left_out` why drills cannot be judged.
    """

    name: str
    changes: tuple[RuleChange, ...] = ()
    routes: tuple[RouteChange, ...] = ()
    sections: tuple[str, ...] = ()
    texts: tuple[TextChange, ...] = ()
    effects: tuple[Effect, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    fallen: tuple[ScoreChange, ...] = ()
    linted: tuple[Finding, ...] = ()
    lacking: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]
    stale: tuple[str, ...] = ()

    @property
    def touched(self) -> tuple[str, ...]:
        """The alerts that mean something else than before, or are paged otherwise."""
        routed = (change.alert for change in self.routes)
        return tuple(dict.fromkeys((*list_touched(self.changes), *routed)))

    @property
    def outcome(self) -> Outcome:
        """`unmet` if anything is wrong, else whether anything could not be told, or was touched at all."""
        is_wrong = any(finding.severity == "error" for finding in self.linted)
        if is_wrong or self.lacking or self.stale or any(one.outcome == "unmet" for one in self.verdicts):
            return "unmet"
        if self.left_out or any(verdict.doubts for verdict in self.verdicts):
            return "could not tell"
        return "met" if self.touched or self.sections else "untouched"


def gate(subject: Subject, promtool: Path, memory: Memory, today: date) -> Gated:
    """Return what a change did; `memory` has mutants that were tried before, and comments end `today`.

    Raises ComponentFailed when promtool itself fails.
    """
    changes = find_changes(subject.before, subject.after)
    rules = [rule for file in subject.after for rule in file.alerts]
    routes = find_route_changes(rules, *subject.configs) if subject.configs is not None else ()
    sections = list_other_sections(*subject.configs) if subject.configs is not None else ()
    touched = list_touched(changes)
    about = list_about(touched, subject.drills) if touched else ()
    grounds, refused = subject.ground(about) if about else ((), {})
    back = [subject.go_back(one) for one in grounds]
    held = Held()
    evidence = compare_on_recordings(touched, back, grounds, promtool, held)
    is_met = not any(verdict.outcome == "unmet" for verdict in evidence.verdicts)
    sides = (subject.before, back), (subject.after, grounds)
    changed = {change.rule.name for change in changes}
    configs = subject.configs or (None, None)
    return Gated(
        name=subject.name,
        linted=find_new(changed, (subject.before, configs[0]), (subject.after, configs[1]), today)
        if changed
        else (),
        changes=changes,
        routes=routes,
        sections=sections,
        texts=() if subject.compare_texts is None else subject.compare_texts(rules),
        effects=evidence.effects,
        verdicts=evidence.verdicts,
        # Drills that are not met notice nothing: a score is worth looking at where all is as expected.
        fallen=find_fallen(touched, *sides, promtool, memory, held) if is_met and grounds else (),
        lacking=_find_all_lacking(touched, rules, subject.drills),
        left_out={**refused, **evidence.failed},
        stale=subject.stale,
    )


def decide(gated: Iterable[Gated]) -> Outcome:
    """Return the outcome of several: the worst of theirs."""
    outcomes = {one.outcome for one in gated}
    order: tuple[Outcome, ...] = ("unmet", "could not tell", "met")
    return next((one for one in order if one in outcomes), "untouched")


def _find_all_lacking(
    touched: Sequence[str], rules: Sequence[AlertRule], drills: Sequence[Drill]
) -> dict[str, tuple[str, ...]]:
    """Return what drills lack of each touched alert that is still there and is no heartbeat."""
    names = {rule.name for rule in rules} - find_heartbeats(rules)
    return {
        alert: lacking for alert in touched if alert in names and (lacking := find_lacking(alert, drills))
    }
