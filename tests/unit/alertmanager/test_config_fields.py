"""The table of fields is what Alertmanager's own programs know, no more and no less."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.patience import PATIENCE_S

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


NAMES = ["/".join(lines).replace(" ", "") for lines, _ in PLACES]
"""How the places are told apart; also the names of their files."""


def find_tags(engines: Engines) -> set[str]:
    """Return every name that amtool's program gives a field in YAML."""
    return {found.decode() for found in re.findall(rb'yaml:"([a-z][a-z_0-9]*)', engines.amtool.read_bytes())}


def ask(engines: Engines, folder: Path) -> dict[str, set[str]]:
    """Return the names that amtool takes for fields in each place; none if it does not know the place."""
    tags, asked = find_tags(engines), {}
    for number, (name, (lines, fields)) in enumerate(zip(NAMES, PLACES, strict=True)):
        asked[name] = names = tags | set(fields) - {OTHER_SECTIONS}
        pad = "  " * len(lines)
        tried = "\n".join([*lines, *(f"{pad}{one}:" for one in sorted(names)), f"{pad}no_such_field:"])
        (folder / f"{number}.yml").write_text(tried)
    argv = [engines.amtool, "check-config", *(folder / f"{number}.yml" for number in range(len(PLACES)))]
    finished = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    said = re.split(r"^Checking '.*/\d+\.yml'", finished.stdout, flags=re.MULTILINE)[1:]
    known = {}
    for (name, names), answer in zip(asked.items(), said, strict=True):
        unknown = set(re.findall(r"field (\S+) not found", answer))
        known[name] = names - unknown if "no_such_field" in unknown else set()
    return known


@pytest.fixture(scope="module")
def both() -> list[Engines]:
    """Return the engines of both generations."""
    return [find_engines(os.environ, generation=generation) for generation in Generation]


@pytest.fixture(scope="module")
def taken(both: list[Engines], tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, set[str]]]:
    """Return what either generation takes for fields in each place: one start of amtool each."""
    return [ask(engines, tmp_path_factory.mktemp("places")) for engines in both]


@pytest.mark.parametrize(
    ("name", "fields"), [(name, fields) for name, (_, fields) in zip(NAMES, PLACES, strict=True)], ids=NAMES
)
def test_fields_are_what_either_generation_knows(
    both: list[Engines], taken: list[dict[str, set[str]]], name: str, fields: Fields
) -> None:
    """Every field of the table is known to one of them; of the versions that are fetched, none is missing."""
    known = {field for one in taken for field in one[name]}
    stated = set(fields) - {OTHER_SECTIONS}
    assert stated <= known
    fetched = {release.version for release in ALERTMANAGER.releases.values()}
    if {engines.versions["alertmanager"] for engines in both} <= fetched:
        assert known == stated
