"""What a person, or a program, is shown of a config that is asked about many alerts or label sets at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.core.wording import printable, say_number
from alertdrill.reports.terminal.lines import flow
from alertdrill.runner.routing.inhibitions import Inhibition
from alertdrill.runner.routing.muting import Muting
from alertdrill.runner.routing.reach import KINDS, Place
from alertdrill.runner.routing.subjects import Subject, Way
from alertdrill.runner.routing.verdicts import RouteVerdict
from alertdrill.runner.synthetic.synthetic import show_labels

WIDEST = 10_000
UNCERTAIN = (
    "?: the rule has it as what inhibits, too: newer Alertmanagers heed one source of several, and may "
    "notify of it all the same"
)
STYLES = {"met": "green", "mismatched": "bold red", "muted": "yellow", "active": "green"}


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of parts that stand side by side, broken between them where the console is too narrow."""

    lines: Sequence[Sequence[Text]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for parts in self.lines:
            yield from flow(parts, options.max_width)


def show_verdicts(verdicts: Sequence[RouteVerdict], config: AlertmanagerConfig) -> Lines:
    """Return a line for each label set: whether it goes where it is to go, and by which routes it goes."""
    lines = []
    for one in verdicts:
        routes = ", ".join(config.locate(match.pointer) for match in one.way.matches)
        named = [] if one.way.subject.title == one.way.subject.source else [_text(one.way.subject.title)]
        lines.append(
            [
                _text(one.way.subject.source),
                Text(one.outcome, STYLES[one.outcome]),
                *named,
                _text(show_labels(one.way.subject.labels)),
                _text(one.said),
                _text(f"by {routes}"),
            ]
        )
    return Lines(lines)


def show_mutings(ways: Sequence[Way], mutings: Sequence[tuple[Muting, ...]]) -> Lines:
    """Return a line for each route that takes an alert: whether it is muted, and by which time interval."""
    return Lines(
        [
            [
                _text(way.subject.title),
                _text(one.receiver),
                _text(str(one)),
                _text(f"by {one.where}"),
            ]
            for way, own in zip(ways, mutings, strict=True)
            for one in own
        ]
    )


@dataclass(frozen=True, slots=True)
class Matrix:
    """Who inhibits whom: a table, or where the console is too narrow for it a list."""

    inhibitions: Sequence[Inhibition]
    config: AlertmanagerConfig

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self.inhibitions:
            yield _text("no alert inhibits another one")
            return
        sources = _list_once([one.source for one in self.inhibitions])
        # A column has a character at the least, and two blanks beside it.
        table = self._make_table(sources) if 3 * len(sources) < options.max_width else None
        width = table.__rich_measure__(console, options.update_width(WIDEST)).maximum if table else WIDEST
        if table is not None and width <= options.max_width:
            yield _text(f"inhibited, by which alert, by which line of {self.config.source}:")
            yield table
        else:
            yield from self._list_lines(sources, options.max_width)
        if not all(one.is_certain for one in self.inhibitions):
            yield _text(UNCERTAIN)

    def _make_table(self, sources: Sequence[Subject]) -> Table:
        found = {(one.source.title, one.target.title): one for one in self.inhibitions}
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("")
        for source in sources:
            table.add_column(_text(source.title))
        for target in _list_once([one.target for one in self.inhibitions]):
            cells = (found.get((source.title, target.title)) for source in sources)
            table.add_row(
                _text(target.title),
                *(_text("" if one is None else self._write_cell(one)) for one in cells),
            )
        return table

    def _write_cell(self, one: Inhibition) -> str:
        numbers = (self.config.locate(pointer).rpartition(":")[2] for pointer in one.pointers)
        return ", ".join(numbers) + ("" if one.is_certain else "?")

    def _list_lines(self, sources: Sequence[Subject], width: int) -> Iterator[RenderableType]:
        """Yield each alert that inhibits others, and these below it, by inhibit rule."""
        found: dict[str, dict[tuple[str, ...], list[str]]] = {}
        for one in self.inhibitions:
            target = one.target.title + ("" if one.is_certain else "?")
            found.setdefault(one.source.title, {}).setdefault(one.pointers, []).append(target)
        for source in sources:
            yield _text(f"{source.title} inhibits")
            for pointers, targets in found[source.title].items():
                where = ", ".join(self.config.locate(pointer) for pointer in pointers)
                parts = [_text(f"by {where}:"), *(_text(target) for target in targets)]
                yield from flow(parts, width, lead="  ", indent="    ")


def show_places(places: Sequence[Place]) -> Lines:
    """Return how much of a config alerts reach, and a line for each part that none does."""
    lines = []
    for kind in KINDS:
        own = [place for place in places if place.kind == kind]
        missed = [place for place in own if not place.is_reached]
        if own:
            lines.append([_text(f"{kind}: {len(own) - len(missed)} of {len(own)} reached")])
        lines += [[_text(f"  {place.where}"), _text(place.name)] for place in missed]
    return Lines(lines)


def sum_up(verdicts: Sequence[RouteVerdict], version: str) -> Text:
    """Return how many label sets go where they are to go, and who says so."""
    counted = Counter(one.outcome for one in verdicts)
    total = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counted.items()))
    return _text(f"{say_number(len(verdicts), 'label set')}: {total}, by Alertmanager {version}")


def write_verdict(one: RouteVerdict, config: AlertmanagerConfig) -> dict[str, Any]:
    """Return what became of a label set as JSON has it."""
    return _write_subject(one.way.subject) | {
        "outcome": one.outcome,
        "expected": list(one.expected),
        "route": [
            {"receiver": match.receiver, "where": config.locate(match.pointer)} for match in one.way.matches
        ],
    }


def write_mutings(way: Way, mutings: Sequence[Muting]) -> dict[str, Any]:
    """Return whether the routes of an alert are muted, as JSON has it."""
    return _write_subject(way.subject) | {
        "routes": [
            {
                "receiver": one.receiver,
                "where": one.where,
                "state": "muted" if one.is_muted else "active",
                "relation": one.relation,
                "time_intervals": [{"name": name, "where": where} for name, where in one.intervals],
            }
            for one in mutings
        ]
    }


def write_inhibition(one: Inhibition, config: AlertmanagerConfig) -> dict[str, Any]:
    """Return a pair of alerts as JSON has it."""
    return {
        "source": _write_subject(one.source),
        "target": _write_subject(one.target),
        "where": [config.locate(pointer) for pointer in one.pointers],
        "certain": one.is_certain,
    }


def write_place(place: Place) -> dict[str, Any]:
    """Return a part of a config as JSON has it."""
    return {"kind": place.kind, "where": place.where, "name": place.name, "reached": place.is_reached}


def _write_subject(subject: Subject) -> dict[str, Any]:
    return {"name": subject.title, "source": subject.source, "labels": dict(subject.labels)}


def _list_once(subjects: Sequence[Subject]) -> list[Subject]:
    return list({subject.title: subject for subject in subjects}.values())


def _text(words: str) -> Text:
    return Text(printable(words))
