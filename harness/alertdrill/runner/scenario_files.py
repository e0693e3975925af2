"""Where scenarios are: alertdrill's own, found by name, and those of users, Locust files of theirs.

None is imported here. A scenario is called as its file is: `loads/night.py` is the scenario `night`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from alertdrill.core.drill import LoadProfile
from alertdrill.errors import BadInput
from alertdrill.places import SCENARIOS
from alertdrill.rules.fields import say_nearest
from alertdrill.runtime.looking import follow, is_folder, list_folder
from alertdrill.runtime.reading import open_regular

ENDING = ".py"
MAX_BYTES = 1_000_000


def name_scenario(stated: str) -> str:
    """Return the name of a scenario that is stated by name, or by the path of its file."""
    return Path(stated).stem if stated.endswith(ENDING) else stated


def list_own_files(profiles: Iterable[LoadProfile], folder: Path) -> tuple[Path, ...]:
    """Return the files of the scenarios that load profiles state by path, seen from `folder`."""
    stated = dict.fromkeys(profile.scenario for profile in profiles if profile.scenario.endswith(ENDING))
    return tuple(follow(folder / path) for path in stated)


def find_scenario(name: str, files: Iterable[Path] = ()) -> Path:
    """Return a scenario's file, among `files` and in the folders among them, or else alertdrill's own.

    Raises BadInput when it is not there, when two files have its name, or when it is no Python.
    """
    shipped = SCENARIOS / f"{name}{ENDING}"
    own = {follow(path) for path in _list_files(files) if path.stem == name}
    found = sorted(own | ({shipped} if name.isidentifier() and shipped.is_file() else set()))
    if not found:
        raise BadInput(_say_missing(name, files))
    if len(found) > 1:
        raise BadInput(f"two scenarios are called {name!r}: {', '.join(map(str, found))}; rename yours")
    if own:
        _check(found[0])
    return found[0]


def list_shipped() -> list[str]:
    """Return the names of alertdrill's own scenarios."""
    return sorted(path.stem for path in SCENARIOS.glob(f"*{ENDING}"))


def _list_files(files: Iterable[Path]) -> Iterable[Path]:
    for path in files:
        yield from [one for one in list_folder(path) if one.suffix == ENDING] if is_folder(path) else [path]


def _say_missing(name: str, files: Iterable[Path]) -> str:
    known = sorted({*list_shipped(), *(path.stem for path in _list_files(files))})
    return f"there is no scenario {name!r}{say_nearest(name, known)}; there are: {', '.join(known)}"


def _check(path: Path) -> None:
    """Raise BadInput for a file that Locust could not even begin to load."""
    if "," in str(path):
        raise BadInput(f"{path}: Locust takes no file with a comma in its path")
    try:
        with open_regular(path) as file:
            source = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    if len(source) > MAX_BYTES:
        raise BadInput(f"{path}: is longer than {MAX_BYTES} bytes")
    try:
        compile(source, str(path), "exec")
    except SyntaxError as error:
        raise BadInput(f"{path}:{error.lineno or 1}: is no Python: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise BadInput(f"{path}: is no Python: {error}") from error
