"""Tests of the house itself: a line for each room, and dependencies that run one way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "harness" / "alertdrill"
STUBS = ROOT / "stub_providers"
"""Has modules that are loaded under another package's name as well, so they import each other relatively."""

ROOMS: dict[str, set[str]] = {
    # Files at the top, which everybody may use.
    "errors": set(),
    "places": set(),
    # Pure.
    "core": set(),
    "judging": {"core"},
    # Where the program meets the machine.
    "runtime": {"core", "errors", "places"},
    "rules": {"core", "errors", "runtime"},
    "project": {"core", "errors", "places", "rules", "runtime"},
    "recording": {"core", "errors", "rules", "runtime"},
    "alertmanager": {"core", "errors", "rules", "runtime"},
    "reports": {"core", "errors", "judging", "rules", "runtime"},
    "pager": {"alertmanager", "core", "errors", "reports", "runtime"},
    "gateway": {"core", "errors", "runtime"},
    "systems": {"alertmanager", "core", "errors", "gateway", "project", "rules", "runtime"},
    "stacks": {
        *("alertmanager", "core", "errors", "pager", "places", "project", "rules", "runtime", "systems"),
    },
    "runner": {
        *("alertmanager", "core", "errors", "judging", "places", "project", "recording"),
        *("reports", "rules", "runtime", "stacks", "systems"),
    },
    "mutation": {
        *("alertmanager", "core", "errors", "judging", "recording", "reports", "rules", "runner"),
        "runtime",
    },
    "linting": {"alertmanager", "core", "errors", "project", "rules", "runtime"},
    "gating": {
        *("alertmanager", "core", "errors", "judging", "linting", "mutation", "reports", "rules"),
    },
    # Runs in Locust's process.
    "load": set(),
    # What people start.
    "cli": {
        *("alertmanager", "core", "errors", "gating", "judging", "linting", "mutation", "places"),
        "project",
        *("recording", "reports", "rules", "runner", "runtime", "stacks", "systems"),
    },
    "pytest_plugin": {
        *("alertmanager", "cli", "core", "errors", "judging", "project", "reports", "rules"),
        *("runner", "runtime", "stacks", "systems"),
    },
    "__main__": {"cli"},
}
"""What a room may import of the others, which are above it: so there is no cycle."""

JOINERS = {"alertdrill.gateway.__main__": "systems"}
"""What joins two rooms the other way round: the gateway's process shows the systems' surfaces."""

READER, READ = "alertdrill.project.stub_reading", {"behaviour_fields", "behaviour_reading", "checks"}
"""What loads modules of the stub providers, which know how a behaviour is read; their names are for types."""

MAX_ROOMS = 19
"""A project file is neither a rule nor a run: who judges, holds and tests a project all read it.

The pytest plugin is a second way in beside the command line, and too much for a file.
Mutation judges by what the runner has, and makes rules, which no run does. Gating compares two sides of a
change, by what mutation judges with.
Linting has a file for each check, reads rules that may be nobody's drill, and no run or verdict.
"""


def find_modules() -> Iterator[tuple[str, Path]]:
    """Yield every module of the package and its file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


@cache
def read_names(path: Path) -> tuple[ast.Import | ast.ImportFrom | ast.Attribute, ...]:
    """Return what a file imports and the attributes that it reads: all that is asked about it here."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return tuple(node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom | ast.Attribute))


@cache
def find_imports(path: Path) -> set[str]:
    """Return the modules that a file imports, and what it takes of them, by their full names."""
    found = set()
    for node in read_names(path):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0 or STUBS in path.parents, f"{path}: relative import"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def find_room(name: str) -> str:
    """Return the room that a module of the package is in."""
    return name.split(".")[1]


def test_the_rooms_are_few_and_each_has_its_line() -> None:
    """A room is a package at the top; whatever stands there is listed, and nothing else is."""
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    files = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert rooms | files == set(ROOMS)
    assert len(rooms) <= MAX_ROOMS


def test_what_a_room_may_import_is_above_it() -> None:
    """So dependencies run one way, room by room."""
    above: set[str] = set()
    for room, allowed in ROOMS.items():
        assert allowed <= above, room
        above.add(room)


def list_forbidden(module: str, path: Path) -> list[str]:
    """Return what a module imports that it may not."""
    own = find_imports(path)
    beside = [name for name in own if name.split(".")[0] in {"stub_providers", "scenarios", "tests"}]
    if module == READER:
        beside = [name for name in beside if name.removeprefix("stub_providers.") not in READ]
    if module == "alertdrill":
        return beside
    room = find_room(module)
    allowed = ROOMS[room] | {room, JOINERS.get(module, room)}
    return beside + [
        name for name in own if name.startswith("alertdrill.") and find_room(name) not in allowed
    ]


def test_dependencies_run_one_way() -> None:
    """A module imports only its own room and what its room may import, and nothing beside the package."""
    modules = dict(find_modules())
    assert len(modules) > len(ROOMS)
    forbidden = {module: list_forbidden(module, path) for module, path in modules.items()}
    assert {module: names for module, names in forbidden.items() if names} == {}


