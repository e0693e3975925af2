"""Programs that state a version as the real ones do, and folders full of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from alertdrill.runtime.binaries.generations import FAMILIES


@pytest.fixture
def place_program() -> Callable[[Path, str, str], Path]:
    """Return a function that writes a program which states a version; it returns the path."""

    def place(path: Path, program: str, version: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "{program}, version {version} (branch: none, revision: none)"\n')
        path.chmod(0o755)
        return path

    return place


@pytest.fixture
def place_all(place_program: Callable[[Path, str, str], Path]) -> Callable[[Path, Mapping[str, str]], Path]:
    """Return a function that writes both programs of the named families into a folder."""

    def place(folder: Path, versions: Mapping[str, str]) -> Path:
        for family in FAMILIES:
            if family.name in versions:
                for program in family.programs:
                    place_program(folder / program, program, versions[family.name])
        return folder

    return place
