"""`alertdrill run --replay`: drills judged on recordings instead of on a stack."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from alertdrill.cli.options.given_rules import Choice, find_unheld, make_note, say_left_out
from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput
from alertdrill.places import ROOT
from alertdrill.recording.files import put_recording, read_recording
from alertdrill.reports import RunRecord
from alertdrill.rules.files import RuleFile, read_rules
from alertdrill.rules.loading import demand_loadable
from alertdrill.rules.values import Values
from alertdrill.runner.golden.folder import MADE, Manifest, Origin, find_path, put_manifest, read_manifest
from alertdrill.runner.golden.gate import judge_goldens, judge_recording
from alertdrill.runner.golden.making import make_goldens, replay_whole
from alertdrill.runner.golden.staleness import digest_systems
from alertdrill.runner.held_run import TIMELINE, read_held_run
from alertdrill.runner.order import RECORDING, Order
from alertdrill.runner.rulebook import RuleBook, is_edition
from alertdrill.runtime.binaries import find_promtool
from alertdrill.runtime.files import check_target, make_folder, naming, open_batch
from alertdrill.runtime.looking import is_folder, is_there
from alertdrill.runtime.paths import shorten
from alertdrill.systems import System, find_served, find_systems
from alertdrill.systems.catalogue import list_drills, list_rules, override_values

STACK_OPTIONS = {
    "stack": "--stack",
    "project": "--project",
    "speed": "--speed",
    "workers": "--workers",
    "alertmanagers": "--alertmanagers",
    "calendar": "--calendar",
    "alertmanager_config": "--alertmanager-config",
    "templates_folder": "--templates",
    "ports": "--port",
    "prometheus": "--prometheus",
    "headers": "--prometheus-header",
    "tenant": "--tenant",
    "remote_write": "--remote-write",
    "keep_recordings": "--keep-recordings",
    "push": "--push",
    "push_headers": "--push-header",
    "is_watched": "--ui",
}
"""What says how drills are held, by parameter: a replay holds none."""


def refuse_stack_options(context: click.Context) -> None:
    """Raise BadInput for an option that has no meaning where nothing is held."""
    for parameter, option in STACK_OPTIONS.items():
        if context.get_parameter_source(parameter) is click.core.ParameterSource.COMMANDLINE:
            raise BadInput(f"{option} is for drills on a stack, and --replay starts none")


def replay_drills(
    path: Path,
    choice: Choice,
    values: Mapping[str, Values],
    given: tuple[RuleFile, ...],
    tail_s: float,
) -> RunRecord:
    """Return how drills come out on a run's recording, or on golden ones if the path is a folder.

    `values` are what rules are made of. Drills that cannot be judged by the rule files `given` are left out.
    A drill's golden recording is in the folder given, or else in its system's own; of a system's own folder,
    only that system's drills are judged. Raises BadInput and CouldNotTell.
    """
    systems = find_systems() if choice.systems is None else choice.systems
    book = make_book(choice.among, values, given, systems)
    if is_folder(path):
        own = {system.name: system.recordings_path for system in systems if is_folder(system.recordings_path)}
        if not choice.names and choice.system is None:
            owner = next((name for name, folder in own.items() if folder.samefile(path)), None)
            choice = replace(choice, system=owner)
        drills, note = _leave_out(choice.drills, choice, book)
        record = judge_goldens(path, drills, choice.among, book, _find_promtool(given), tail_s, own)
        return replace(record, notes={**record.notes, **note})
    recording = read_recording(path)
    run = read_held_run(path.with_name(TIMELINE), choice.among)
    held = [placement.drill for placement in run.placements]
    chosen = [drill for drill in choice.drills if drill in held]
    if not chosen:
        raise BadInput(f"{path}: the run that this is of held none of these drills")
    drills, note = _leave_out(chosen, choice, book)
    rules = book.complete(drills) if given else list_rules(held, values, systems)
    promtool = _find_promtool(given)
    record = judge_recording(recording, run.placements, drills, rules, promtool, tail_s, run.stalls)
    verdicts = tuple(map(run.doubt, record.verdicts))
    return replace(record, verdicts=verdicts, notes={**record.notes, **note})


def _leave_out(
    drills: Sequence[Drill], choice: Choice, book: RuleBook
) -> tuple[tuple[Drill, ...], dict[str, str]]:
    """Return the drills that can be judged, and the note that names the others; they are printed, too."""
    unheld = find_unheld(drills, choice, book)
    for line in say_left_out(unheld):
        click.echo(f"left out: {line}", err=True)
    return tuple(drill for drill in drills if drill.name not in unheld), make_note(unheld)


def _find_promtool(given: Iterable[RuleFile]) -> Path:
    """Return promtool, which loads the rule files that somebody gave; raises BadRules if it does not."""
    tool = find_promtool(os.environ, say=lambda text: click.echo(text, err=True))
    demand_loadable(tool, given)
    return tool.promtool


def make_book(
    drills: Sequence[Drill],
    values: Mapping[str, Values],
    given: tuple[RuleFile, ...],
    systems: Sequence[System] | None = None,
) -> RuleBook:
    """Return which rules concern which of all drills; raises BadInput.

    With the values as shipped, rules are those of a system's rule file, as it lies on disk, where it has one.
    """
    known = {system.name: system for system in (find_systems() if systems is None else systems)}
    shipped = override_values((), tuple(known.values()))
    own = {}
    for name in dict.fromkeys(drill.system for drill in drills):
        files = list_rules([drill for drill in drills if drill.system == name], values, systems)
        path = known[name].rules_path
        if values[name] == shipped[name] and is_there(path):
            files = (read_rules(shorten(path)), *filter(is_edition, files))
        own[name] = files
    return RuleBook(own=own, given=given)


def check_goldens(folder: Path, drills: Sequence[Drill]) -> None:
    """Raise BadInput for a folder in which the drills' golden recordings cannot be kept.

    That is one that cannot be written, and one that has other files by their names.
    """
    made = read_manifest(folder) if is_there(folder / MADE) else Manifest()
    for drill in drills:
        path = find_path(folder, drill.name)
        if drill.name not in made.drills and os.path.lexists(path):
            raise BadInput(f"{path}: {MADE} does not name it as a golden recording, and it would be replaced")
    make_folder(folder, "cannot be written to")
    check_target(folder / MADE)


def keep_goldens(folder: Path, out: Path, record: RunRecord, order: Order) -> str:
    """Cut a run's recording into golden ones in a folder, and say what became of them.

    What is there of other drills stays; recordings of ours whose drills are no more are removed. Raises
    CannotWrite, and CouldNotTell for drills that no cut judges as the run did.
    """
    if order.promtool is None:
        raise BadInput("golden recordings are checked with promtool, which is not there")
    systems = find_systems()
    values = override_values((), systems)
    among = list_drills(values, systems)
    made = read_manifest(folder) if is_there(folder / MADE) else Manifest()
    recording = read_recording(out / RECORDING)
    origin = Origin(
        made_at=record.started_at.replace(microsecond=0).isoformat(),
        commit=_find_commit(),
        speed=record.timeline.speed,
        seed=order.seed,
        engines=record.timeline.engines,
    )
    whole = replay_whole(recording, record.placements, order.rules, order.promtool)
    book = make_book(among, values, (), systems)
    cuts = make_goldens(whole, book, origin.made_at, digest_systems(find_served()), order.promtool)
    known = {drill.name for drill in among}
    with open_batch() as batch:
        for one in cuts:
            put_recording(batch, one.recording, find_path(folder, one.golden.drill))
        put_manifest(batch, folder, made.renew(origin, [one.golden for one in cuts]).keep(known))
    with naming(str(folder), "cannot be written to"):
        for name in made.drills.keys() - known:
            find_path(folder, name).unlink(missing_ok=True)
        size = sum(path.stat().st_size for path in folder.iterdir())
    return f"Golden recordings of {len(cuts)} drills in {folder}, which now has {size / 1024:.0f} KiB"


def _find_commit() -> str:
    """Return the commit that stands here, with `-dirty` where there is more, or `unknown`."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        said = subprocess.run(  # noqa: S603 -- a fixed command, found on PATH
            command, cwd=ROOT, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return said.stdout.strip()
