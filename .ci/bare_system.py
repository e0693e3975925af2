"""A bare Debian in a folder, with an ordinary user in it who has a checkout and whose umask is 002.

The system has a root, `/proc`, `/dev` and process ids of its own, all gone with the last of its processes;
the network is this machine's. debootstrap's tree is kept for a week, since the newest suite moves, and is
copied for each use. What is kept of the user's home is pip's cache and the engines'.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stand_ins import CERTIFICATES, make_pip_conf, run
from support.debian_packages import ETC_APT

from alertdrill.errors import MissingEngine
from alertdrill.runtime.binaries.apt_sources import find_mirrors
from alertdrill.runtime.binaries.cache import locate_cache

PACKAGES = ("ca-certificates", "git", "make", "python3", "python3-venv")
"""What README says is needed, and git with the authorities' certificates to get a checkout."""
APT_SETTING = re.compile(r"Acquire::(?:Check-Valid-Until|https?::.*Proxy.*) ")
TAKEN_OVER = (CERTIFICATES, Path("/etc/resolv.conf"), Path("/etc/hosts"))
"""How this machine reaches the network, and apt's settings that say how it reaches a mirror."""
USER = "drill"
CHECKOUT = f"home/{USER}/a checkout"
UMASK = 0o002
_HIDDEN = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
"""Mounts and processes of our own, which end with what is run."""
_MOUNT = r"""
set -eu
umask 022
cd "$1"
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/shm
mount -t tmpfs -o mode=1777 tmpfs dev/shm
while read -r name major minor; do mknod -m 666 "dev/$name" c "$major" "$minor"; done <<END
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
END
for name in fd:/proc/self/fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -s "${name#*:}" "dev/${name%%:*}"; done
mount --bind "$2" "home/$3/.cache"
shift 3
exec "$@"
"""
_AS_USER = r'umask 002; cd; cd "a checkout"; exec "$@"'


@dataclass(frozen=True, slots=True, kw_only=True)
class BareSystem:
    """A system in a folder; `kept` is what its user's `~/.cache` is."""

    folder: Path
    kept: Path

    @property
    def checkout(self) -> Path:
        """Where the user's checkout is, seen from outside."""
        return self.folder / CHECKOUT

    def start(self, command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
        """Start a command as the user, in the checkout; killing what is returned ends all of it."""
        environ = (f"HOME=/home/{USER}", f"USER={USER}", "PATH=/usr/bin:/bin", "LANG=C.UTF-8")
        as_user = ("chroot", f"--userspec={USER}:{USER}", str(self.folder), "env", "-i", *environ)
        # Tests that are skipped are named.
        as_user += ("PYTEST_ADDOPTS=-rs", "sh", "-c", _AS_USER, "sh", *command)
        argv = [*_HIDDEN, "sh", "-c", _MOUNT, "sh", str(self.folder), str(self.kept), USER, *as_user]
        with log.open("ab") as file:
            return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)


@contextmanager
def open_system(suite: str, checkout: Path) -> Iterator[BareSystem]:
    """Yield a fresh system of a suite of Debian, whose user has a clone of the HEAD of a checkout.

    Raises MissingEngine if it cannot be made.
    """
    tree = keep_tree(suite)
    kept = tree.with_name(f"{suite}-home")
    with tempfile.TemporaryDirectory(prefix="fresh-", dir="/var/tmp") as name:
        folder = Path(name) / "root"
        run("cp", "--archive", "--reflink=auto", str(tree), str(folder))
        system = BareSystem(folder=folder, kept=kept)
        run("chroot", str(folder), "useradd", "--create-home", "--user-group", USER)
        number = (folder / "home" / USER).stat().st_uid
        for place in (kept, folder / "home" / USER / ".cache"):
            place.mkdir(exist_ok=True)
            os.chown(place, number, number)
        umask = os.umask(UMASK)
        try:
            run("git", "clone", "--quiet", f"file://{checkout}", str(system.checkout))
        finally:
            os.umask(umask)
        run("chown", "--recursive", f"{number}:{number}", str(system.checkout))
        yield system


def keep_tree(suite: str) -> Path:
    """Return a bare system as debootstrap makes it, this week's; it is made whole or not at all."""
    mirrors = find_mirrors(ETC_APT, distribution="debian", component="main")
    if not mirrors:
        raise MissingEngine("this machine's apt has no mirror of Debian")
    pip_conf = make_pip_conf(run(sys.executable, "-m", "pip", "config", "list"))
    apt_conf = make_apt_conf(run("apt-config", "dump"))
    year, week, _ = datetime.now(UTC).isocalendar()
    made_of = "\n".join((mirrors[0].uri, *PACKAGES, pip_conf, apt_conf, f"{year}-{week}"))
    store = locate_cache(os.environ)
    folder = store.root / "machines"
    place = folder / f"{suite}-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
    if not place.is_dir():
        with store.staging(lambda _: None) as staging:
            tree = staging / suite
            bootstrap = ("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", suite)
            run(*_HIDDEN, *bootstrap, str(tree), mirrors[0].uri)
            for left_over in ("var/cache/apt/archives", "var/lib/apt/lists"):
                shutil.rmtree(tree / left_over)
            (tree / "etc/pip.conf").write_text(pip_conf)
            (tree / "etc/apt/apt.conf.d/00mirror").write_text(apt_conf)
            for path in filter(Path.exists, TAKEN_OVER):
                (tree / path.relative_to("/")).write_bytes(path.read_bytes())
            folder.mkdir(exist_ok=True)
            for older in folder.glob(f"{suite}-????????????"):
                shutil.rmtree(older)
            tree.rename(place)
    return place


def make_apt_conf(dumped: str) -> str:
    """Return of what `apt-config dump` printed the settings without which the mirror cannot be used."""
    return "".join(f"{line}\n" for line in dumped.splitlines() if APT_SETTING.match(line))
