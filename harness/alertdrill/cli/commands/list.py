"""`alertdrill list`: which drill covers which alert, and what runs have proved of them."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options.project_file import take_project_option
from alertdrill.cli.options.systems import take_systems_option
from alertdrill.core.drill import Drill
from alertdrill.core.rule import AlertRule
from alertdrill.judging.claims import say_claim
from alertdrill.judging.coverage import Cell, Coverage, find_gaps, make_coverage
from alertdrill.project.finding import find_project
from alertdrill.reports.drill_text import write_drill
from alertdrill.reports.history import read_history, read_out
from alertdrill.rules.promql.expressions import parse_duration
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import choose_drills, list_drills, list_rules, override_values
from alertdrill.systems.drill_files.drills import Undecided

OUT = Path("out")
UNMET_CODE = 1
NARROWEST = 30
"""Columns that a sentence is not squeezed into fewer of."""


def _read_age(_context: click.Context, _parameter: click.Parameter, value: str | None) -> timedelta | None:
    if value is None:
        return None
    try:
        return timedelta(seconds=parse_duration(value))
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{value!r} is not an age such as 7d or 12h") from error


@click.command(
    name="list",
    cls=GroupedCommand,
    groups={
        "Coverage": ("coverage", "folders", "require", "within"),
        "What is printed": ("as_json",),
        "Project and systems": ("project_file", "system_folders"),
    },
    exit_codes={
        0: "listed; with --require or --require-within: everything is proved",
        1: "with --require or --require-within: something is not proved; standard error names it",
        2: "bad input or usage",
    },
    examples=(
        Example("alertdrill list metis-auth-fires", "What a drill sends, does and expects, in order of time"),
        Example("alertdrill list --coverage", "What the runs in out/ have proved of each alert"),
        Example(
            "alertdrill list --coverage --history runs --require-within 7d",
            "Fail in CI when an alert was not proved within a week",
        ),
    ),
)
@click.argument("name", required=False, metavar="[DRILL]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--coverage", is_flag=True, help="Show what runs have proved of each alert, and when.")
@click.option(
    "--history",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="With --coverage: a folder with timeline.json files of runs, beside out/. May be repeated.",
)
@click.option("--require", is_flag=True, help="With --coverage: exit 1 when anything is not proved.")
@click.option(
    "--require-within",
    "within",
    callback=_read_age,
    metavar="AGE",
    help="With --coverage: exit 1 when anything is not proved, or its newest proof is older, as 7d.",
)
@take_project_option
@take_systems_option
def list_(
    name: str | None,
    as_json: bool,
    coverage: bool,
    folders: tuple[Path, ...],
    require: bool,
    within: timedelta | None,
    project_file: Path | None,
    system_folders: tuple[Path, ...],
) -> None:
    """List the drills and the alerts, and which covers which: of the project, where there is one.

    With DRILL, show what it sends, does and expects, in order of time.
    """
    if name is not None and (as_json or coverage):
        raise click.UsageError("a drill's timeline is text: leave --json and --coverage out")
    if not coverage and (folders or require or within is not None):
        raise click.UsageError("--history, --require and --require-within are for --coverage")
    if project_file is not None and system_folders:
        raise click.UsageError("--systems is not for the drills of a project (--project-file)")
    if project_file is not None or (not system_folders and find_project(Path()) is not None):
        listed = _find_of_project(project_file, name)
    else:
        listed = _find_of_systems(system_folders)
    if name is not None:
        (drill,) = choose_drills((name,), None, listed.drills)
        click.echo(write_drill(drill), nl=False)
        return
    document = _describe_drills(listed)
    if not coverage:
        if as_json:
            click.echo(json.dumps(document, indent=2))
        else:
            _show_drills(listed)
        return
    runs = (*read_out(listed.out), *(run for folder in folders for run in read_history(folder)))
    table = make_coverage(listed.rules, listed.drills, runs)
    if as_json:
        click.echo(json.dumps({**document, **_describe_coverage(table)}, indent=2))
    else:
        from alertdrill.cli.output import open_console  # what draws tables takes long to import
        from alertdrill.reports.coverage import CoverageTable

        open_console().print(CoverageTable(table))
    if require or within is not None:
        _require(table, within)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """What is listed: drills, rules, and what runs left in `out`; of a project, where each drill stands."""

    drills: Sequence[Drill]
    rules: Sequence[AlertRule]
    out: Path = OUT
    places: Mapping[str, str] = field(default_factory=dict)
    undecided: Sequence[Undecided] = ()

    def find_covering(self, alert: str) -> list[Drill]:
        """Return the drills that are about an alert."""
        return [drill for drill in self.drills if any(one.alert == alert for one in drill.expects)]


def _find_of_systems(folders: tuple[Path, ...]) -> _Listed:
    systems = find_systems(folders)
    values = override_values((), systems)
    drills = list_drills(values, systems)
    rules = [rule for file in list_rules(drills, values, systems) for rule in file.alerts]
    return _Listed(drills=drills, rules=rules)


def _find_of_project(named: Path | None, name: str | None) -> _Listed:
    """Return what a project states; a drill that is named has to be finished. Raises BadInput."""
    # What reads a project takes long to import.
    from alertdrill.cli.options.project import (
        list_project_undecided,
        locate_project_drills,
        open_project,
        read_project_drills,
    )
    from alertdrill.runner.project_files import read_project_rules

    project = open_project(named)
    names = () if name is None else (name,)
    drills = read_project_drills(project, names, leaves_undecided=name is None)
    files = read_project_rules(project).files if project.rules or project.packs else ()
    return _Listed(
        drills=drills,
        rules=[rule for file in files for rule in file.alerts],
        out=project.out,
        places=locate_project_drills(project),
        undecided=list_project_undecided(project),
    )


def _describe_drills(listed: _Listed) -> dict[str, Any]:
    sources = {rule.name: rule.source for rule in listed.rules}
    document: dict[str, Any] = {
        "drills": [
            {
                "name": drill.name,
                "system": drill.system,
                "why": drill.why,
                "lasts_s": drill.lasts_s,
                **({"source": listed.places[drill.name]} if drill.name in listed.places else {}),
            }
            for drill in listed.drills
        ],
        "alerts": [
            {"name": name, "source": source, "drills": [drill.name for drill in listed.find_covering(name)]}
            for name, source in sources.items()
        ],
    }
    if listed.undecided:
        document["undecided"] = [
            {"name": one.name, "source": one.source, "todo": one.todo} for one in listed.undecided
        ]
    return document


def _show_drills(listed: _Listed) -> None:
    expected = [one.alert for drill in listed.drills for one in drill.expects]
    for name in dict.fromkeys([*(rule.name for rule in listed.rules), *expected]):
        click.echo(name)
        _show_all(listed.find_covering(name), listed)
    if silent := [drill for drill in listed.drills if not drill.expects]:
        click.echo("no alert may fire")
        _show_all(silent, listed)
    if listed.undecided:
        click.echo("not finished")
    for one in listed.undecided:
        click.echo(f"  {one.name}  {one.source}  {one.todo}")


def _show_all(drills: Iterable[Drill], listed: _Listed) -> None:
    width = max(len(drill.name) for drill in listed.drills)
    place_width = max((len(place) for place in listed.places.values()), default=0)
    for drill in drills:
        place = f"{listed.places.get(drill.name, ''):<{place_width}}" if place_width else ""
        click.echo(_write_line(f"{drill.name:<{width}}{'  ' * bool(place)}{place}", drill.why))


def _write_line(drill: str, why: str) -> str:
    """Return a drill's name, and beside it why it is held; a terminal has that wrapped in its column.

    In a log or a pipe each drill is one line. A terminal that leaves no column has the name on a line.
    """
    line = f"  {drill} {why}"
    if not sys.stdout.isatty():
        return line
    columns = shutil.get_terminal_size().columns
    beside = " " * (len(drill) + 3)
    if columns - len(beside) >= NARROWEST:
        return textwrap.fill(line, columns, subsequent_indent=beside, break_on_hyphens=False)
    told = textwrap.fill(why, max(columns, NARROWEST), initial_indent="    ", subsequent_indent="    ")
    return f"  {drill.rstrip()}\n{told}"


def _describe_coverage(table: Coverage) -> dict[str, Any]:
    return {
        "coverage": [
            {
                "alert": row.alert,
                "stands_apart": row.stands_apart,
                "is_drilled": row.is_drilled,
                "last_drilled": _describe_instant(row.started_at),
                "hops": [_describe_cell(cell) for cell in row.cells],
            }
            for row in table.rows
        ],
        "left_out": list(table.left_out),
    }


def _describe_cell(cell: Cell) -> dict[str, Any]:
    return {
        "hop": cell.claim.hop,
        "receiver": cell.claim.receiver,
        "integration": cell.claim.integration,
        "state": cell.state,
        "last_drilled": _describe_instant(cell.started_at),
        "drills": list(cell.drills),
    }


def _describe_instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _require(table: Coverage, within: timedelta | None) -> None:
    """Name what is not proved, and exit 1 if there is anything."""
    gaps = find_gaps(table, datetime.now(UTC), within)
    for gap in gaps:
        claim = gap.cell.claim
        click.echo(f"{claim.alert}: {say_claim(claim)}: {gap.why}", err=True)
    if gaps:
        sys.exit(UNMET_CODE)
