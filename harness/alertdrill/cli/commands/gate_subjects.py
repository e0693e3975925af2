"""The two sides of a change: rules as a commit has them and as they are on disk."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from alertdrill.cli.commands.gate_configs import read_configs
from alertdrill.cli.options.project import open_project
from alertdrill.cli.options.recordings import choose_goldens
from alertdrill.cli.sentences import say
from alertdrill.core.drill import Drill
from alertdrill.core.rule import AlertRule
from alertdrill.errors import AlertdrillError, BadInput
from alertdrill.gating.changes import find_changes
from alertdrill.gating.gate import Files, Subject
from alertdrill.gating.texts import TextChange, are_texts_changed
from alertdrill.mutation.grounds import Ground, find_golden_grounds, make_recorded_ground
from alertdrill.project.drafting.nearness import find_nothing_near
from alertdrill.project.explaining import classify_all, find_unfit
from alertdrill.rules.files import RuleFile, parse_rules, read_rules
from alertdrill.rules.leaving_out import leave_out
from alertdrill.rules.values import Values, parse_values, render_rules, switch_on
from alertdrill.runner.golden.digests import digest_drill
from alertdrill.runner.golden.folder import find_goldens
from alertdrill.runner.project_files import (
    ProjectRules,
    find_packs,
    join_drills,
    list_pack_drills,
    read_project_rules,
)
from alertdrill.runner.project_replay import ProjectReplay
from alertdrill.runner.rulebook import RuleBook
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.git import Commit
from alertdrill.runtime.looking import is_folder, is_there
from alertdrill.runtime.paths import shorten
from alertdrill.systems import System, find_systems
from alertdrill.systems.catalogue import list_drills, override_values, render_system_rules
from alertdrill.systems.drill_files.drills import Defaults, locate_all, read_drills
from alertdrill.systems.drill_files.listing import list_files

MADE_OF_OTHER = "it sends other traffic than was recorded"
STALE = "{path} does not say what {template} and its values make of {alerts}: make generate writes it anew"


def open_house(
    commit: Commit,
    _project_file: Path | None,
    recordings: Path | None,
    _promtool: Path,
    _find_engines: Callable[[], Engines],
) -> Iterator[Subject]:
    """Yield each system with its rules on both sides: those of its files, and not those of its template.

    Raises BadInput.
    """
    systems = find_systems()
    values = override_values((), systems)
    among = list_drills(values, systems)
    folder = choose_goldens(recordings)
    own = {one.name: one.recordings_path for one in systems if is_folder(one.recordings_path)}

    def go_back(before: Files, at: Ground) -> Ground:
        return replace(at, files=RuleBook(own={at.drill.system: before}).choose(at.drill))

    def ground(after: Files, drills: Sequence[Drill]) -> tuple[Sequence[Ground], Mapping[str, str]]:
        kept = find_goldens(folder, drills, own)
        stale = {
            drill.name: f"{MADE_OF_OTHER}; make record renews the recording"
            for drill, one in zip(drills, kept, strict=True)
            if one.golden.does not in ("", digest_drill(drill))
        }
        fresh = [drill for drill in drills if drill.name not in stale]
        book = RuleBook(own={drill.system: after for drill in drills})
        return find_golden_grounds(folder, fresh, among, book, own), stale

    for system in systems:
        paths = [path for path in (system.rules_path, *system.edition_paths) if is_there(path)]
        after = tuple(read_rules(shorten(path)) for path in paths)
        before = tuple(_read_before(commit, paths))
        yield Subject(
            name=system.name,
            before=before,
            after=after,
            drills=tuple(drill for drill in among if drill.system == system.name),
            ground=partial(ground, after),
            go_back=partial(go_back, before),
            stale=tuple(_find_stale(system, values[system.name])),
            nothing_near=find_nothing_near(after),
        )


def open_own(
    commit: Commit,
    project_file: Path | None,
    recordings: Path | None,
    promtool: Path,
    find_own_engines: Callable[[], Engines],
) -> Iterator[Subject]:
    """Yield a project with its rules and routes on both sides; raises BadInput.

    Engines are found only where notifications are compared.
    """
    project = open_project(project_file)
    rules = read_project_rules(project)
    paths = dict.fromkeys((*project.rules, *_list_before(commit, project.path)))
    packed = (_render_before(commit, system) for system in find_packs(project))
    before = (*_read_before(commit, [*paths]), *(file for file in packed if file is not None))
    unfit = find_unfit(classify_all(project, rules.files))
    left_out = leave_out(before, unfit)
    defaults = Defaults(system=project.name, healthy=project.behaviours)
    replay = None if recordings is None else _open_replay(recordings, rules, promtool, unfit)
    if replay is not None:
        defaults = replace(defaults, find_lasts_s=replay.find_lasts_s)
    drill_files = list_files(map(shorten, project.drills))
    among = join_drills(read_drills(drill_files, defaults), list_pack_drills(project), project)
    places = locate_all(drill_files, defaults)

    def ground(drills: Sequence[Drill]) -> tuple[Sequence[Ground], Mapping[str, str]]:
        if replay is None:
            raise BadInput(
                f"{shorten(project.path)}: the drills of a project are judged on recordings of its own: name "
                "them with --recordings; docs/how-to/gate.md"
            )
        placed, refused = replay.place(drills, among)
        grounds = [make_recorded_ground(one.placements, one.recording, one.files, one.held) for one in placed]
        return grounds, refused

    def go_back(at: Ground) -> Ground:
        # A recording of another speed than 1 is replayed without what only speed 1 judges.
        judged = {rule.name for file in at.files for rule in file.alerts}
        files = before if judged & unfit.keys() else left_out
        return make_recorded_ground(at.placements, at.recording, files, at.held)

    configs = read_configs(commit, project)

    def compare(alerts: Sequence[AlertRule]) -> tuple[TextChange, ...]:
        if configs is None or not alerts or not are_texts_changed(*configs):
            return ()
        from alertdrill.cli.commands.gate_texts import (
            compare_texts,
        )  # what draws and sends takes long to import

        try:
            return compare_texts(alerts, *configs, find_own_engines())
        except AlertdrillError as error:
            say(f"what receivers would read cannot be shown: {error}", to_stderr=True)
            return ()

    yield Subject(
        name=project.name,
        before=before,
        after=rules.standing,
        drills=among,
        ground=ground,
        go_back=go_back,
        compare_texts=compare,
        configs=configs,
        places=places,
        nothing_near=find_nothing_near(rules.standing),
    )


def _open_replay(
    recordings: Path, rules: ProjectRules, promtool: Path, unfit: Mapping[str, str]
) -> ProjectReplay:
    return ProjectReplay(shorten(recordings), rules.files, promtool, unfit, rules.editions)


def _render_before(commit: Commit, pack: System) -> RuleFile | None:
    """Return what a pack's template made of its values in a commit, or None if it was not there."""
    template, values = commit.read(pack.template_path), commit.read(pack.values_path)
    if template is None or values is None:
        return None
    name = f"{shorten(pack.template_path)} of {commit.name}"
    return parse_rules(render_rules(template, switch_on(parse_values(values, name)), name), name)


