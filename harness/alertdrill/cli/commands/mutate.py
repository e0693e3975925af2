"""`alertdrill mutate`: which mistakes in rules the drills would notice."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from alertdrill.alertmanager.config import read_config
from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.alertmanager.routes import Route, parse_routes
from alertdrill.cli.commands.run_replay import make_book
from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options.given_rules import Choice, find_unheld, say_left_out
from alertdrill.cli.options.project import (
    open_project,
)
from alertdrill.cli.options.project_file import take_project_option
from alertdrill.cli.options.recordings import choose_goldens, take_recordings_option
from alertdrill.cli.options.trials import open_memory
from alertdrill.cli.options.written_path import WrittenPath
from alertdrill.cli.output import open_console
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.mutation.grounds import find_golden_grounds, make_recorded_ground
from alertdrill.mutation.reasons import Survivors, parse_survivors
from alertdrill.mutation.report_html import render_page
from alertdrill.mutation.report_json import render_report
from alertdrill.mutation.score import join, tally
from alertdrill.mutation.session import Order, Subject, hold_session
from alertdrill.mutation.terminal import MutationSummary
from alertdrill.project.explaining import classify_all, find_unfit
from alertdrill.project.finding import find_project
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.files import read_rules
from alertdrill.runner.project_files import join_drills, list_pack_drills, read_project_rules
from alertdrill.runner.project_known import find_known
from alertdrill.runner.project_replay import ProjectReplay
from alertdrill.runner.rulebook import is_edition
from alertdrill.runtime.binaries import find_promtool
from alertdrill.runtime.files import check_target, make_folder, write_all
from alertdrill.runtime.looking import is_folder, is_there
from alertdrill.runtime.paths import shorten
from alertdrill.systems import System, find_systems
from alertdrill.systems.catalogue import list_drills, override_values
from alertdrill.systems.drill_files.drills import Defaults, read_drills
from alertdrill.systems.drill_files.listing import list_files
from alertdrill.systems.system import read_text

REPORT, PAGE = "mutation.json", "mutation.html"
GIVEN = "the rules given"
UNDECIDED = (
    "whether the score reaches {least:g} % depends on {count} mutants of which it could not be told whether "
    "the drills notice them"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """What mutants are made of and tried on, the drills that are left out of it, and what was read."""

    subjects: tuple[Subject, ...]
    route: Route | None
    left_out: Mapping[str, str]
    inputs: tuple[Path, ...] = ()


@click.command(
    cls=GroupedCommand,
    groups={
        "Rules and drills": ("system", "rule_paths", "alert"),
        "Recordings": ("recordings",),
        "What is demanded": ("least",),
        "What is written": ("out",),
        "Projects": ("project_file",),
    },
    exit_codes={
        0: "the drills notice enough of the mutants",
        1: "the score is below --min-score",
        2: "bad input or usage, or a file that cannot be written",
        3: "could not tell: too many mutants could not be judged, or promtool failed",
    },
    examples=(
        Example("alertdrill mutate --system metis", "Which mistakes in metis's rules would go unnoticed?"),
        Example(
            "alertdrill mutate --alert MetisLLMErrorRateHigh --min-score 80 --out out",
            "The same of one alert, with a report in out/mutation.html",
        ),
        Example(
            "alertdrill mutate --recordings recordings/",
            "In the folder of a project: its rules and drills, on its recordings",
        ),
    ),
)
@click.argument("names", nargs=-1, metavar="[DRILL]...")
@click.option("--system", metavar="NAME", help="Only rules and drills of this system.")
@click.option(
    "--rules",
    "rule_paths",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Rule file to be made wrong instead of the systems' own. May be repeated.",
)
@click.option("--alert", metavar="NAME", help="Only mutants that decide this alert.")
@take_recordings_option
@click.option(
    "--min-score",
    "least",
    type=click.FloatRange(0, 100),
    default=95.0,
    show_default=True,
    metavar="PERCENT",
    help="The share of all mutants that the drills must notice.",
)
@click.option(
    "--out",
    type=WrittenPath(path_type=Path, file_okay=False),
    help=f"Also write {PAGE} to this folder, and {REPORT}, in the open mutation-testing-report-schema.",
)
@take_project_option
def mutate(
    names: tuple[str, ...],
    system: str | None,
    rule_paths: tuple[Path, ...],
    alert: str | None,
    recordings: Path | None,
    least: float,
    out: Path | None,
    project_file: Path | None,
) -> None:
    """Make rules wrong in small ways, and say which of these the drills would notice.

    Each mutant is a rule with one change, such as another threshold. It is judged on the drills' recordings:
    no stack is started, and no traffic sent.
    """
    tool = find_promtool(os.environ, say=_say)
    promtool = tool.promtool
    if _is_about_project(project_file, system, rule_paths):
        session = _open_own(project_file, names, recordings, promtool)
    else:
        session = _open_house(names, system, rule_paths, recordings)
    if out is not None:
        make_folder(out, "cannot be written to")
        for name in (REPORT, PAGE):
            check_target(out / name, session.inputs)
    order = Order(
        promtool=promtool,
        alert=alert,
        covered_only=bool(names),
        route=session.route,
        memory=open_memory(tool, os.environ),
    )
    scored, unmet = hold_session(session.subjects, order, _say)
    for line in say_left_out({**session.left_out, **unmet}):
        _say(f"left out: {line}")
    open_console().print(MutationSummary(scored))
    if out is not None:
        report = render_report(scored, least)
        title = f"alertdrill mutate: {', '.join(one.name for one in scored)}"
        write_all({out / REPORT: report, out / PAGE: render_page(report, title)})
        click.echo(f"Report: {out / PAGE}")
    total = tally(join(scored))
    reached = total.decide(least)
    if reached is None:
        raise CouldNotTell(UNDECIDED.format(least=least, count=total.count("could not tell")))
    if not reached:
        click.echo(f"the score is below {least:g} %", err=True)
    sys.exit(0 if reached else 1)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _is_about_project(project_file: Path | None, system: str | None, rule_paths: tuple[Path, ...]) -> bool:
    found = find_project(Path()) if system is not None and project_file is None and not rule_paths else None
    if found is not None and system == open_project(found).name:
        raise BadInput(
            f"--system {system}: that is all of the project {shorten(found)}: leave --system out; --alert, "
            "or names of drills, take a part"
        )
    stated = "--system" if system is not None else "--rules" if rule_paths else None
    if project_file is None:
        return stated is None and find_project(Path()) is not None
    if stated is not None:
        raise click.UsageError(f"{stated} is not for the rules of a project (--project-file)")
    return True


def _open_house(
    names: tuple[str, ...], system: str | None, rule_paths: tuple[Path, ...], recordings: Path | None
) -> _Session:
    """Return the systems' drills on golden recordings, and the rules that were given, or the systems' own.

    Rules of an edition are left as they are: they are kept to prove something else.
    """
    systems = find_systems()
    values = override_values((), systems)
    choice = Choice(names=names, system=system, among=list_drills(values, systems), systems=systems)
    given = tuple(read_rules(shorten(path)) for path in rule_paths)
    book = make_book(choice.among, values, given, systems)
    unheld = find_unheld(choice.drills, choice, book)
    drills = [drill for drill in choice.drills if drill.name not in unheld]
    folder = choose_goldens(recordings)
    own = {one.name: one.recordings_path for one in systems if is_folder(one.recordings_path)}
    grounds = find_golden_grounds(folder, drills, choice.among, book, own)
    if given:
        subjects: tuple[Subject, ...] = (Subject(name=GIVEN, files=given, grounds=grounds),)
    else:
        survivors = {one.name: _read_survivors(one) for one in systems if is_there(one.survivors_path)}
        subjects = tuple(
            Subject(
                name=name,
                files=tuple(file for file in book.own[name] if not is_edition(file)),
                grounds=tuple(ground for ground in grounds if ground.drill.system == name),
                survivors=survivors.get(name, Survivors()),
            )
            for name in dict.fromkeys(drill.system for drill in drills)
        )
    config = make_reference_config([one.name for one in systems])
    return _Session(
        subjects=subjects, route=parse_routes(config.document), left_out=unheld, inputs=rule_paths
    )


def _read_survivors(system: System) -> Survivors:
    return parse_survivors(read_text(system.survivors_path), str(shorten(system.survivors_path)))


def _open_own(
    project_file: Path | None, names: tuple[str, ...], recordings: Path | None, promtool: Path
) -> _Session:
    """Return a project's drills on recordings of its own, and its rules."""
    project = open_project(project_file)
    if recordings is None:
        raise BadInput(
            f"{shorten(project.path)}: the drills of a project are judged on recordings of its own: name "
            "them with --recordings; docs/how-to/mutate.md"
        )
    rules = read_project_rules(project)
    unfit = find_unfit(classify_all(project, rules.files))
    replay = ProjectReplay(shorten(recordings), rules.files, promtool, unfit, rules.editions)
    defaults = Defaults(
        system=project.name,
        find_lasts_s=replay.find_lasts_s,
        healthy=project.behaviours,
        known=find_known(project),
    )
    written = read_drills(list_files(map(shorten, project.drills)), defaults)
    among = join_drills(written, list_pack_drills(project), project)
    known = [drill.name for drill in among]
    for name in set(names).difference(known):
        raise BadInput(f"the project has no drill {name!r}{say_nearest(name, known)}")
    placed, refused = replay.place([drill for drill in among if not names or drill.name in names], among)
    if not placed:
        name, why = next(iter(refused.items()), ("the project", "it has no drills"))
        raise BadInput(f"no drill can be judged on {shorten(recordings)}: {name}: {why}")
    grounds = tuple(
        make_recorded_ground(one.placements, one.recording, one.files, one.held) for one in placed
    )
    route = None
    if project.alertmanager is not None:
        route = parse_routes(read_config(project.alertmanager).document)
    subject = Subject(name=project.name, files=rules.standing, grounds=grounds)
    return _Session(subjects=(subject,), route=route, left_out=refused, inputs=project.inputs)
