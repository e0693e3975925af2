"""Debian's and Ubuntu's packages, unpacked into a folder: nothing is installed, no service is started.

The mirror and its keys are the ones that the machine's apt uses anyway.
"""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alertdrill.errors import MissingEngine
from alertdrill.runtime.binaries.apt_sources import find_mirrors
from alertdrill.runtime.binaries.binaries import read_pair
from alertdrill.runtime.binaries.generations import Family, Generation
from alertdrill.runtime.binaries.private_apt import PrivateApt
from alertdrill.runtime.binaries.relocation import relocate
from alertdrill.runtime.binaries.sources import OutOfReach

MAX_MIRRORS = 2
_COMPONENTS = {"debian": "main", "ubuntu": "universe"}
_DEBIAN_SUITES = {Generation.OLDEST: "bookworm", Generation.NEWEST: "unstable"}
"""Their binaries need no more than libc 2.34, so that they run on other releases of Debian too."""

_COMPILED_IN = {"alertmanager": "/usr/share/prometheus/alertmanager"}
"""Programs that do not start without the files of a folder, which only installing their package makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionPackages:
    """The packages of the distribution that this machine runs, if that is Debian or Ubuntu."""

    etc_apt: Path = Path("/etc/apt")
    name: str = "distribution's packages"

    def fetch(self, families: Sequence[Family], generation: Generation, into: Path) -> None:
        """Download and unpack each family's packages; see `Source.fetch`."""
        distribution, codename = _read_distribution()
        component = _COMPONENTS.get(distribution)
        if component is None or not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            raise OutOfReach("this machine is neither Debian nor Ubuntu")
        mirrors = find_mirrors(self.etc_apt, distribution=distribution, component=component)
        if not mirrors:
            raise OutOfReach(f"apt has no source for {component} of {distribution.title()}")
        suites = [codename] if distribution == "ubuntu" else [_DEBIAN_SUITES[generation], codename]
        missing = list(families)
        complaints: list[str] = []
        for mirror in mirrors[:MAX_MIRRORS]:
            for suite in dict.fromkeys(filter(None, suites)):
                apt = PrivateApt(root=Path(tempfile.mkdtemp(prefix="apt-", dir=into)))
                said = apt.update(mirror, suite, component)
                for family in tuple(missing):
                    try:
                        _take(apt, family, generation, into / family.name)
                        missing.remove(family)
                    except MissingEngine as error:
                        complaints.append(f"{suite}: {said or error}")
                shutil.rmtree(apt.root)
                if not missing:
                    return
        raise MissingEngine("; ".join(dict.fromkeys(complaints)))


def _take(apt: PrivateApt, family: Family, generation: Generation, into: Path) -> None:
    """Unpack a family's programs into `into`; raise MissingEngine if they are not there or do not fit."""
    tree = apt.root / family.name
    for package in family.packages:
        # Bookworm has promtool inside prometheus, later suites in a package of its own.
        apt.unpack(package, tree)
    found = {
        program: path
        for program, names in family.aliases.items()
        for name in names
        if (path := tree / "usr/bin" / name).is_file()
    }
    absent = [program for program in family.programs if program not in found]
    if absent:
        raise MissingEngine(f"no package with {' and '.join(absent)} could be had")
    read_pair(family, found, "packages", generation)
    into.mkdir()
    for program, path in found.items():
        path.rename(into / program)
    for program, folder in _COMPILED_IN.items():
        if program in found:
            relocate(into / program, compiled_in=folder, files=tree / folder.lstrip("/"))


def _read_distribution() -> tuple[str, str]:
    """Return the distribution's ID and codename (os-release(5)), empty where they are not stated."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "", ""
    return release.get("ID", ""), release.get("VERSION_CODENAME", "")
