"""The order in which the four binaries are looked for: environment, PATH, cache, then the network.

A server and its tool are taken as a pair of one version; Prometheus's pair and Alertmanager's may come
from different places.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from alertdrill.errors import BadInput, MissingEngine
from alertdrill.runtime.binaries.archive import ReleaseArchives
from alertdrill.runtime.binaries.binaries import (
    Pair,
    demand_program,
    read_pair,
    read_tool,
    read_version,
)
from alertdrill.runtime.binaries.cache import Cache, locate_cache
from alertdrill.runtime.binaries.debian import DistributionPackages
from alertdrill.runtime.binaries.generations import ALERTMANAGER, FAMILIES, PROMETHEUS, Family, Generation
from alertdrill.runtime.binaries.sources import OutOfReach, Say, Source

SOURCES: tuple[Source, ...] = (ReleaseArchives(), DistributionPackages())


@dataclass(frozen=True, slots=True, kw_only=True)
class Promtool:
    """What looks at rules and replays them; `versions` by server has that of `prometheus`."""

    promtool: Path
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines(Promtool):
    """The four binaries; `versions` has `alertmanager` too, `source` is for people."""

    prometheus: Path
    alertmanager: Path
    amtool: Path
    source: str


def find_engines(
    environ: Mapping[str, str],
    generation: Generation | None = None,
    say: Say = lambda _: None,
    sources: Sequence[Source] = SOURCES,
) -> Engines:
    """Return prometheus, promtool, alertmanager and amtool, fetched into the cache if need be.

    ALERTDRILL_PROMETHEUS, ALERTDRILL_PROMTOOL, ALERTDRILL_ALERTMANAGER and ALERTDRILL_AMTOOL name paths,
    ALERTDRILL_CACHE the cache. Without a generation any supported version will do, and the newest is
    fetched; with one, only its versions will. `say` is called with one line when something slow starts.

    Raises MissingEngine, with a message that says what to install, if a binary cannot be had, or if the
    environment names one that cannot be used.
    """
    search = _Search(environ=environ, cache=locate_cache(environ), say=say)
    for family in FAMILIES:
        search.look_around(family, generation)
    for wanted in [generation] if generation else [Generation.NEWEST, Generation.OLDEST]:
        search.look_into_cache(wanted)
        if search.missing:
            search.fetch(wanted, sources)
    if search.missing:
        raise MissingEngine(search.explain(generation))
    prometheus, alertmanager = search.found[PROMETHEUS.name], search.found[ALERTMANAGER.name]
    return Engines(
        prometheus=prometheus.server,
        promtool=prometheus.tool,
        alertmanager=alertmanager.server,
        amtool=alertmanager.tool,
        versions={name: pair.version for name, pair in search.found.items()},
        source=_describe_sources(search.found),
    )


def find_promtool(
    environ: Mapping[str, str], say: Say = lambda _: None, sources: Sequence[Source] = SOURCES
) -> Promtool:
    """Return the promtool that `find_engines` would, and start no other program for it.

    Only where there is none, whole engines are fetched. Raises as `find_engines` does.
    """
    for path, generation in _list_promtools(environ):
        with suppress(MissingEngine):
            version = read_tool(PROMETHEUS, path, generation)
            return Promtool(promtool=path, versions={PROMETHEUS.name: version})
    return find_engines(environ, say=say, sources=sources)


def _list_promtools(environ: Mapping[str, str]) -> Iterator[tuple[Path, Generation | None]]:
    """Yield where promtool may be, and of which generation it must be there, in order."""
    server, tool = PROMETHEUS.programs
    if named := _find_named(PROMETHEUS, environ, lambda path, _: demand_program(path)):
        yield named[tool], None
        return
    on_path = {program: _find_on_path(PROMETHEUS, program, environ) for program in (server, tool)}
    if on_path[server] and (path := on_path[tool]):
        yield path, None
    yield locate_cache(environ).folder(PROMETHEUS, Generation.NEWEST) / tool, Generation.NEWEST


class _Search:
    """What was found so far, and why the rest was not."""

    def __init__(self, *, environ: Mapping[str, str], cache: Cache, say: Say) -> None:
        self.found: dict[str, Pair] = {}
        self._reasons: list[str] = []
        self._out_of_reach: set[str] = set()
        self._environ = environ
        self._cache = cache
        self._say = say

    @property
    def missing(self) -> list[Family]:
        """The families that no pair was found of yet."""
        return [family for family in FAMILIES if family.name not in self.found]

    def look_around(self, family: Family, generation: Generation | None) -> None:
        """Take what the environment names, else what is on PATH; the former must be usable."""
        if named := _find_named(family, self._environ, read_version):
            try:
                pair = read_pair(family, named, "environment", generation)
            except MissingEngine as error:
                names = " and ".join(_name_variable(program) for program in family.programs)
                raise MissingEngine(f"{error}; set {names} to two programs of one version") from error
            self.found[family.name] = pair
            return
        on_path = {
            program: path
            for program in family.programs
            if (path := _find_on_path(family, program, self._environ))
        }
        absent = [program for program in family.programs if program not in on_path]
        if absent:
            self._reasons.append(f"PATH: no {' and no '.join(absent)}")
            return
        try:
            self.found[family.name] = read_pair(family, on_path, "PATH", generation)
        except MissingEngine as error:
            self._reasons.append(f"PATH: {error}")

    def look_into_cache(self, generation: Generation) -> None:
        """Take what an earlier run has fetched; a broken copy counts as none."""
        for family in self.missing:
            folder = self._cache.folder(family, generation)
            with suppress(MissingEngine):
                self.found[family.name] = _read_folder(family, folder, "cache", generation)

    def fetch(self, generation: Generation, sources: Sequence[Source]) -> None:
        """Fetch what is missing from the first source that has it, and keep it in the cache."""
        titles = " and ".join(
            f"{family.title} {family.releases[generation].version}" for family in self.missing
        )
        try:
            with self._cache.staging(self._say) as staging:
                # Another run may have filled it while this one waited.
                self.look_into_cache(generation)
                for source in sources:
                    if not self.missing or source.name in self._out_of_reach:
                        continue
                    self._say(f"Fetching {titles} into {self._cache.root}: {source.name}")
                    self._fetch_from(source, generation, staging)
        except MissingEngine as error:
            self._reasons.append(str(error))

    def _fetch_from(self, source: Source, generation: Generation, staging: Path) -> None:
        into = Path(tempfile.mkdtemp(dir=staging))
        try:
            source.fetch(self.missing, generation, into)
        except MissingEngine as error:
            self._reasons.append(f"{source.name}: {error}")
            self._say(f"Not from the {source.name}: {error}")
            if isinstance(error, OutOfReach):
                self._out_of_reach.add(source.name)
        for family in self.missing:
            staged = into / family.name
            if not staged.is_dir():
                continue
            try:
                _read_folder(family, staged, source.name, generation)
            except MissingEngine as error:
                self._reasons.append(f"{source.name}: {error}")
                continue
            kept = self._cache.keep(staged, family, generation)
            self.found[family.name] = _read_folder(family, kept, source.name, generation)

    def explain(self, generation: Generation | None) -> str:
        """Return one sentence that says what is missing, what to install, and what was tried."""
        titles = []
        for family in self.missing:
            least, below = family.least, None
            if generation:
                least, below = family.releases[generation].least, family.releases[generation].below
            version = ".".join(map(str, least))
            until = f" and below {'.'.join(map(str, below))}" if below else ""
            titles.append(f"{family.title} {version} or later{until} ({', '.join(family.programs)})")
        packages = " ".join(family.packages[0] for family in self.missing)
        if PROMETHEUS in self.missing:
            packages += ", and promtool where that is a package of its own"
        variables = ", ".join(
            _name_variable(program) for family in self.missing for program in family.programs
        )
        return (
            f"{' and '.join(titles)} cannot be had: install them so that they are on PATH (Debian and "
            f"Ubuntu: apt-get install {packages}; others: https://prometheus.io/download/), or set "
            f"{variables} to where they are; tried: {'; '.join(dict.fromkeys(self._reasons))}"
        )


def _find_named(
    family: Family, environ: Mapping[str, str], look: Callable[[Path, str], object]
) -> dict[str, Path] | None:
    """Return the pair that the environment names, None if it names none of the two.

    If it names only one, the other is the one beside it, else the one on PATH. `look` raises MissingEngine
    for a path that is not this program.
    """
    named = {
        program: Path(value).absolute()
        for program in family.programs
        if (value := environ.get(_name_variable(program)))
    }
    if not named:
        return None
    for program, path in named.items():
        try:
            look(path, program)
        except BadInput as error:
            raise MissingEngine(f"{_name_variable(program)} cannot be used: {error}") from error
    for program in family.programs:
        if program in named:
            continue
        (folder,) = {path.parent for path in named.values()}
        beside = next((folder / name for name in family.aliases[program] if (folder / name).is_file()), None)
        other = beside or _find_on_path(family, program, environ)
        if other is None:
            (given,) = named
            raise MissingEngine(
                f"{_name_variable(given)} is set but there is no {program} beside it or on PATH: "
                f"set {_name_variable(program)} too"
            )
        named[program] = other
    return named


def _find_on_path(family: Family, program: str, environ: Mapping[str, str]) -> Path | None:
    for name in family.aliases[program]:
        if found := shutil.which(name, path=environ.get("PATH", "")):
            return Path(found).absolute()
    return None


def _read_folder(family: Family, folder: Path, source: str, generation: Generation) -> Pair:
    return read_pair(family, {program: folder / program for program in family.programs}, source, generation)


def _name_variable(program: str) -> str:
    return f"ALERTDRILL_{program.upper()}"


def _describe_sources(found: Mapping[str, Pair]) -> str:
    places = {name: pair.source for name, pair in found.items()}
    if len(set(places.values())) == 1:
        return next(iter(places.values()))
    return ", ".join(f"{place} ({name})" for name, place in places.items())
