"""An apt of its own: packages of any suite are downloaded and unpacked, nothing is installed.

It has lists, cache and status of its own, so that neither the machine's packages nor its apt state
change, and another suite than the machine's can be read.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from alertdrill.runtime.binaries.apt_sources import Mirror
from alertdrill.runtime.binaries.sources import OutOfReach
from alertdrill.runtime.files import write_own

APT_TIMEOUT_S = 180.0
UNPACK_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateApt:
    """An apt whose state is under `root`, a folder that is empty at first."""

    root: Path

    def update(self, mirror: Mirror, suite: str, component: str) -> str:
        """Read a suite's package lists; return apt's last complaint, empty if it had none.

        A complaint need not matter, for the machine may run hooks of its own after this. Raises OutOfReach
        if apt-get cannot be run or does not end.
        """
        for folder in ("lists/partial", "cache/archives/partial", "debs"):
            (self.root / folder).mkdir(parents=True)
        # Without what the machine has installed, the suite's own version is always the one chosen.
        (self.root / "status").touch()
        stanza = ["Types: deb", f"URIs: {mirror.uri}", f"Suites: {suite}", f"Components: {component}"]
        if mirror.signed_by:
            stanza.append(f"Signed-By: {mirror.signed_by}")
        write_own(self.root / "private.sources", "\n".join(stanza) + "\n")
        return self._apt("update")

    def unpack(self, package: str, tree: Path) -> str:
        """Download a package and unpack it into `tree`; return the last complaint, empty if it is there.

        Raises OutOfReach if apt-get or dpkg-deb cannot be run or does not end.
        """
        said = self._apt("download", package)
        for deb in sorted((self.root / "debs").glob("*.deb")):
            said = self._run(["dpkg-deb", "--extract", str(deb), str(tree)], UNPACK_TIMEOUT_S)
            deb.unlink()
        return said

    def _apt(self, *command: str) -> str:
        options = {
            "Dir::Etc::sourcelist": self.root / "private.sources",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State::lists": self.root / "lists",
            "Dir::State::status": self.root / "status",
            "Dir::Cache": self.root / "cache",
            # Images switch these off; without them every call reads the lists anew, which takes it a second.
            "Dir::Cache::pkgcache": "pkgcache.bin",
            "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
            "APT::Default-Release": "",
            "Acquire::Languages": "none",
            "Acquire::Retries": 1,
            "Acquire::http::Timeout": 10,
            "Acquire::https::Timeout": 10,
        }
        argv = ["apt-get", "-qq", *(f"--option={name}={value}" for name, value in options.items()), *command]
        return self._run(argv, APT_TIMEOUT_S)

    def _run(self, argv: list[str], timeout_s: float) -> str:
        """Run a command; return the last line that it complained with, empty if it succeeded."""
        try:
            ran = subprocess.run(  # noqa: S603 - apt-get and dpkg-deb, without a shell
                argv,
                cwd=self.root / "debs",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise OutOfReach(f"{argv[0]} did not end within {timeout_s:g} s") from error
        except OSError as error:
            raise OutOfReach(f"{argv[0]} cannot be run: {error.strerror}") from error
        complaints = ran.stderr.decode(errors="replace").split("\n") if ran.returncode else []
        return next((line.strip().removeprefix("E: ") for line in reversed(complaints) if line.strip()), "")
