"""When golden recordings are old: their drills, or what turned traffic into samples, are others now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput
from alertdrill.places import PACKAGE, ROOT, SCENARIOS
from alertdrill.runner.golden.digests import digest_drill, digest_sources
from alertdrill.runner.golden.folder import Manifest
from alertdrill.systems import System

SOURCES = (PACKAGE / "gateway", PACKAGE / "load", ROOT / "stub_providers", SCENARIOS)
"""What turns a drill's traffic into events, beside the system's own surface."""


def digest_systems(systems: Iterable[System], sources: Sequence[Path] = SOURCES) -> dict[str, str]:
    """Return the digest of what turns traffic into each system's samples, by its name.

    Raises BadInput for sources that cannot be read, or are not there.
    """
    shared = [path for folder in sources for path in _list_sources(folder)]
    try:
        of_all = digest_sources({str(path): path.read_text("utf-8") for path in shared})
        return {
            system.name: digest_sources(
                {
                    "shared": of_all,
                    **{
                        name: (system.folder / name).read_text("utf-8")
                        for name in ("surface.py", "metrics.yml")
                    },
                }
            )
            for system in systems
        }
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        raise BadInput(f"the sources of the recordings cannot be read: {error}") from error


def _list_sources(folder: Path) -> list[Path]:
    found = [path for path in folder.rglob("*") if path.suffix in {".py", ".yml"}]
    if not found:
        raise BadInput(f"the sources of the recordings cannot be read: there are none in {folder}")
    return found


def list_stale(made: Manifest, drills: Iterable[Drill], sources: Mapping[str, str]) -> dict[str, str]:
    """Return why recordings are stale or not there, by drill; whatever is not listed is as it should be.

    `sources` are the digests of the systems as they are now.
    """
    stale = {}
    for drill in drills:
        golden = made.drills.get(drill.name)
        if golden is None:
            stale[drill.name] = "has no recording"
        elif golden.does != digest_drill(drill):
            stale[drill.name] = "sends other traffic than was recorded"
        elif golden.sources != sources[drill.system]:
            stale[drill.name] = "was recorded with another gateway, surface, provider or scenario"
    return stale
