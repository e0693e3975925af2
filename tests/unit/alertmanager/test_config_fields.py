"""The table of fields is what Alertmanager's own programs know, no more and no less."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from alertdrill.alertmanager.fields import CONFIG
from alertdrill.alertmanager.schema import OTHER_SECTIONS, Fields, ListOf
from alertdrill.runtime.binaries import Engines, Generation, find_engines
from alertdrill.runtime.binaries.generations import ALERTMANAGER


def list_places(fields: Fields, lines: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Fields]]:
    """Yield each mapping of known fields, and the lines of YAML that lead into it."""
    yield lines, fields
    pad = "  " * len(lines)
    for name, field in fields.items():
        if name == "routes":
            continue  # as the route that they are in
        if isinstance(field, ListOf) and isinstance(field.item, Mapping):
            yield from list_places(field.item, (*lines, f"{pad}{name}:", f"{pad}-"))
        elif isinstance(field, Mapping):
            yield from list_places(field, (*lines, f"{pad}{name}:"))


PLACES = list(list_places(CONFIG))


def find_tags(engines: Engines) -> set[str]:
    """Return every name that amtool's program gives a field in YAML."""
    return {found.decode() for found in re.findall(rb'yaml:"([a-z][a-z_0-9]*)', engines.amtool.read_bytes())}


def ask(engines: Engines, folder: Path, lines: tuple[str, ...], names: list[str]) -> set[str]:
    """Return the names that amtool takes for fields in a place; none if it does not know the place."""
    pad = "  " * len(lines)
    path = folder / "alertmanager.yml"
    path.write_text("\n".join([*lines, *(f"{pad}{name}:" for name in names), f"{pad}no_such_field:"]))
    argv = [engines.amtool, "check-config", path]
    finished = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    unknown = set(re.findall(r"field (\S+) not found", finished.stdout + finished.stderr))
    return set(names) - unknown if "no_such_field" in unknown else set()


@pytest.fixture(scope="module")
def both() -> list[Engines]:
    """Return the engines of both generations."""
    return [find_engines(os.environ, generation=generation) for generation in Generation]


@pytest.mark.parametrize(
    ("lines", "fields"), PLACES, ids=["/".join(lines).replace(" ", "") for lines, _ in PLACES]
)
def test_fields_are_what_either_generation_knows(
    both: list[Engines], tmp_path: Path, lines: tuple[str, ...], fields: Fields
) -> None:
    """Every field of the table is known to one of them; of the versions that are fetched, none is missing."""
    known: set[str] = set()
    stated = set(fields) - {OTHER_SECTIONS}
    for engines in both:
        known |= ask(engines, tmp_path, lines, sorted(find_tags(engines) | stated))
    assert stated <= known
    fetched = {release.version for release in ALERTMANAGER.releases.values()}
    if {engines.versions["alertmanager"] for engines in both} <= fetched:
        assert known == stated
