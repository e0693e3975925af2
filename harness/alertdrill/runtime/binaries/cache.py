"""The folder that fetched binaries are kept in, safe for several runs at once."""

from __future__ import annotations

import fcntl
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alertdrill.errors import MissingEngine
from alertdrill.runtime.binaries.generations import Family, Generation
from alertdrill.runtime.binaries.sources import Say
from alertdrill.runtime.files import open_own

LOCK_TIMEOUT_S = 900.0
"""Longer than the slowest fetch that the sources allow."""
_POLL_S = 0.2
_STAGING_PREFIX = "staging-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """Binaries by machine, generation and family under `root`.

    A family's folder appears whole or not at all, by a rename; only the holder of the lock adds any.
    """

    root: Path

    def folder(self, family: Family, generation: Generation) -> Path:
        """Return where a family's two programs are kept, whether they are there or not."""
        # By machine, because a home folder may be shared between unlike ones.
        machine = f"{platform.system()}-{platform.machine()}".lower()
        return self.root / machine / generation / family.name

    @contextmanager
    def staging(self, say: Say) -> Iterator[Path]:
        """Hold the lock and yield an empty folder on the cache's file system, deleted afterwards.

        Raises MissingEngine if the cache cannot be written or another run holds the lock for too long.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = open_own(self.root / "lock")
        except OSError as error:
            raise MissingEngine(
                f"the cache {self.root} cannot be written ({error.strerror}): set ALERTDRILL_CACHE to a "
                "folder that can"
            ) from error
        with lock:
            self._wait_for(lock.fileno(), say)
            # What an interrupted run left behind.
            for leftover in self.root.glob(f"{_STAGING_PREFIX}*"):
                shutil.rmtree(leftover, ignore_errors=True)
            with tempfile.TemporaryDirectory(
                prefix=_STAGING_PREFIX, dir=self.root, ignore_cleanup_errors=True
            ) as folder:
                yield Path(folder)

    def keep(self, staged: Path, family: Family, generation: Generation) -> Path:
        """Move a family's folder from staging to its place, replacing one that is broken; return it."""
        place = self.folder(family, generation)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            place.rename(staged.with_name(f"{staged.name}-replaced"))
        staged.rename(place)
        return place

    def _wait_for(self, lock: int, say: Say) -> None:
        deadline = time.monotonic() + LOCK_TIMEOUT_S
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not told:
                    say(f"Waiting for another run that fills {self.root}")
                    told = True
                if time.monotonic() > deadline:
                    raise MissingEngine(f"another run still holds {self.root / 'lock'}") from None
                time.sleep(_POLL_S)
            else:
                return


def locate_cache(environ: Mapping[str, str]) -> Cache:
    """Return the cache: ALERTDRILL_CACHE, else `alertdrill` in XDG_CACHE_HOME, else in ~/.cache.

    A relative XDG_CACHE_HOME is ignored, as the XDG base directory specification asks.
    """
    if own := environ.get("ALERTDRILL_CACHE"):
        return Cache(root=Path(own).absolute())
    xdg = Path(environ.get("XDG_CACHE_HOME", ""))
    home = Path(environ.get("HOME") or "~").expanduser()
    return Cache(root=(xdg if xdg.is_absolute() else home / ".cache") / "alertdrill")
