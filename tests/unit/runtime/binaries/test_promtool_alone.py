"""Who needs promtool only starts no other program, and has the one that all four would come with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from alertdrill.errors import LimitReached, MissingEngine
from alertdrill.runtime.binaries import find_engines, find_promtool
from alertdrill.runtime.binaries.cache import locate_cache
from alertdrill.runtime.binaries.generations import PROMETHEUS, Generation

PlaceAll = Callable[[Path, Mapping[str, str]], Path]

NEW = {"prometheus": "3.5.3", "alertmanager": "0.33.1"}
STARVED = "#!/bin/sh\necho 'fatal error: runtime: out of memory'\nexit 2\n"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return an environment with an empty PATH and a cache of its own."""
    (tmp_path / "bin").mkdir()
    return {"PATH": str(tmp_path / "bin"), "ALERTDRILL_CACHE": str(tmp_path / "cache")}


def place_named(environ: dict[str, str], tmp_path: Path, place_all: PlaceAll) -> Path:
    """Have the environment name Prometheus; promtool stands beside it."""
    folder = place_all(tmp_path / "own", NEW)
    environ["ALERTDRILL_PROMETHEUS"] = str(folder / "prometheus")
    return folder


def place_on_path(environ: dict[str, str], _: Path, place_all: PlaceAll) -> Path:
    """Have all four on PATH."""
    return place_all(Path(environ["PATH"]), NEW)


def place_in_cache(environ: dict[str, str], _: Path, place_all: PlaceAll) -> Path:
    """Have Prometheus in the cache."""
    return place_all(locate_cache(environ).folder(PROMETHEUS, Generation.NEWEST), NEW)


@pytest.mark.parametrize("place", [place_named, place_on_path, place_in_cache])
def test_no_other_program_is_started(
    environ: dict[str, str],
    tmp_path: Path,
    place_all: PlaceAll,
    place: Callable[[dict[str, str], Path, PlaceAll], Path],
) -> None:
    """A Prometheus or an Alertmanager that has no room to start is not missed."""
    folder = place(environ, tmp_path, place_all)
    (folder / "prometheus").write_text(STARVED)
    (folder / "alertmanager").write_text(STARVED)
    found = find_promtool(environ, sources=[])
    assert found.promtool == folder / "promtool"
    assert found.versions == {"prometheus": "3.5.3"}
    with pytest.raises(LimitReached, match="/prometheus cannot be started"):
        find_engines(environ, sources=[])


def test_it_is_promtool_that_has_no_room(environ: dict[str, str], place_all: PlaceAll) -> None:
    """What is named is what was needed."""
    (place_all(Path(environ["PATH"]), NEW) / "promtool").write_text(STARVED)
    with pytest.raises(LimitReached, match="/promtool cannot be started"):
        find_promtool(environ, sources=[])


def test_half_a_pair_on_path_is_passed_over(environ: dict[str, str], place_all: PlaceAll) -> None:
    """A promtool without its Prometheus is not what a run would take, so it is not taken here."""
    (place_all(Path(environ["PATH"]), NEW) / "prometheus").unlink()
    cached = place_all(locate_cache(environ).folder(PROMETHEUS, Generation.NEWEST), NEW)
    assert find_promtool(environ, sources=[]).promtool == cached / "promtool"


def test_where_there_is_none_it_is_said_as_of_all_four(environ: dict[str, str]) -> None:
    """What to install, and what was tried."""
    with pytest.raises(MissingEngine, match=r"^Prometheus 2\.42 or later .* cannot be had: install them"):
        find_promtool(environ, sources=[])


def test_a_named_program_that_is_missing_is_an_error_all_the_same(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll
) -> None:
    """Whoever names a Prometheus that is not there made a mistake, also where promtool is beside it."""
    (place_named(environ, tmp_path, place_all) / "prometheus").unlink()
    with pytest.raises(MissingEngine, match=r"^ALERTDRILL_PROMETHEUS cannot be used: \S+ does not exist$"):
        find_promtool(environ, sources=[])
