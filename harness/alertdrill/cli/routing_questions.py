"""What `alertdrill page` answers about the routing of a config: nothing is sent to anybody for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Group, RenderableType
from rich.text import Text

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.cli.output import open_console
from alertdrill.cli.page_showing import write_cases
from alertdrill.runner.routing.asking import (
    demand_inhibitions,
    demand_mutings,
    demand_names,
    demand_routes,
    says_what_it_mutes,
)
from alertdrill.runner.routing.inhibitions import find_inhibitions
from alertdrill.runner.routing.label_sets import read_label_sets
from alertdrill.runner.routing.muting import find_mutings
from alertdrill.runner.routing.reach import list_places
from alertdrill.runner.routing.report import (
    Matrix,
    show_mutings,
    show_places,
    show_verdicts,
    sum_up,
    write_inhibition,
    write_mutings,
    write_place,
    write_verdict,
)
from alertdrill.runner.routing.subjects import Way, find_ways, name_alerts
from alertdrill.runner.routing.verdicts import judge_label_sets, make_case
from alertdrill.runner.routing.year_report import ShownYear, write_year
from alertdrill.runner.routing.year_routes import look_at_year
from alertdrill.runner.synthetic.route import check_taken
from alertdrill.runner.synthetic.synthetic import SyntheticAlert
from alertdrill.runtime.binaries import Engines

UNMET = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What is asked: what is muted `at` an instant, or in a year, what inhibits what, what none reaches."""

    at: datetime | None
    year: int | None
    inhibitions: bool
    coverage: bool

    def __bool__(self) -> bool:
        return self.at is not None or self.year is not None or self.inhibitions or self.coverage


def prove_label_sets(
    path: Path,
    config: AlertmanagerConfig,
    engines: Engines,
    questions: Questions,
    *,
    as_json: bool,
    junit: Path | None = None,
) -> NoReturn:
    """Show whether the label sets of a table go where it says, and exit with 1 where one does not."""
    known = [receiver["name"] for receiver in config.document.get("receivers", ())]
    label_sets, notes = read_label_sets(path, known)
    for note in notes:
        click.echo(note, err=True)
    demand_names(engines, [one.subject for one in label_sets])
    ways = find_ways(config, [one.subject for one in label_sets])
    for labels in (ways[0].subject.labels, {}):
        check_taken(engines.amtool, config, labels)
    demand_routes(engines, config, ways)
    verdicts = judge_label_sets(label_sets, ways)
    write_cases(junit, map(make_case, verdicts))
    total = sum_up(verdicts, engines.versions["alertmanager"])
    proved = _Answer(
        key="label_sets",
        written=[write_verdict(one, config) for one in verdicts],
        shown=Group(show_verdicts(verdicts, config), total),
    )
    _print((proved, *_answer(ways, config, engines, questions)), engines, as_json=as_json)
    sys.exit(UNMET if any(one.outcome != "met" for one in verdicts) else 0)


def answer_of_alerts(
    alerts: Sequence[SyntheticAlert],
    config: AlertmanagerConfig,
    engines: Engines,
    questions: Questions,
    *,
    as_json: bool,
) -> NoReturn:
    """Show what is asked of the routing of alerts."""
    ways = find_ways(config, name_alerts(alerts))
    check_taken(engines.amtool, config, ways[0].subject.labels)
    demand_routes(engines, config, ways)
    _print(_answer(ways, config, engines, questions), engines, as_json=as_json)
    sys.exit(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What is shown, for people and as JSON under a key."""

    key: str
    written: Any
    shown: RenderableType


def _answer(
    ways: Sequence[Way], config: AlertmanagerConfig, engines: Engines, questions: Questions
) -> Iterator[_Answer]:
    """Yield an answer to each question, to which a real Alertmanager agrees as far as it says anything."""
    if questions.at is not None:
        mutings = find_mutings(config, ways, questions.at)
        demand_mutings(engines, config, ways, mutings, questions.at)
        if not says_what_it_mutes(engines):
            name = f"Alertmanager {engines.versions['alertmanager']}"
            click.echo(
                f"{name} does not say what it mutes: alertdrill alone reads the time intervals", err=True
            )
        at = questions.at.isoformat(timespec="minutes").replace("+00:00", "Z")
        written = [write_mutings(way, own) for way, own in zip(ways, mutings, strict=True)]
        lines = show_mutings(ways, mutings)
        yield _Answer(
            key="muting", written={"at": at, "alerts": written}, shown=Group(Text(f"at {at}:"), lines)
        )
    if questions.year is not None:
        found = look_at_year(ways, config, questions.year)
        yield _Answer(key="calendar", written=write_year(found), shown=ShownYear(found))
    if not (questions.inhibitions or questions.coverage):
        return
    inhibitions = find_inhibitions(config, [way.subject for way in ways])
    demand_inhibitions(engines, config, ways, inhibitions)
    if questions.inhibitions:
        pairs = [write_inhibition(one, config) for one in inhibitions]
        yield _Answer(key="inhibitions", written=pairs, shown=Matrix(inhibitions, config))
    if questions.coverage:
        places = list_places(config, ways, inhibitions)
        yield _Answer(
            key="coverage", written=[write_place(place) for place in places], shown=show_places(places)
        )


def _print(answers: Iterable[_Answer], engines: Engines, *, as_json: bool) -> None:
    found = list(answers)
    if as_json:
        document = {"alertmanager": engines.versions["alertmanager"]}
        click.echo(json.dumps(document | {one.key: one.written for one in found}, indent=2))
        return
    console = open_console()
    for number, one in enumerate(found):
        console.print(*([""] if number else []), one.shown, sep="\n")