def _read_before(commit: Commit, paths: Sequence[Path]) -> Iterator[RuleFile]:
    """Yield the rule files that a commit has by these paths."""
    for path in paths:
        text = commit.read(path)
        if text is not None:
            yield parse_rules(text, f"{shorten(path)} of {commit.name}")


def _list_before(commit: Commit, project_file: Path) -> Iterator[Path]:
    """Yield the rule files that a project named in a commit, some of which may be there no more."""
    text = commit.read(project_file)
    if text is None:
        return
    try:
        stated: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # what the project file says now is read, and complained about
    if project_file.name == "pyproject.toml":
        stated = stated.get("tool", {}).get("alertdrill", {})
    patterns = stated.get("rules", []) if isinstance(stated, dict) else []
    folder = os.path.realpath(project_file.parent)
    wanted = [os.path.normpath(Path(folder) / str(one)) for one in patterns if isinstance(patterns, list)]
    for path in commit.list_files(commit.top):
        if any(fnmatchcase(str(path), one) for one in wanted):
            yield path


def _find_stale(system: System, values: Values) -> Iterator[str]:
    """Say which alerts of a system's rule file mean something else than its template makes of its values."""
    if not is_there(system.rules_path):
        return
    rendered = parse_rules(render_system_rules(system, values), str(shorten(system.template_path)))
    changes = find_changes([rendered], [read_rules(shorten(system.rules_path))])
    if changes:
        yield STALE.format(
            path=shorten(system.rules_path),
            template=shorten(system.template_path),
            alerts=", ".join(dict.fromkeys(change.rule.name for change in changes)),
        )
