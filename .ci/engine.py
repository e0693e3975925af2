"""Run a command where it finds a Docker engine, Compose and the base images: `.ci/engine.py make test`.

What is there is used. What is not is provided, if this is a Debian and we are root: `docker.io` is installed,
`dockerd` is started with all its files in a folder of its own and stopped when the command has ended, the
Compose plugin is unpacked, and images that cannot be pulled have stand-ins built for them. If that cannot be
done the command runs all the same, and its tests say what is missing. Exits with the command's code.
"""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

from stand_ins import build, run  # noqa: E402
from support.debian_packages import unpack  # noqa: E402
from support.docker_engine import list_base_images, pull, run_docker  # noqa: E402

from alertdrill.errors import AlertdrillError, MissingEngine  # noqa: E402
from alertdrill.runtime import process  # noqa: E402
from alertdrill.stacks.scratch import find_scratch  # noqa: E402

START_TIMEOUT_S = 60.0
STOP_GRACE_S = 30.0
_POLL_S = 0.2
PLENTY_BYTES = 12 << 30
"""Images and containers take two GiB, and what runs in them wants memory too."""
POLICY = Path("/usr/sbin/policy-rc.d")


def main(command: Sequence[str]) -> int:
    """Provide what is missing, run the command, and undo what has to be undone."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with ExitStack() as undo:
        try:
            provide(undo)
        except AlertdrillError as error:
            say(f"No compose stack: {error}")
        return run_command(command)


def provide(undo: ExitStack) -> None:
    """Make engine, plugin and images be there; raise AlertdrillError if they cannot."""
    may_install = os.geteuid() == 0 and is_debian()
    if may_install:
        # What can be provided here must not be skipped.
        os.environ["ALERTDRILL_REQUIRE_DOCKER"] = "1"
    if why := run_docker("version", "--format={{.Server.Version}}"):
        if not may_install or "DOCKER_HOST" in os.environ:
            raise MissingEngine(why)
        undo.enter_context(start_engine())
    if run_docker("compose", "version"):
        install_plugin()
    for image in list_base_images(ROOT):
        if not run_docker("image", "inspect", image) or not (why := pull(image)):
            continue
        if not may_install:
            raise MissingEngine(f"no image {image}: {why}")
        say(f"Building a stand-in for {image}, for it cannot be pulled: {why}")
        install_missing("debootstrap")
        build(image)


def is_debian() -> bool:
    """Return whether this machine's packages are Debian's (os-release(5))."""
    try:
        return platform.freedesktop_os_release().get("ID") == "debian"
    except OSError:
        return False


@contextmanager
def start_engine() -> Iterator[None]:
    """Start an engine that shares nothing with one that is installed, and point DOCKER_HOST at it."""
    install_missing("dockerd", package="docker.io")
    install_missing("docker", package="docker-cli")
    install_missing("iptables")
    folder = Path(tempfile.mkdtemp(prefix="docker-", dir=find_place()))
    socket = folder / "docker.sock"
    argv = [
        "dockerd",
        f"--host=unix://{socket}",
        f"--data-root={folder / 'data'}",
        f"--exec-root={folder / 'exec'}",
        f"--pidfile={folder / 'docker.pid'}",
    ]
    dockerd = process.start("dockerd", argv, env=os.environ, log_path=folder / "dockerd.log")
    try:
        # compose.yaml mounts the socket by this name.
        os.environ["DOCKER_HOST"], os.environ["ALERTDRILL_DOCKER_SOCKET"] = f"unix://{socket}", str(socket)
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while why := run_docker("version", "--format={{.Server.Version}}"):
            dockerd.check()
            if time.monotonic() > deadline_s:
                raise MissingEngine(why)
            time.sleep(_POLL_S)
        say(f"Started an engine of our own in {folder}")
        yield
    finally:
        dockerd.stop(STOP_GRACE_S)
        remove(folder)


def find_place() -> Path:
    """Return where an engine has its files: in memory if there is plenty.

    An engine keeps books of containers that start, stop or lose their network, and waits for the disk each
    time. On a busy one that takes seconds, and outages begin and end too late to tell anything.
    """
    # Files in memory may be as large as they like, also where programs have taken the memory.
    is_plenty = psutil.virtual_memory().available >= PLENTY_BYTES
    memory = find_scratch({}, room_bytes=PLENTY_BYTES) if is_plenty else None
    return memory or Path("/var/tmp")  # noqa: S108 - a folder of our own is made in it


def remove(folder: Path) -> None:
    """Delete a folder and what is mounted below it: an engine leaves its network namespace."""
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in reversed(mounted):
        if Path(place).is_relative_to(folder):
            run("umount", "--lazy", place)
    shutil.rmtree(folder)


def install_plugin() -> None:
    """Put the Compose plugin where docker looks for it."""
    place = Path.home() / ".docker/cli-plugins/docker-compose"
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(unpack("docker-compose") / "usr/libexec/docker/cli-plugins/docker-compose", place)
    if why := run_docker("compose", "version"):
        raise MissingEngine(f"no Compose plugin: {why}")
    say(f"Put Debian's Compose plugin into {place.parent}")


def install_missing(program: str, *, package: str = "") -> None:
    """Install a program's package unless the program is there; its services are not started."""
    if shutil.which(program):
        return
    package = package or program
    say(f"Installing {package}")
    update_lists()
    forbidding = not POLICY.exists()
    if forbidding:
        # invoke-rc.d(8) asks this whether it may start a service.
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        run("apt-get", "-qq", "install", "--yes", "--no-install-recommends", package)
    finally:
        if forbidding:
            POLICY.unlink()


@cache
def update_lists() -> None:
    """Read apt's lists, once; some other vendor's that cannot be read must not matter."""
    with suppress(MissingEngine):
        run("apt-get", "-qq", "update")


def run_command(command: Sequence[str]) -> int:
    """Run the command to its end; a signal that ends us ends it first."""
    with subprocess.Popen(command) as child:
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        # A terminal's Ctrl-C reaches the command itself, which has its own to undo.
        signal.signal(signal.SIGINT, lambda *_: None)
        code = child.wait()
    return code if code >= 0 else 128 - code


def say(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is a command


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("usage: .ci/engine.py COMMAND [ARGUMENT …]")
    sys.exit(main(sys.argv[1:]))
