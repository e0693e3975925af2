"""The order of places, with programs that only state a version and sources that only write files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.patience import PATIENCE_S

from alertdrill.errors import MissingEngine
from alertdrill.runtime.binaries import Generation, find_engines
from alertdrill.runtime.binaries.binaries import read_version
from alertdrill.runtime.binaries.generations import Family
from alertdrill.runtime.binaries.sources import OutOfReach

PlaceProgram = Callable[[Path, str, str], Path]
PlaceAll = Callable[[Path, Mapping[str, str]], Path]

NEW = {"prometheus": "3.5.3", "alertmanager": "0.33.1"}
OLD = {"prometheus": "2.42.0+ds", "alertmanager": "0.25.0"}


@dataclass(kw_only=True)
class FakeSource:
    """Writes programs of these versions, or raises; remembers what it was asked for."""

    name: str
    place_all: PlaceAll
    versions: Mapping[str, str] = field(default_factory=dict)
    error: Exception | None = None
    asked: list[tuple[tuple[str, ...], Generation]] = field(default_factory=list)

    def fetch(self, families: Sequence[Family], generation: Generation, into: Path) -> None:
        """Write what is wanted of what this source has, then raise if it should."""
        self.asked.append((tuple(family.name for family in families), generation))
        for family in families:
            if family.name in self.versions:
                self.place_all(into / family.name, {family.name: self.versions[family.name]})
        if self.error:
            raise self.error


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return an environment with an empty PATH and a cache of its own."""
    (tmp_path / "bin").mkdir()
    # The fakes are shell scripts, which need none of it.
    return {"PATH": str(tmp_path / "bin"), "ALERTDRILL_CACHE": str(tmp_path / "cache")}


def test_path_is_enough(environ: dict[str, str], tmp_path: Path, place_all: PlaceAll) -> None:
    """What is on PATH is taken, and no source is asked."""
    place_all(tmp_path / "bin", NEW)
    source = FakeSource(name="fake", place_all=place_all, versions=OLD)
    engines = find_engines(environ, sources=[source])
    assert engines.prometheus == tmp_path / "bin/prometheus"
    assert engines.promtool == tmp_path / "bin/promtool"
    assert engines.alertmanager == tmp_path / "bin/alertmanager"
    assert engines.amtool == tmp_path / "bin/amtool"
    assert engines.versions == NEW
    assert engines.source == "PATH"
    assert source.asked == []
    assert not (tmp_path / "cache").exists()


def test_debians_name_of_alertmanager(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll, place_program: PlaceProgram
) -> None:
    """Alertmanager is found under the name that Debian gives it."""
    place_all(tmp_path / "bin", NEW)
    (tmp_path / "bin/alertmanager").unlink()
    debian = place_program(tmp_path / "bin/prometheus-alertmanager", "alertmanager", "0.33.1")
    assert find_engines(environ, sources=[]).alertmanager == debian


@pytest.mark.parametrize("version", ["2.42.0", "2.53.3+ds1", "3.13.1", "4.0.0-rc.1"])
def test_any_supported_version_on_path_will_do(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll, version: str
) -> None:
    """Without a generation, every version from the oldest supported one on is taken."""
    place_all(tmp_path / "bin", NEW | {"prometheus": version})
    assert find_engines(environ, sources=[]).versions["prometheus"] == version


def test_the_environment_comes_before_path(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll
) -> None:
    """Programs that the environment names are taken although PATH has others."""
    place_all(tmp_path / "bin", NEW)
    own = place_all(tmp_path / "own", OLD)
    environ |= {
        "ALERTDRILL_PROMETHEUS": str(own / "prometheus"),
        "ALERTDRILL_PROMTOOL": str(own / "promtool"),
    }
    engines = find_engines(environ, sources=[])
    assert (engines.prometheus, engines.promtool) == (own / "prometheus", own / "promtool")
    assert engines.alertmanager == tmp_path / "bin/alertmanager"
    assert engines.source == "environment (prometheus), PATH (alertmanager)"


def test_the_other_program_stands_beside_the_named_one(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll
) -> None:
    """With one program of a pair named, the one beside it is taken before PATH's."""
    place_all(tmp_path / "bin", NEW)
    own = place_all(tmp_path / "own", OLD)
    environ["ALERTDRILL_AMTOOL"] = str(own / "amtool")
    assert find_engines(environ, sources=[]).alertmanager == own / "alertmanager"


