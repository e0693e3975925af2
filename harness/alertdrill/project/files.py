"""Reads a project file as nodes: an alertdrill.toml, or the table [tool.alertdrill] of a pyproject.toml."""

from __future__ import annotations

from pathlib import Path

from alertdrill.errors import BadInput
from alertdrill.project.toml_nodes import read_toml
from alertdrill.rules.yaml.nodes import Mapping
from alertdrill.runtime.paths import shorten
from alertdrill.runtime.reading import decode_text, read_bytes

FILE_NAME = "alertdrill.toml"
PYPROJECT = "pyproject.toml"
MAX_BYTES = 256 * 1024
"""Of a project file, and of a pyproject.toml."""
TABLE = ("tool", "alertdrill")
"""Where a pyproject.toml has a project."""


def read_document(path: Path) -> Mapping | None:
    """Return the table that states a project, None for a pyproject.toml without one; raises BadInput."""
    name = str(shorten(path))
    try:
        content = read_bytes(path, MAX_BYTES)
    except OSError as error:
        raise BadInput(f"{name}: the file cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise BadInput(f"{name}: the file is larger than {MAX_BYTES} bytes")
    return read_toml(decode_text(content, name), name, TABLE if path.name == PYPROJECT else ())
