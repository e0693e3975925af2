"""The files that a project names: paths relative to the project file, which have to be there."""

from __future__ import annotations

import glob
import os
from itertools import islice
from pathlib import Path

from alertdrill.errors import BadInput
from alertdrill.project.toml_fields import TomlFields
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.yaml.nodes import Scalar
from alertdrill.runtime.looking import is_there
from alertdrill.runtime.paths import shorten

MAX_MATCHES = 1000
"""Of one pattern."""
MAX_LISTED = 1000
"""Names of a folder among which the nearest is looked for."""


def take_paths(fields: TomlFields, key: str, folder: Path) -> tuple[Path, ...]:
    """Return the files and folders of a list, none where nothing is stated; raises BadInput.

    A pattern such as `rules/*.yml` stands for the files that it matches, in order of their names.
    """
    paths: dict[Path, Scalar] = {}
    for node in fields.take_text_nodes(key):
        if _is_pattern(folder, node.text):
            paths |= dict.fromkeys(_find_all(fields, key, node, folder), node)
            continue
        path = _find(fields, key, node, folder)
        if path in paths:
            raise fields.fail(f"{key} of {fields.what} names {node.text!r} twice", node)
        paths[path] = node
    return tuple(paths)


def take_path(fields: TomlFields, key: str, folder: Path) -> Path | None:
    """Return the file that a field names, None where nothing is stated; raises BadInput."""
    if not fields.has(key):
        return None
    node = fields.peek(key)
    fields.take_text(key)
    assert isinstance(node, Scalar)  # noqa: S101 - it is a text
    return _find(fields, key, node, folder)


def join(folder: Path, text: str) -> Path:
    """Return a path that is relative to a folder, as one that is absolute; `~` is the user's own folder."""
    return Path(os.path.normpath(folder / os.path.expanduser(text)))  # noqa: PTH111 - who is unknown stays


def _is_pattern(folder: Path, text: str) -> bool:
    """Say whether a text is a pattern, and not the name of a file that is there."""
    return glob.has_magic(text) and not os.path.lexists(join(folder, text))


def _find_all(fields: TomlFields, key: str, node: Scalar, folder: Path) -> list[Path]:
    """Return what a pattern matches; `**` stands for folders of any depth."""
    what = f"{key} of {fields.what} has the pattern {node.text!r}"
    matches = glob.iglob(str(join(folder, node.text)), recursive=True)  # noqa: PTH207 - it may be absolute
    found = sorted(islice(matches, MAX_MATCHES + 1))
    if not found:
        raise fields.fail(f"{what}, which matches no file", node)
    if len(found) > MAX_MATCHES:
        raise fields.fail(f"{what}, which matches more than {MAX_MATCHES} files", node)
    return [Path(path) for path in found]


def _find(fields: TomlFields, key: str, node: Scalar, folder: Path) -> Path:
    path = join(folder, node.text)
    try:
        found = is_there(shorten(path))
    except BadInput as error:
        raise fields.fail(f"{key} of {fields.what} names {node.text!r}, and {error}", node) from error
    if not found:
        near = say_nearest(path.name, _list_names(path.parent))
        raise fields.fail(
            f"{key} of {fields.what} names {node.text!r}, and {shorten(path)} is not there{near}", node
        )
    return path


def _list_names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in islice(entries, MAX_LISTED))
    except OSError:
        return []
