"""A rule in its surroundings: its parts, where it stands, and all that is known beside it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial, wraps
from typing import TypeVar, cast

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.core.parts import SCRAPE_INTERVAL_S
from alertdrill.core.rule import AlertRule
from alertdrill.linting.dashboards import LintedDashboard, LintedPanel, PanelQuery
from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part, read_parts
from alertdrill.linting.recordings import Recording, follow
from alertdrill.project.drafting.metrics import Metrics
from alertdrill.rules.files import RecordingRule, RuleFile
from alertdrill.rules.promql.expressions import parse
from alertdrill.rules.resources import find_holders
from alertdrill.rules.yaml.nodes import Mapping as Node
from alertdrill.rules.yaml.nodes import Sequence

T = TypeVar("T")
LOOKBACK_S = 300.0
"""For how long Prometheus takes the last sample of a series for its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a check says: of a part of the expression, or of a field of the rule (`annotations/summary`)."""

    happens: str
    instead: str
    part: Part | None = None
    at: str = "expr"
    severity: Severity | None = None


@dataclass(frozen=True, kw_only=True)
class Stated:
    """An expression, as a rule or a panel of a dashboard states it."""

    known: Known = field(repr=False)

    @property
    def text(self) -> str:
        """The expression's text."""
        raise NotImplementedError

    @cached_property
    def expr(self) -> Part:
        """The parts of the expression."""
        return read_parts(parse(self.text), self.text)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All parts of the expression, outermost and leftmost first."""
        return tuple(self.expr.walk())

    @cached_property
    def followed(self) -> Part:
        """The parts of the expression, with what recording rules record in place of their names."""
        return follow(self.expr, self.known.find_recordings)

    @cached_property
    def followed_parts(self) -> tuple[Part, ...]:
        """All parts of that, outermost and leftmost first."""
        return tuple(self.followed.walk())

    @cached_property
    def joining_parts(self) -> tuple[Part, ...]:
        """The parts that stand in the expression itself; below them is what is recorded."""
        return tuple(part for part in self.followed_parts if not part.recorded)


@dataclass(frozen=True, kw_only=True)
class LintedRule(Stated):
    """One rule; `node` is what states it, in the text of its file."""

    rule: AlertRule | RecordingRule
    node: Node
    file: LintedFile

    @property
    def text(self) -> str:
        """The expression's text."""
        return self.rule.expr

    @property
    def alert(self) -> AlertRule | None:
        """The rule, if it is an alert."""
        return self.rule if isinstance(self.rule, AlertRule) else None


@dataclass(frozen=True, kw_only=True)
class LintedQuery(Stated):
    """What one query of a panel asks."""

    query: PanelQuery
    panel: LintedPanel

    @property
    def text(self) -> str:
        """The expression, with values in place of Grafana's variables."""
        return self.query.filled


@dataclass(frozen=True, kw_only=True)
class LintedFile:
    """A rule file as it is on disk, with the nodes of its groups and of its rules."""

    name: str
    source: str
    read: RuleFile
    group_nodes: tuple[Node, ...]
    rule_nodes: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True)
class Known:
    """All that is known beside a rule: the other rules, metrics, an Alertmanager config, intervals.

    `headings` has the anchors of the Markdown files that links name, by their names; None of one that is not
    there.
    """

    files: tuple[LintedFile, ...]
    dashboards: tuple[LintedDashboard, ...] = ()
    metrics: Metrics | None = None
    alertmanager: AlertmanagerConfig | None = None
    headings: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    scrape_interval_s: float = SCRAPE_INTERVAL_S
    states_interval: bool = False

    @cached_property
    def rules(self) -> tuple[LintedRule, ...]:
        """All rules of all files, in order."""
        return tuple(
            LintedRule(rule=rule, node=node, file=file, known=self)
            for file in self.files
            for rule, node in zip(file.read.rules, file.rule_nodes, strict=True)
        )

    def list_queries(self, panel: LintedPanel) -> tuple[LintedQuery, ...]:
        """Return what the queries of a panel ask, of those that can be read."""
        return tuple(LintedQuery(query=query, panel=panel, known=self) for query in panel.queries)

    @cached_property
    def recorded(self) -> Mapping[str, tuple[LintedRule, ...]]:
        """The recording rules by what they record."""
        found: dict[str, tuple[LintedRule, ...]] = {}
        for one in self.rules:
            if isinstance(one.rule, RecordingRule):
                found[one.rule.name] = (*found.get(one.rule.name, ()), one)
        return found

    def find_recordings(self, name: str) -> list[Recording]:
        """Return the rules that record a name, and how their expressions are read."""
        return [
            Recording(rule=one.rule, read=partial(getattr, one, "expr"))
            for one in self.recorded.get(name, ())
            if isinstance(one.rule, RecordingRule)
        ]

    @cached_property
    def _notes(self) -> dict[object, object]:
        return {}

    def work_out(self, key: object, find: Callable[[], T]) -> T:
        """Return what was found by this key before, or find it; one key is for one kind of thing."""
        if key not in self._notes:
            self._notes[key] = find()
        return cast("T", self._notes[key])


def once(find: Callable[[Known], T]) -> Callable[[Known], T]:
    """Return a function of all that is known whose answer is found once, and kept."""

    @wraps(find)
    def found(known: Known) -> T:
        return known.work_out(find, lambda: find(known))

    return found


def find_nodes(read: RuleFile, source: str) -> LintedFile:
    """Return a file with its nodes; `source` is its text as it is on disk."""
    groups = [
        group
        for holder in find_holders(source, read.name)
        for group in holder.groups.items
        if isinstance(group, Node)
    ]
    return LintedFile(
        name=read.name,
        source=source,
        read=read,
        group_nodes=tuple(groups),
        rule_nodes=tuple(_list_rules(groups)),
    )


def _list_rules(groups: list[Node]) -> Iterator[Node]:
    for group in groups:
        rules = group.values.get("rules")
        if isinstance(rules, Sequence):
            yield from (rule for rule in rules.items if isinstance(rule, Node))