def test_a_named_program_that_is_missing(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll
) -> None:
    """A path in the environment that does not exist is an error, whatever PATH has."""
    place_all(tmp_path / "bin", NEW)
    environ["ALERTDRILL_PROMETHEUS"] = str(tmp_path / "gone")
    with pytest.raises(
        MissingEngine, match=r"^ALERTDRILL_PROMETHEUS cannot be used: \S+/gone does not exist$"
    ):
        find_engines(environ, sources=[])


def test_a_named_program_that_cannot_be_looked_at(environ: dict[str, str], tmp_path: Path) -> None:
    """Which variable names it is said, and why nobody can look."""
    (tmp_path / "loop").symlink_to("loop")
    environ["ALERTDRILL_PROMETHEUS"] = str(tmp_path / "loop" / "prometheus")
    said = r"^ALERTDRILL_PROMETHEUS cannot be used: \S+/loop/prometheus: cannot be read: Too many levels"
    with pytest.raises(MissingEngine, match=said):
        find_engines(environ, sources=[])


def test_a_named_program_that_is_not_executable(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll
) -> None:
    """A file that may not be executed is an error."""
    own = place_all(tmp_path / "own", NEW)
    (own / "promtool").chmod(0o644)
    environ["ALERTDRILL_PROMTOOL"] = str(own / "promtool")
    with pytest.raises(MissingEngine, match=r"ALERTDRILL_PROMTOOL .*/promtool is not an executable file$"):
        find_engines(environ, sources=[])


def test_a_named_program_that_is_another(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll
) -> None:
    """A program that states another's name is an error."""
    own = place_all(tmp_path / "own", NEW)
    environ["ALERTDRILL_ALERTMANAGER"] = str(own / "amtool")
    with pytest.raises(MissingEngine, match=r"ALERTDRILL_ALERTMANAGER .*/amtool is not alertmanager$"):
        find_engines(environ, sources=[])


def test_a_named_program_that_is_none(environ: dict[str, str], tmp_path: Path) -> None:
    """An executable file that the system cannot run is an error."""
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF, or so it says")
    broken.chmod(0o755)
    environ["ALERTDRILL_AMTOOL"] = str(broken)
    with pytest.raises(MissingEngine, match=r"^ALERTDRILL_AMTOOL cannot be used: \S+/broken cannot be run: "):
        find_engines(environ, sources=[])


def test_a_named_program_without_its_other_half(
    environ: dict[str, str], tmp_path: Path, place_program: PlaceProgram
) -> None:
    """A named server whose tool is nowhere is an error that says which variable to set."""
    server = place_program(tmp_path / "own/prometheus", "prometheus", "3.5.3")
    environ["ALERTDRILL_PROMETHEUS"] = str(server)
    with pytest.raises(MissingEngine, match=r"no promtool beside it or on PATH: set ALERTDRILL_PROMTOOL too"):
        find_engines(environ, sources=[])


def test_named_programs_of_two_versions(environ: dict[str, str], tmp_path: Path, place_all: PlaceAll) -> None:
    """A named server and tool of different versions are an error."""
    environ["ALERTDRILL_PROMETHEUS"] = str(place_all(tmp_path / "old", OLD) / "prometheus")
    environ["ALERTDRILL_PROMTOOL"] = str(place_all(tmp_path / "new", NEW) / "promtool")
    with pytest.raises(
        MissingEngine, match=r"is version 2\.42\.0\+ds but .* is version 3\.5\.3; set ALERTDRILL"
    ):
        find_engines(environ, sources=[])


def test_a_named_program_that_is_too_old(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll
) -> None:
    """A named version before the oldest supported one is an error that says which is needed."""
    own = place_all(tmp_path / "own", {"prometheus": "2.41.0"})
    environ["ALERTDRILL_PROMETHEUS"] = str(own / "prometheus")
    with pytest.raises(MissingEngine, match=r"is Prometheus 2\.41\.0, but 2\.42 or later is needed"):
        find_engines(environ, sources=[])


def test_a_version_that_is_too_old_on_path(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll
) -> None:
    """An unsupported version on PATH is passed over, and named if nothing else is found."""
    place_all(tmp_path / "bin", {"prometheus": "3.5.3", "alertmanager": "0.24.0"})
    source = FakeSource(name="fake", place_all=place_all, versions=NEW)
    assert find_engines(environ, sources=[source]).source == "PATH (prometheus), fake (alertmanager)"
    environ["ALERTDRILL_CACHE"] = str(tmp_path / "other")
    with pytest.raises(MissingEngine, match=r"is Alertmanager 0\.24\.0, but 0\.25 or later is needed"):
        find_engines(environ, sources=[])


