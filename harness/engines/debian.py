"""Debian's and Ubuntu's packages, unpacked into a folder: nothing is installed, no service is started.

apt works here with lists, cache and status of its own, so that neither the machine's packages nor its
apt state change, and another suite than the machine's can be read. The mirror and its keys are the ones
that the machine's apt uses anyway.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.engines.aptsources import Mirror, find_mirrors
from harness.engines.binaries import read_pair
from harness.engines.generations import Family, Generation
from harness.engines.relocation import relocate
from harness.engines.sources import OutOfReach
from harness.errors import MissingEngine

APT_TIMEOUT_S = 180.0
UNPACK_TIMEOUT_S = 60.0
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
                apt = _PrivateApt(root=Path(tempfile.mkdtemp(prefix="apt-", dir=into)))
                said = apt.update(mirror, suite, component)
                for family in tuple(missing):
                    try:
                        apt.take(family, generation, into / family.name)
                        missing.remove(family)
                    except MissingEngine as error:
                        complaints.append(f"{suite}: {said or error}")
                shutil.rmtree(apt.root)
                if not missing:
                    return
        raise MissingEngine("; ".join(dict.fromkeys(complaints)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _PrivateApt:
    """An apt whose state is under `root`."""

    root: Path

    def update(self, mirror: Mirror, suite: str, component: str) -> str:
        """Read a suite's package lists; return apt's last complaint, empty if it had none.

        A complaint need not matter, for the machine may run hooks of its own after this.
        """
        for folder in ("lists/partial", "cache/archives/partial", "debs"):
            (self.root / folder).mkdir(parents=True)
        # Without what the machine has installed, the suite's own version is always the one chosen.
        (self.root / "status").touch()
        stanza = ["Types: deb", f"URIs: {mirror.uri}", f"Suites: {suite}", f"Components: {component}"]
        if mirror.signed_by:
            stanza.append(f"Signed-By: {mirror.signed_by}")
        (self.root / "private.sources").write_text("\n".join(stanza) + "\n")
        return self._run("update")

    def take(self, family: Family, generation: Generation, into: Path) -> None:
        """Unpack a family's programs into `into`; raise MissingEngine if they are not there or do not fit."""
        for package in family.packages:
            # One by one: bookworm has promtool inside prometheus, later suites in a package of its own.
            self._run("download", package)
        tree = self.root / family.name
        for deb in sorted((self.root / "debs").glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(deb), str(tree)], self.root, UNPACK_TIMEOUT_S)
            deb.unlink()
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

    def _run(self, *command: str) -> str:
        options = {
            "Dir::Etc::sourcelist": self.root / "private.sources",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State::lists": self.root / "lists",
            "Dir::State::status": self.root / "status",
            "Dir::Cache": self.root / "cache",
            "APT::Default-Release": "",
            "Acquire::Languages": "none",
            "Acquire::Retries": 1,
            "Acquire::http::Timeout": 10,
            "Acquire::https::Timeout": 10,
        }
        argv = ["apt-get", "-qq", *(f"--option={name}={value}" for name, value in options.items()), *command]
        return _run(argv, self.root / "debs", APT_TIMEOUT_S)


def _read_distribution() -> tuple[str, str]:
    """Return the distribution's ID and codename (os-release(5)), empty where they are not stated."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "", ""
    return release.get("ID", ""), release.get("VERSION_CODENAME", "")


def _run(argv: list[str], cwd: Path, timeout_s: float) -> str:
    """Run a command; return the last line that it complained with, empty if it succeeded."""
    try:
        ran = subprocess.run(  # noqa: S603 - apt-get and dpkg-deb, without a shell
            argv, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise OutOfReach(f"{argv[0]} did not end within {timeout_s:g} s") from error
    except OSError as error:
        raise OutOfReach(f"{argv[0]} cannot be run: {error.strerror}") from error
    complaints = ran.stderr.decode(errors="replace").split("\n") if ran.returncode else []
    return next((line.strip().removeprefix("E: ") for line in reversed(complaints) if line.strip()), "")
