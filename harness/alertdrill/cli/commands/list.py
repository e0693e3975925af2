"""`alertdrill list`: which drill covers which alert, and what runs have proved of them."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options.systems import take_systems_option
from alertdrill.core.drill import Drill
from alertdrill.core.rule import AlertRule
from alertdrill.judging.claims import say_claim
from alertdrill.judging.coverage import Cell, Coverage, find_gaps, make_coverage
from alertdrill.reports.drill_text import write_drill
from alertdrill.reports.history import read_history, read_out
from alertdrill.rules.promql.expressions import parse_duration
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import choose_drills, list_drills, list_rules, override_values

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
        "Systems": ("system_folders",),
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
@take_systems_option
def list_(
    name: str | None,
    as_json: bool,
    coverage: bool,
    folders: tuple[Path, ...],
    require: bool,
    within: timedelta | None,
    system_folders: tuple[Path, ...],
) -> None:
    """List the drills and the alerts, and which drill covers which alert.

    With DRILL, show what it sends, does and expects, in order of time.
    """
    if name is not None and (as_json or coverage):
        raise click.UsageError("a drill's timeline is text: leave --json and --coverage out")
    if not coverage and (folders or require or within is not None):
        raise click.UsageError("--history, --require and --require-within are for --coverage")
    systems = find_systems(system_folders)
    values = override_values((), systems)
    drills = list_drills(values, systems)
    if name is not None:
        (drill,) = choose_drills((name,), None, drills)
        click.echo(write_drill(drill), nl=False)
        return
    rules = [rule for file in list_rules(drills, values, systems) for rule in file.alerts]
    document = _describe_drills(drills, rules)
    if not coverage:
        if as_json:
            click.echo(json.dumps(document, indent=2))
        else:
            _show_drills(drills, rules)
        return
    runs = (*read_out(OUT), *(run for folder in folders for run in read_history(folder)))
    table = make_coverage(rules, drills, runs)
    if as_json:
        click.echo(json.dumps({**document, **_describe_coverage(table)}, indent=2))
    else:
        from alertdrill.cli.output import open_console  # what draws tables takes long to import
        from alertdrill.reports.coverage import CoverageTable

        open_console().print(CoverageTable(table))
    if require or within is not None:
        _require(table, within)


def _find_covering(alert: str, drills: Sequence[Drill]) -> list[Drill]:
    return [drill for drill in drills if any(expected.alert == alert for expected in drill.expects)]


def _describe_drills(drills: Sequence[Drill], rules: Sequence[AlertRule]) -> dict[str, Any]:
    sources = {rule.name: rule.source for rule in rules}
    return {
        "drills": [
            {"name": drill.name, "system": drill.system, "why": drill.why, "lasts_s": drill.lasts_s}
            for drill in drills
        ],
        "alerts": [
            {"name": name, "source": source, "drills": [drill.name for drill in _find_covering(name, drills)]}
            for name, source in sources.items()
        ],
    }


def _show_drills(drills: Sequence[Drill], rules: Sequence[AlertRule]) -> None:
    width = max(len(drill.name) for drill in drills)
    for name in dict.fromkeys(rule.name for rule in rules):
        click.echo(name)
        for drill in _find_covering(name, drills):
            click.echo(_write_line(drill, width))
    click.echo("no alert may fire")
    for drill in drills:
        if not drill.expects:
            click.echo(_write_line(drill, width))


def _write_line(drill: Drill, width: int) -> str:
    """Return a drill's name, and beside it why it is held; a terminal has that wrapped in its column.

    In a log or a pipe each drill is one line. A terminal that leaves no column has the name on a line.
    """
    line = f"  {drill.name:<{width}} {drill.why}"
    if not sys.stdout.isatty():
        return line
    columns = shutil.get_terminal_size().columns
    beside = " " * (width + 3)
    if columns - len(beside) >= NARROWEST:
        return textwrap.fill(line, columns, subsequent_indent=beside, break_on_hyphens=False)
    why = textwrap.fill(drill.why, max(columns, NARROWEST), initial_indent="    ", subsequent_indent="    ")
    return f"  {drill.name}\n{why}"


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
