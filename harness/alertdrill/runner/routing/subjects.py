"""What a config is asked about: alerts, or label sets of a table. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.routes import Match, match_routes, parse_routes
from alertdrill.core.fingerprint import fingerprint
from alertdrill.core.rule import Labels
from alertdrill.runner.synthetic.synthetic import SyntheticAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The labels of an alert; `source` is the `file:line` that they are from.

    `title` is what a table calls it, which no other one of the same question is called.
    """

    title: str
    source: str
    labels: Labels

    @property
    def fingerprint(self) -> str:
        """By which Alertmanager names it."""
        return fingerprint(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where the routes lead a subject: what each route does that takes it, in the routes' order."""

    subject: Subject
    matches: tuple[Match, ...]

    @property
    def receivers(self) -> tuple[str, ...]:
        """The receivers in the routes' order; one that two routes lead to is there twice."""
        return tuple(match.receiver for match in self.matches)


def find_ways(config: AlertmanagerConfig, subjects: Sequence[Subject]) -> tuple[Way, ...]:
    """Return where the routes of a config lead each subject."""
    root = parse_routes(config.document)
    return tuple(Way(subject=one, matches=match_routes(root, one.labels)) for one in subjects)


def name_alerts(alerts: Sequence[SyntheticAlert]) -> tuple[Subject, ...]:
    """Return alerts as subjects; where several have a name, each is called `NAME:LINE` by its rule."""
    counted = Counter(alert.name for alert in alerts)
    return tuple(
        Subject(
            title=alert.name
            if counted[alert.name] == 1
            else f"{alert.name}:{alert.source.rpartition(':')[2]}",
            source=alert.source,
            labels=alert.labels,
        )
        for alert in alerts
    )
