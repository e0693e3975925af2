"""Gates a change: what it touched, what that does on recordings, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.core.drill import Drill
from alertdrill.core.rule import AlertRule
from alertdrill.core.verdict import Verdict
from alertdrill.gating.changes import RuleChange, find_changes, list_touched
from alertdrill.gating.demands import Orphaned, find_lacking, find_orphaned, list_about
from alertdrill.gating.evidence import Effect, compare_on_recordings
from alertdrill.gating.excuses import find_excuses
from alertdrill.gating.linted import find_new
from alertdrill.gating.paging import RouteChange, find_route_changes, list_other_sections
from alertdrill.gating.receivers import Misrouted, Side, find_misrouted
from alertdrill.gating.scores import ScoreChange, compare_scores
from alertdrill.gating.texts import TextChange
from alertdrill.gating.values import Values
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
    what their template makes, is in `stale`. `places` has the `file:line` of drills, by their names.
    To alerts of `nothing_near` nothing comes near that does not fire them.
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
    places: Mapping[str, str] = field(default_factory=dict)
    nothing_near: Container[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """What a change did to the rules of one system or project.

    `linted` is what lint finds in changed rules, and did not before. `misrouted` are alerts that end at
    others than drills name, `orphaned` drills of alerts that the change takes away. `about` names the drills
    that expect something of a touched alert, and `lacking` says which ones it lacks; `left_out` why drills
    cannot be judged. Scores are known where all drills are met.
    """

    name: str
    changes: tuple[RuleChange, ...] = ()
    routes: tuple[RouteChange, ...] = ()
    misrouted: tuple[Misrouted, ...] = ()
    orphaned: tuple[Orphaned, ...] = ()
    sections: tuple[str, ...] = ()
    texts: tuple[TextChange, ...] = ()
    effects: tuple[Effect, ...] = ()
    values: tuple[Values, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    scores: tuple[ScoreChange, ...] = ()
    linted: tuple[Finding, ...] = ()
    about: Mapping[str, tuple[str, ...]]
    lacking: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]
    stale: tuple[str, ...] = ()

    @property
    def touched(self) -> tuple[str, ...]:
        """The alerts that mean something else than before, or are paged otherwise."""
        routed = (change.alert for change in self.routes)
        return tuple(dict.fromkeys((*list_touched(self.changes), *routed)))

    @property
    def fallen(self) -> tuple[ScoreChange, ...]:
        """The alerts of which drills notice fewer mistakes than before."""
        return tuple(score for score in self.scores if score.is_lower)

    @property
    def outcome(self) -> Outcome:
        """`unmet` if anything is wrong, else whether anything could not be told, or was touched at all."""
        is_wrong = any(finding.severity == "error" for finding in self.linted)
        is_lost = any(not one.may_be_met for one in self.misrouted)
        is_unmet = any(one.outcome == "unmet" for one in self.verdicts)
        if is_wrong or is_lost or is_unmet or self.orphaned or self.lacking or self.stale:
            return "unmet"
        if self.left_out or self.misrouted or any(verdict.doubts for verdict in self.verdicts):
            return "could not tell"
        return "met" if self.touched or self.sections else "untouched"


def gate(subject: Subject, promtool: Path, memory: Memory, today: date) -> Gated:
    """Return what a change did; `memory` has mutants that were tried before, and comments end `today`.

    Raises ComponentFailed when promtool itself fails.
    """
    changes = find_changes(subject.before, subject.after)
    rules = [rule for file in subject.after for rule in file.alerts]
    routes = (
        find_route_changes(rules, subject.drills, *subject.configs) if subject.configs is not None else ()
    )
    sections = list_other_sections(*subject.configs) if subject.configs is not None else ()
    touched = list_touched(changes)
    orphaned = find_orphaned(changes, rules, subject.drills, subject.places)
    without = {
        one.drill for one in orphaned
    }  # what expects an alert that is gone has nothing to be judged by
    judged = [drill for drill in subject.drills if drill.name not in without]
    about = list_about(touched, judged) if touched else ()
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
        orphaned=orphaned,
        misrouted=_find_misrouted(subject),
        sections=sections,
        texts=() if subject.compare_texts is None else subject.compare_texts(rules),
        effects=evidence.effects,
        values=evidence.values,
        verdicts=evidence.verdicts,
        # Drills that are not met notice nothing: a score is worth looking at where all is as expected.
        scores=compare_scores(touched, *sides, promtool, memory, held) if is_met and grounds else (),
        about={
            alert: tuple(drill.name for drill in about if any(one.alert == alert for one in drill.expects))
            for alert in touched
        },
        lacking=_find_all_lacking(touched, rules, subject, today),
        left_out={**refused, **evidence.failed},
        stale=subject.stale,
    )


def decide(gated: Iterable[Gated]) -> Outcome:
    """Return the outcome of several: the worst of theirs."""
    outcomes = {one.outcome for one in gated}
    order: tuple[Outcome, ...] = ("unmet", "could not tell", "met")
    return next((one for one in order if one in outcomes), "untouched")


def _find_misrouted(subject: Subject) -> tuple[Misrouted, ...]:
    if subject.configs is None:
        return ()
    before, after = (
        Side(files=files, config=config)
        for files, config in zip((subject.before, subject.after), subject.configs, strict=True)
    )
    return find_misrouted(subject.drills, subject.places, before, after)


def _find_all_lacking(
    touched: Sequence[str], rules: Sequence[AlertRule], subject: Subject, today: date
) -> dict[str, tuple[str, ...]]:
    """Return what drills lack of each touched alert that is still there and is no heartbeat."""
    names = {rule.name for rule in rules} - find_heartbeats(rules)
    wanted = [alert for alert in touched if alert in names]
    excuses = find_excuses(subject.after, today) if wanted else frozenset()
    lacking = {alert: find_lacking(alert, subject.drills, subject.nothing_near, excuses) for alert in wanted}
    return {alert: said for alert, said in lacking.items() if said}