def test_a_tool_alone_on_path_is_not_mixed_in(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll
) -> None:
    """With half a pair on PATH, both halves come from the next place."""
    place_all(tmp_path / "bin", NEW)
    (tmp_path / "bin/promtool").unlink()
    source = FakeSource(name="fake", place_all=place_all, versions=NEW)
    engines = find_engines(environ, sources=[source])
    assert engines.prometheus.parent == engines.promtool.parent
    assert engines.promtool.is_relative_to(tmp_path / "cache")
    assert source.asked == [(("prometheus",), Generation.NEWEST)]


def test_the_newest_generation_is_fetched(environ: dict[str, str], place_all: PlaceAll) -> None:
    """Without a generation and with nothing there, the newest is fetched."""
    source = FakeSource(name="fake", place_all=place_all, versions=NEW)
    said: list[str] = []
    engines = find_engines(environ, say=said.append, sources=[source])
    assert engines.versions == NEW
    assert source.asked == [(("prometheus", "alertmanager"), Generation.NEWEST)]
    assert said == [
        f"Fetching Prometheus 3.5.3 and Alertmanager 0.33.1 into {environ['ALERTDRILL_CACHE']}: fake"
    ]


def test_what_was_fetched_is_kept(environ: dict[str, str], place_all: PlaceAll) -> None:
    """The second run takes from the cache and asks no source."""
    source = FakeSource(name="fake", place_all=place_all, versions=NEW)
    first = find_engines(environ, sources=[source])
    second = find_engines(environ, sources=[source])
    assert (first.source, second.source) == ("fake", "cache")
    assert first.prometheus == second.prometheus
    assert len(source.asked) == 1
    assert [path.name for path in Path(environ["ALERTDRILL_CACHE"]).glob("staging-*")] == []


def test_a_broken_cache_is_filled_again(environ: dict[str, str], place_all: PlaceAll) -> None:
    """A cached program that cannot be run is replaced."""
    source = FakeSource(name="fake", place_all=place_all, versions=NEW)
    find_engines(environ, sources=[source]).amtool.write_text("torn")
    engines = find_engines(environ, sources=[source])
    assert engines.source == "cache (prometheus), fake (alertmanager)"
    assert engines.amtool.read_text().startswith("#!/bin/sh")


def test_leftovers_of_an_interrupted_run_are_removed(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll
) -> None:
    """What a run that was ended by force left in the cache is gone after the next fetch."""
    leftover = place_all(tmp_path / "cache/staging-dead/fake/prometheus", NEW)
    find_engines(environ, sources=[FakeSource(name="fake", place_all=place_all, versions=NEW)])
    assert not leftover.exists()


def test_the_next_source_is_asked(environ: dict[str, str], place_all: PlaceAll) -> None:
    """What one source could not give is asked of the next one, and only that."""
    half = {"prometheus": "3.5.3"}
    first = FakeSource(name="first", place_all=place_all, versions=half, error=MissingEngine("no more here"))
    second = FakeSource(name="second", place_all=place_all, versions=NEW)
    said: list[str] = []
    engines = find_engines(environ, say=said.append, sources=[first, second])
    assert engines.source == "first (prometheus), second (alertmanager)"
    assert second.asked == [(("alertmanager",), Generation.NEWEST)]
    assert "Not from the first: no more here" in said


def test_a_source_out_of_reach_is_asked_once(environ: dict[str, str], place_all: PlaceAll) -> None:
    """A source that cannot be reached is not asked for the other generation."""
    dead = FakeSource(name="dead", place_all=place_all, error=OutOfReach("no network"))
    old = FakeSource(name="old", place_all=place_all, versions=OLD)
    assert find_engines(environ, sources=[dead, old]).versions == OLD
    assert len(dead.asked) == 1
    assert [generation for _, generation in old.asked] == [Generation.NEWEST, Generation.OLDEST]


def test_a_source_that_gives_another_version(environ: dict[str, str], place_all: PlaceAll) -> None:
    """A fetched version outside the generation is not kept."""
    source = FakeSource(name="fake", place_all=place_all, versions=OLD)
    with pytest.raises(MissingEngine, match=r"needs 3\.5 or later and below 4\.0"):
        find_engines(environ, Generation.NEWEST, sources=[source])
    assert list(Path(environ["ALERTDRILL_CACHE"]).rglob("prometheus")) == []