def test_no_module_imports_itself_in_a_round_about_way() -> None:
    """Within a room, too, there is no cycle."""
    modules = dict(find_modules())
    imports = {
        module: {
            found
            for name in find_imports(path)
            for found in (name, name.rpartition(".")[0])
            if found in modules and found != module
        }
        for module, path in modules.items()
    }
    while leaves := {module for module, needed in imports.items() if not needed}:
        imports = {module: needed - leaves for module, needed in imports.items() if module not in leaves}
    assert imports == {}


NAMED = {
    "cli/commands/list.py": "an example of what can be typed as it is",
    "cli/commands/mutate.py": "examples of what can be typed as it is",
    "cli/commands/rules.py": "examples of what can be typed as it is",
    "cli/commands/run.py": "an example of a value that can be set",
    "gateway/models.yml": "the reference gateway's own deployments, as data: how it routes under each prefix",
}
"""Files outside a system's folder that name one, and why."""


def test_nothing_outside_its_folder_names_a_system() -> None:
    """Whatever is said of systems is said of all that are found, so that one more needs no other change."""
    systems = PACKAGE / "systems"
    names = {path.parent.name for path in systems.glob("*/surface.py")}
    words = "|".join(sorted(names - {"inference"}))  # which is a word, too: there it is said as a name is
    named = re.compile(rf"\b({words})\b|[\"']inference[\"'-]", re.IGNORECASE)
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*")
        if path.suffix in {".py", ".yml", ".js", ".css", ".html", ".json"}
        and not any(path.is_relative_to(systems / name) for name in names)
        and named.search(path.read_text("utf-8"))
    }
    assert found == set(NAMED)


def test_systems_do_not_import_each_other() -> None:
    """A system is a folder of its own; what several need is in `building`, or in what finds them."""
    systems = {path.parent.name for path in PACKAGE.glob("systems/*/metrics.yml")}
    for system in systems:
        for path in (PACKAGE / "systems" / system).rglob("*.py"):
            of = {name.split(".")[2] for name in find_imports(path) if name.startswith("alertdrill.systems.")}
            assert not of & (systems - {system}), path


@pytest.mark.parametrize("library", ["locust", "gevent"])
def test_locust_is_imported_in_its_own_process_only(library: str) -> None:
    """Locust patches the standard library, so everything else only ever runs it as a subprocess."""
    for module, path in find_modules():
        if not module.startswith("alertdrill.load"):
            assert library not in {name.split(".")[0] for name in find_imports(path)}, module


def test_the_stub_providers_import_nothing_of_ours() -> None:
    """They stand for somebody else's servers."""
    for path in STUBS.rglob("*.py"):
        assert "alertdrill" not in {name.split(".")[0] for name in find_imports(path)}, path


def test_scenarios_import_what_is_made_for_them_only() -> None:
    """They are Locust files, as anybody writes them."""
    for path in (ROOT / "scenarios").glob("*.py"):
        ours = {name for name in find_imports(path) if name.split(".")[0] == "alertdrill"}
        assert {find_room(name) for name in ours} == {"load"}, path


def test_the_environment_is_read_at_the_edges_only() -> None:
    """Only the entry points of processes, and what starts processes, look at the environment."""
    readers = {
        module
        for module, path in find_modules()
        if any(
            isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
            for node in read_names(path)
        )
    }
    assert readers == {
        "alertdrill.cli.commands.engines",
        "alertdrill.cli.commands.export",
        "alertdrill.cli.commands.gate",
        "alertdrill.cli.commands.init",
        "alertdrill.cli.commands.judge",
        "alertdrill.cli.commands.lint",
        "alertdrill.cli.commands.mutate",
        "alertdrill.cli.commands.page",
        "alertdrill.cli.commands.replay",
        "alertdrill.cli.commands.run",
        "alertdrill.cli.commands.run_project",
        "alertdrill.cli.commands.run_project_replay",
        "alertdrill.cli.commands.run_replay",
        "alertdrill.cli.commands.stub",
        "alertdrill.cli.commands.traffic",
        "alertdrill.cli.explaining",
        "alertdrill.cli.options.sites",
        "alertdrill.cli.output",
        "alertdrill.gateway.__main__",
        "alertdrill.load.distribution",
        "alertdrill.load.lifecycle",
        "alertdrill.load.preparation",
        "alertdrill.load.worker",
        "alertdrill.pager.__main__",
        "alertdrill.pytest_plugin",
        "alertdrill.pytest_plugin.holding",
        "alertdrill.pytest_plugin.live",
        "alertdrill.pytest_plugin.stack",
        "alertdrill.runner.public_api",
        "alertdrill.runtime.process",
        "alertdrill.stacks.compose.prepare",
        "alertdrill.stacks.compose.site",
        "alertdrill.stacks.embedded",
        "alertdrill.stacks.guard.__main__",
    }
