"""Debian's packages for the tests, unpacked into the cache: nothing is installed, no service is started."""

from __future__ import annotations

import atexit
import os
import tempfile
from functools import cache
from pathlib import Path

from alertdrill.errors import MissingEngine
from alertdrill.runtime.binaries.apt_sources import find_mirrors
from alertdrill.runtime.binaries.cache import locate_cache
from alertdrill.runtime.binaries.private_apt import PrivateApt

ETC_APT = Path("/etc/apt")


def unpack(package: str, suite: str = "unstable") -> Path:
    """Return the folder with a package's files, as `usr/bin/…` below it; the first call downloads it.

    What the package depends on is not unpacked: this is for programs that need no more than libc. Raises
    MissingEngine if this machine's apt has no mirror of Debian, or the mirror not the package.
    """
    store = locate_cache(os.environ)
    place = store.root / "packages" / suite / package
    if place.is_dir():
        return place
    with store.staging(lambda _: None) as staging:
        # Another process may have unpacked it while this one waited.
        if not place.is_dir():
            tree = staging / package
            apt, complaint = _read_lists(suite)
            if said := apt.unpack(package, tree):
                raise MissingEngine(f"{package} of {suite}: {complaint or said}")
            place.parent.mkdir(parents=True, exist_ok=True)
            tree.rename(place)
    return place


@cache
def _read_lists(suite: str) -> tuple[PrivateApt, str]:
    """Return an apt that knows a suite of Debian, and what it complained of; read once in a process."""
    mirrors = find_mirrors(ETC_APT, distribution="debian", component="main")
    if not mirrors:
        raise MissingEngine("this machine's apt has no mirror of Debian")
    folder = tempfile.TemporaryDirectory(prefix="apt-")
    atexit.register(folder.cleanup)
    apt = PrivateApt(root=Path(folder.name))
    return apt, apt.update(mirrors[0], suite, "main")