def test_a_generation_passes_over_path(environ: dict[str, str], tmp_path: Path, place_all: PlaceAll) -> None:
    """With a generation asked for, another one on PATH is not taken."""
    place_all(tmp_path / "bin", NEW)
    source = FakeSource(name="fake", place_all=place_all, versions=OLD)
    assert find_engines(environ, Generation("2.42"), sources=[source]).versions == OLD
    assert find_engines(environ, Generation("3.5"), sources=[source]).source == "PATH"


def test_a_generation_that_the_environment_contradicts(
    environ: dict[str, str], tmp_path: Path, place_all: PlaceAll
) -> None:
    """A named program of another generation than the one asked for is an error, not passed over."""
    environ["ALERTDRILL_PROMETHEUS"] = str(place_all(tmp_path / "own", NEW) / "prometheus")
    with pytest.raises(
        MissingEngine, match=r"is Prometheus 3\.5\.3, but the generation asked for needs 2\.42"
    ):
        find_engines(environ, Generation.OLDEST, sources=[])


def test_nothing_can_be_had(environ: dict[str, str], place_all: PlaceAll) -> None:
    """When nothing works, one line says what is missing, what to install and what was tried."""
    dead = FakeSource(name="fake archive", place_all=place_all, error=OutOfReach("no network"))
    with pytest.raises(MissingEngine) as raised:
        find_engines(environ, sources=[dead])
    assert str(raised.value) == (
        "Prometheus 2.42 or later (prometheus, promtool) and Alertmanager 0.25 or later (alertmanager, "
        "amtool) cannot be had: install them so that they are on PATH (Debian and Ubuntu: apt-get install "
        "prometheus prometheus-alertmanager, and promtool where that is a package of its own; others: "
        "https://prometheus.io/download/), or set ALERTDRILL_PROMETHEUS, ALERTDRILL_PROMTOOL, "
        "ALERTDRILL_ALERTMANAGER, ALERTDRILL_AMTOOL to where they are; tried: PATH: no prometheus "
        "and no promtool; PATH: no alertmanager and no amtool; fake archive: no network"
    )


def test_a_cache_that_cannot_be_written(environ: dict[str, str], tmp_path: Path, place_all: PlaceAll) -> None:
    """A cache that is a file is an error that names the variable to set."""
    (tmp_path / "file").touch()
    environ["ALERTDRILL_CACHE"] = str(tmp_path / "file")
    source = FakeSource(name="fake", place_all=place_all, versions=NEW)
    with pytest.raises(
        MissingEngine, match=r"cannot be written .*: set ALERTDRILL_CACHE to a folder that can"
    ):
        find_engines(environ, sources=[source])


def test_two_runs_fetch_once(environ: dict[str, str], place_all: PlaceAll) -> None:
    """A run that waits for another one's fetch takes what that one has cached."""
    fetching, go_on, waiting = threading.Event(), threading.Event(), threading.Event()

    @dataclass(kw_only=True)
    class Gated(FakeSource):
        def fetch(self, families: Sequence[Family], generation: Generation, into: Path) -> None:
            fetching.set()
            go_on.wait(PATIENCE_S)
            super().fetch(families, generation, into)

    first = Gated(name="first", place_all=place_all, versions=NEW)
    second = FakeSource(name="second", place_all=place_all, versions=NEW)
    runs: dict[str, str] = {}

    def run(source: FakeSource, say: Callable[[str], None]) -> None:
        runs[source.name] = find_engines(environ, say=say, sources=[source]).source

    threads = [
        threading.Thread(target=run, args=(first, lambda _: None)),
        threading.Thread(
            target=run, args=(second, lambda said: waiting.set() if "Waiting" in said else None)
        ),
    ]
    threads[0].start()
    assert fetching.wait(PATIENCE_S)
    threads[1].start()
    assert waiting.wait(PATIENCE_S)
    go_on.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert runs == {"first": "first", "second": "cache"}
    assert second.asked == []


def test_a_program_states_its_version_once_until_it_is_another(tmp_path: Path) -> None:
    """To start it takes a tenth of a second; a file that was replaced is asked anew."""
    path = tmp_path / "promtool"

    def place(version: str) -> None:
        path.write_text(
            f'#!/bin/sh\necho asked >>"$0.log"\necho "promtool, version {version} (branch: none)"\n'
        )
        path.chmod(0o755)

    place("3.5.0")
    assert [read_version(path, "promtool") for _ in range(3)] == ["3.5.0"] * 3
    assert (tmp_path / "promtool.log").read_text() == "asked\n"
    place("3.5.10")
    assert read_version(path, "promtool") == "3.5.10"
