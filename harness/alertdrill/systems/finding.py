"""Finds the systems: in this package, in installed packages, and in folders that somebody names."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from alertdrill.errors import BadInput, BadRules
from alertdrill.rules.yaml.nodes import Mapping, Scalar, read_nodes
from alertdrill.runtime.looking import follow, is_file, is_there, list_folder
from alertdrill.runtime.paths import shorten
from alertdrill.systems.system import STATEMENT, SURFACE, System, read_text

GROUP = "alertdrill.systems"
"""The group of entry points under which installed packages declare their systems."""
OWN = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


def find_systems(folders: Iterable[Path] = ()) -> tuple[System, ...]:
    """Return the systems of this package, of installed ones, and in `folders`, each sorted by name.

    A folder is a system's if it has a `system.yml`, else it has systems' folders. Raises BadInput for what
    cannot be a system, and for a name that two have.
    """
    own = find_own()
    found: dict[str, System] = {system.name: system for system in own}
    for system in (*_find_installed(), *_find_in(folders)):
        other = found.setdefault(system.name, system)
        if follow(other.folder) != follow(system.folder):
            raise BadInput(
                f"{shorten(system.folder)}: the name {system.name} is taken: by {shorten(other.folder)}"
            )
    return tuple(found.values())


def find_own() -> tuple[System, ...]:
    """Return the systems of this package, sorted by name: every folder with a surface."""
    paths = sorted(OWN.glob(f"*/{SURFACE}"))
    return tuple(
        System(name=path.parent.name, folder=path.parent, package=f"{GROUP}.{path.parent.name}")
        for path in paths
    )


def find_served() -> tuple[System, ...]:
    """Return the systems whose metrics the reference gateway serves; nothing of theirs is imported."""
    return tuple(system for system in find_systems() if system.is_served)


@cache
def _list_declared(_searched: tuple[str, ...]) -> tuple[metadata.EntryPoint, ...]:
    """Return what packages declare, by name: once for a search path, for it reads a file of each of them."""
    return tuple(sorted(metadata.entry_points(group=GROUP), key=lambda entry: entry.name))


def _find_installed() -> Iterator[System]:
    """Yield what installed packages declare as `NAME = "package"`; the package's folder is the system's."""
    for entry in _list_declared(tuple(sys.path)):
        whose = f"the installed package {entry.dist.name}" if entry.dist else "an installed package"
        where = f"{whose} declares the system {entry.name!r} at {entry.value!r}"
        try:
            spec = find_spec(entry.value)
        except Exception as error:  # somebody's package is imported on the way: anything can come of it
            raise BadInput(f"{where}, which cannot be imported: {error}") from error
        if spec is None or not spec.submodule_search_locations:
            raise BadInput(f"{where}, which is no package, and so no folder")
        folder = Path(next(iter(spec.submodule_search_locations)))
        try:
            yield _read(entry.name, folder, entry.value)
        except BadInput as error:
            raise BadInput(f"{error} ({where})") from error


def find_pack(folder: Path) -> System:
    """Return the system in a folder that a project names, which says itself how it is scraped.

    Raises BadInput unless it has what a system must have.
    """
    for system in (*find_own(), *_find_installed()):
        if follow(system.folder) == follow(folder):
            return system
    return _check(_name(folder), folder)


def _find_in(folders: Iterable[Path]) -> Iterator[System]:
    for folder in folders:
        inside = [folder] if is_there(folder / STATEMENT) else _list_inside(folder)
        if not inside:
            raise BadInput(f"{folder}: has no system: neither it nor a folder in it has a {STATEMENT}")
        for one in inside:
            yield _read(_name(one), one, None)


def _list_inside(folder: Path) -> list[Path]:
    return [one for one in list_folder(folder) if is_there(one / STATEMENT)]


def _name(folder: Path) -> str:
    """Return the name that somebody gave a folder, whatever it is a link to."""
    return Path(os.path.normpath(folder.absolute())).name


def _check(name: str, folder: Path, package: str | None = None) -> System:
    """Return the system in a folder; raises BadInput unless it has what any must have."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"{folder}: {name!r} is no name for a system: small letters, digits, - and _ make one")
    system = System(name=name, folder=folder, package=package)
    for path in (system.values_path, system.template_path, system.drills_path):
        if not is_file(path):
            raise BadInput(f"{shorten(path)}: is not there, and every system has one")
    return system


def _read(name: str, folder: Path, package: str | None) -> System:
    """Return the system in a folder, with its job; raises BadInput unless it has what a system must have."""
    system = _check(name, folder, package)
    if system.is_served:
        return system
    if package is None and is_there(folder / SURFACE):
        raise BadInput(
            f"{shorten(folder / SURFACE)}: the gateway serves no system that is not installed; "
            f'its package declares it as an entry point of the group "{GROUP}"'
        )
    return System(name=name, folder=folder, package=package, stated_job=_read_job(folder / STATEMENT))


def _read_job(path: Path) -> str:
    """Return the scrape job that a `system.yml` states; raises BadInput."""
    name = str(shorten(path))
    document = read_nodes(read_text(path), name)
    pairs = document.pairs if isinstance(document, Mapping) else []
    for key, _ in pairs:
        if key.text != "job":
            raise BadRules(f"{name}:{key.line}: the field {key.text!r} is unknown; there is: job")
    job = document.values.get("job") if isinstance(document, Mapping) else None
    if not isinstance(job, Scalar) or job.is_null:
        raise BadInput(f"{name}: must state the scrape job that Prometheus knows the system by: job: NAME")
    return job.text
