"""Says of each rule what a speed makes of it, by its expression and the project's timers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from alertdrill.core.rule import AlertRule
from alertdrill.errors import BadInput
from alertdrill.project.interpreting import Interpreter
from alertdrill.project.metric_names import Nature
from alertdrill.project.project import Project, Timer
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.files import RecordingRule, RuleFile
from alertdrill.rules.promql.expressions import format_duration

RuleKind = Literal["exact", "timer", "accrues", "durations"]
"""exact: right at any speed. timer: exact but for a declared timer of the gateway. accrues: it compares what
accrues with the wall clock. durations: it compares times of the wall clock. The last two are right at speed 1
only."""

SAID: Mapping[Nature, str] = {
    "count": "a count of what happens",
    "durations": "durations, which stay what they are",
    "sum": "a sum, which grows with each call by what it took",
    "seconds": "divided by a count, or only counted",
    "uptime": "only counted",
    "reading": "only counted, or compared with another",
    "age": "only counted",
    "under_way": "only counted",
    "state": "a state, which no speed changes",
}
"""Why metrics of a nature are exact, where they are."""
TIMED: frozenset[Nature] = frozenset({"durations", "sum", "seconds"})
"""Natures of metrics that tell how long something took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What a speed makes of a rule, why, and what was assumed of metrics whose names do not tell."""

    kind: RuleKind
    why: str
    assumed: tuple[str, ...] = ()
    timers: tuple[Timer, ...] = ()
    is_of_durations: bool = False
    """Whether the rule reads how long something takes."""

    @property
    def is_right_at_any_speed(self) -> bool:
        """Whether a speed leaves the rule as it is, but for timers that were declared."""
        return self.kind in {"exact", "timer"}


def classify(
    rule: AlertRule,
    timers: Iterable[Timer],
    files: Iterable[RuleFile] = (),
    types: Mapping[str, str] = MappingProxyType({}),
) -> Classification:
    """Return what a speed makes of a rule; `files` have the recording rules that it may read.

    `types` are those of metrics, as targets tell them. Raises BadInput for rules that read each other too
    deeply.
    """
    return _classify(rule, timers, *_list_expressions(files), types)


def _list_expressions(files: Iterable[RuleFile]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the expressions of recording rules, and those of alerts, by name."""
    recorded: dict[str, list[str]] = {}
    alerts: dict[str, list[str]] = {}
    for one in (one for file in files for group in file.groups for one in group.rules):
        (recorded if isinstance(one, RecordingRule) else alerts).setdefault(one.name, []).append(one.expr)
    return recorded, alerts


def _classify(
    rule: AlertRule,
    timers: Iterable[Timer],
    recorded: Mapping[str, Sequence[str]],
    alerts: Mapping[str, Sequence[str]],
    types: Mapping[str, str],
) -> Classification:
    interpreter = Interpreter(recorded, alerts, types)
    try:
        doubts = interpreter.interpret(rule.expr).presence
    except BadInput as error:
        raise BadInput(f"{rule.source}: {rule.name}: {error}") from error
    reaching = tuple(timer for timer in timers if not timer.alerts or rule.name in timer.alerts)
    whys = sorted(f"{doubt.why}{f' (read by {doubt.recorded})' * bool(doubt.recorded)}" for doubt in doubts)
    kind: RuleKind = "timer" if reaching else "exact"
    if doubts:
        kind = "durations" if any(doubt.kind == "durations" for doubt in doubts) else "accrues"
    elif reaching:
        whys = [
            f"the gateway's timer {timer.name} lasts {format_duration(timer.lasts_s)} of wall time, "
            f"which at a speed is as many times as much rule time ({timer.source or 'declared'})"
            for timer in reaching
        ]
    else:
        whys = _say_exact(interpreter.natures)
    assumed = list(interpreter.assumed)
    if not doubts:
        spent = [name for name, nature in interpreter.natures.items() if nature == "seconds"]
        assumed += [f"{name} grows with the calls that it is divided by" for name in spent]
    return Classification(
        kind=kind,
        why="; ".join(whys),
        assumed=tuple(assumed),
        timers=reaching,
        is_of_durations=not TIMED.isdisjoint(interpreter.natures.values()),
    )


def classify_all(
    project: Project, files: Sequence[RuleFile], types: Mapping[str, str] = MappingProxyType({})
) -> tuple[tuple[AlertRule, Classification], ...]:
    """Return every alert of a project's rule files, and what a speed makes of it.

    `types` are those of metrics, as targets tell them. Raises BadInput for a timer of the project that
    reaches an alert which there is not.
    """
    names = {rule.name for file in files for rule in file.alerts}
    for timer in project.timers:
        for name in timer.alerts:
            if name not in names:
                near = say_nearest(name, sorted(names))
                what = f"[[timer]] {timer.name!r} reaches {name!r}"
                raise BadInput(f"{timer.source}: {what}, which is no alert of the rules{near}")
    expressions = _list_expressions(files)
    return tuple(
        (rule, _classify(rule, project.timers, *expressions, types)) for file in files for rule in file.alerts
    )


def find_unfit(classified: Iterable[tuple[AlertRule, Classification]]) -> dict[str, str]:
    """Return why alerts are right at speed 1 only, by name."""
    return {rule.name: found.why for rule, found in classified if not found.is_right_at_any_speed}


def _say_exact(natures: Mapping[str, Nature]) -> list[str]:
    """Say why a rule is exact, by the natures of the metrics that it reads."""
    if not natures:
        return ["it reads no metric"]
    said = []
    for nature, what in SAID.items():
        names = [name for name, found in natures.items() if found == nature]
        if names:
            said.append(f"{', '.join(names)}: {what}")
    return said
