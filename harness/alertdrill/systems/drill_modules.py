"""Imports the drills of a system, and takes only drills from them."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput
from alertdrill.rules.values import Values
from alertdrill.runtime.looking import follow
from alertdrill.runtime.paths import shorten
from alertdrill.systems.drill_checks import BadName, check_drill
from alertdrill.systems.finding import GROUP
from alertdrill.systems.system import System

MAKER = "make_drills"


def make_drills(system: System, values: Values) -> tuple[Drill, ...]:
    """Return the drills that a system's `make_drills` makes of its values.

    Raises BadInput for values that no drill can be made of, for what is no drill, and for whatever goes wrong
    in a folder of somebody's.
    """
    try:
        make = _find_maker(system)
        return tuple(_check(drill, system) for drill in make(values))
    except BadInput:
        raise
    except (ArithmeticError, ValueError) as error:
        raise BadInput(f"no drills of {system.name} can be made of these values: {error}") from error
    except Exception as error:
        if _is_ours(system):
            raise
        raise BadInput(f"{_say_where(error, system)}: {type(error).__name__}: {error}") from error


def _is_ours(system: System) -> bool:
    return (system.package or "").startswith(f"{GROUP}.")


def _find_maker(system: System) -> Callable[[Values], Iterable[Drill]]:
    try:
        module = _import(system)
    except Exception as error:
        if _is_ours(system):
            raise
        raise BadInput(f"{_say_where(error, system)}: cannot be imported: {_say(error)}") from error
    make: Callable[[Values], Iterable[Drill]] | None = getattr(module, MAKER, None)
    if make is None:
        raise BadInput(f"{shorten(system.drills_path)}: has no {MAKER}(values), which makes the drills")
    return make


def _import(system: System) -> ModuleType:
    """Return the module of a system's drills; a folder of no package is imported from its path."""
    if system.package is not None:
        return import_module(f"{system.package}.drills")
    name = f"alertdrill_system_{system.name.replace('-', '_')}_drills"
    path = system.drills_path
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("it is no Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses, and the modules of a package, look themselves up by name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _say_where(error: Exception, system: System) -> str:
    """Say where in a system's folder something went wrong: `file:line`."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{shorten(Path(error.filename))}:{error.lineno}"
    folder = follow(system.folder)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if follow(Path(frame.filename)).is_relative_to(folder):
            return f"{shorten(Path(frame.filename))}:{frame.lineno}"
    return str(shorten(system.drills_path))


def _say(error: Exception) -> str:
    return error.msg if isinstance(error, SyntaxError) else f"{type(error).__name__}: {error}"


def _check(drill: Drill, system: System) -> Drill:
    """Return a drill as it is.

    Raises BadInput for what is no drill of the system, ValueError for what cannot be; see `check_drill`.
    """
    where = shorten(system.drills_path)
    if not isinstance(drill, Drill):
        raise BadInput(f"{where}: {MAKER} returned {drill!r}, which is no Drill")
    if drill.system != system.name:
        raise BadInput(f"{where}: {drill.name} is of the system {drill.system!r}, not of {system.name!r}")
    try:
        return check_drill(drill)
    except BadName as error:
        raise BadInput(f"{where}: {error}") from error
