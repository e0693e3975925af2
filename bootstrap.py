"""Make .venv from a hash-pinned lock: `python3 bootstrap.py runtime|dev`.

Only the standard library is there yet. The stamp inside .venv says what it was made from; it is removed
before anything changes and written last, so that an interrupted build is never taken for a whole one.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "made-from.json"
LOCKS = {"runtime": ROOT / "requirements.txt", "dev": ROOT / "requirements-dev.txt"}
"""The dev lock holds all that the runtime lock holds, in the same versions."""
COMPILED: dict[str, tuple[str, ...]] = {"runtime": (), "dev": ("--no-compile",)}
"""What pip is told of compiling: of the dev lock's ten thousand modules tests import a thousand, which Python
compiles as it does. Who only holds drills may have a .venv that cannot be written to.
"""
WITHOUT_WHEEL = re.compile(r"No matching distribution found for (?P<name>[^\s=]+)==(?P<version>[^\s;]+)")


def main(kind: str) -> None:
    """Make sure that .venv holds what the lock of this kind says, and this checkout, editable."""
    with hold_lock():
        wanted, made = describe_wanted(kind), read_stamp()
        if not wanted.items() - made.items():
            return
        started_s = time.monotonic()
        say(f"Making .venv from {LOCKS[kind].name} with Python {sys.version.split()[0]}: a minute or so")
        STAMP.unlink(missing_ok=True)
        if is_outdated(made):
            make_empty_venv()
            made = {}
        if wanted[kind] != made.get(kind):
            install_lock(LOCKS[kind], COMPILED[kind])
        install("--no-deps", "--no-build-isolation", f"--editable={ROOT}")
        # What came from another interpreter's or an older runtime lock would have been thrown away above.
        write_stamp(made | wanted | describe_venv())
        say(f"Made .venv in {time.monotonic() - started_s:.0f} s")


@contextmanager
def hold_lock() -> Iterator[None]:
    """Let one build of this checkout run at a time; the lock is the folder's own."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def describe_wanted(kind: str) -> dict[str, str]:
    """Return what the stamp must say: the locks' checksums and that of what the package declares."""
    kinds = ["runtime", "dev"] if kind == "dev" else [kind]
    wanted = {kind: hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest() for kind in kinds}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = [project["project"], project["build-system"], project["tool"]["hatch"]]
    wanted["package"] = hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()
    return wanted | describe_venv()


def describe_venv() -> dict[str, str]:
    """Return where .venv is and which interpreter it uses, for it works with no other."""
    return {"root": str(ROOT), "python": os.path.realpath(VENV / "bin/python")}


def is_outdated(made: dict[str, str]) -> bool:
    """Return whether .venv has to be made anew rather than added to."""
    now = describe_wanted("dev")
    installed = {name: made[name] for name in ("runtime", "dev", "root", "python") if name in made}
    return "root" not in installed or bool(installed.items() - now.items())


def make_empty_venv() -> None:
    """Replace .venv with an empty one; install or name what is missing for that."""
    if importlib.util.find_spec("ensurepip") is None:
        install_ensurepip()
    if VENV.exists():
        shutil.rmtree(VENV)
    run([sys.executable, "-m", "venv", str(VENV)])


def install_ensurepip() -> None:
    """Install Debian's package of the venv module as root, or exit saying which one is needed."""
    package = f"python3.{sys.version_info.minor}-venv"
    if os.geteuid() != 0 or shutil.which("apt-get") is None or not sys.executable.startswith("/usr/bin/"):
        sys.exit(
            f"{sys.executable} cannot make virtual environments: install {package} "
            f"(Debian and Ubuntu, as root: apt-get install {package}), then run this again"
        )
    say(f"Installing {package}")
    # Its lists may be old or missing; a third party's that cannot be read must not matter.
    run(["apt-get", "-qq", "update"], check=False)
    run(["apt-get", "-qq", "install", "--yes", "--no-install-recommends", package])


def install_lock(lock: Path, options: Sequence[str]) -> None:
    """Install what a lock says: wheels, or if there is none of something, say so and let pip build it."""
    wanted = ("--no-deps", "--require-hashes", f"--requirement={lock}", *options)
    wheels_only = [*make_pip_command(), "--only-binary=:all:", *wanted]
    if (said := attempt(wheels_only)) is not None:
        missing = WITHOUT_WHEEL.search(said)
        if missing is None:
            fail(wheels_only, said)
        say(describe_missing(missing["name"], missing["version"]))
        install(*wanted)


def describe_missing(name: str, version: str) -> str:
    """Return the sentence about a dependency that there is no wheel of."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = [text.rpartition(" ")[2] for text in project["classifiers"] if ":: Python :: 3." in text]
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"There is no wheel of {name} {version} for Python {here} on this machine: pip builds it here, which "
        f"takes longer, and a compiler. alertdrill is tested with Python {versions[0]} to {versions[-1]}; "
        f"PYTHON=python{versions[-1]} in the environment chooses one"
    )


def install(*arguments: str) -> None:
    """Run pip in .venv, quietly unless it fails."""
    run([*make_pip_command(), *arguments])


def make_pip_command() -> list[str]:
    """Return how pip in .venv is told to install something."""
    return [
        str(VENV / "bin/python"),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "-qq",
        "--no-input",
    ]


def run(argv: Sequence[str], *, check: bool = True) -> None:
    """Run a command and keep its output to ourselves; exit showing it if it fails and `check` is set."""
    if (said := attempt(argv)) is not None and check:
        fail(argv, said)


def fail(argv: Sequence[str], said: str) -> NoReturn:
    """Exit showing what a command said."""
    sys.exit(f"{said}\nFailed: {' '.join(argv)}")


def attempt(argv: Sequence[str]) -> str | None:
    """Run a command and keep its output to ourselves; return it if it fails."""
    ran = subprocess.run(  # noqa: S603 - our own command lines, without a shell
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        check=False,
    )
    return ran.stdout.decode(errors="replace") if ran.returncode else None


def read_stamp() -> dict[str, str]:
    """Return what .venv was made from, empty if it is missing or was left half made."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(made: dict[str, str]) -> None:
    """Say what .venv was made from, whole or not at all."""
    draft = STAMP.with_suffix(".draft")
    draft.write_text(json.dumps(made, indent=1))
    draft.replace(STAMP)


def say(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is a command


if __name__ == "__main__":
    if sys.argv[1:] not in (["runtime"], ["dev"]):
        sys.exit("usage: bootstrap.py runtime|dev")
    main(sys.argv[1])
