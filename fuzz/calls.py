"""Calls commands of ours, each in a fork of one process that has imported them, and says what each took.

`python -m fuzz.calls` reads a call a line from standard input, as JSON, and writes what came of it.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from alertdrill.runtime.binaries import Engines

ROOT = Path(__file__).resolve().parents[1]
WITHIN_S = 90.0
"""What does not end in this hangs."""
GONE_WITHIN_S = 2.0
MEMORY_BYTES = 6 << 30
"""A call has no more, so that the machine goes on."""
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The arguments of a command, and where it stands; `program` is its module.

    `out` is what its standard output leads to; what it prints is read otherwise.
    """

    arguments: Sequence[str]
    folder: str
    program: str = "alertdrill.cli.main"
    is_server: bool = False
    out: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """How a call ended, what it said, took and left; `code` is None where it hung."""

    code: int | None
    out: str
    err: str
    cpu_s: float
    peak_mb: float
    left: Sequence[str]


class Caller:
    """The process that makes calls; each finds an empty temporary folder."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def call(self, call: Call) -> Called:
        """Make a call, and return what came of it."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(json.dumps(asdict(call)) + "\n")
        self._process.stdin.flush()
        return Called(**json.loads(self._process.stdout.readline()))


@contextmanager
def open_caller(folder: Path, engines: Engines | None) -> Iterator[Caller]:
    """Yield what makes calls; `folder` is where their temporary files are.

    Without engines, commands that want one look for it themselves.
    """
    temporary = folder / "temporary"
    temporary.mkdir()
    environ = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    environ |= {"ALERTDRILL_ADMIN_TOKEN": "admin", "ALERTDRILL_PROVIDER_KEY": "key"}
    if engines is not None:
        environ |= _name_engines(engines)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "fuzz.calls"],
        cwd=folder,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Caller(process)
        finally:
            process.kill()


def _name_engines(engines: Engines) -> Mapping[str, str]:
    return {
        "ALERTDRILL_PROMETHEUS": str(engines.prometheus),
        "ALERTDRILL_PROMTOOL": str(engines.promtool),
        "ALERTDRILL_ALERTMANAGER": str(engines.alertmanager),
        "ALERTDRILL_AMTOOL": str(engines.amtool),
    }


def main() -> None:
    """Make the calls that standard input states, one after the other."""
    import alertdrill.cli.commands.run
    import alertdrill.cli.main
    import alertdrill.gateway.__main__  # noqa: F401

    adopt_orphans()
    temporary = Path(os.environ["TMPDIR"])
    for line in sys.stdin:
        called = _call(Call(**json.loads(line)), temporary)
        sys.stdout.write(json.dumps(asdict(called)) + "\n")
        sys.stdout.flush()


def adopt_orphans() -> None:
    """Let what a call leaves running become a child of this process, so that it is found."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _call(call: Call, temporary: Path) -> Called:
    out, err = temporary.with_name("out"), temporary.with_name("err")
    child = os.fork()
    if not child:
        _become(call, call.out or str(out), str(err))
    code, took = _await(child, out if call.is_server else None)
    left = [f"process {name}" for name in end_orphans()]
    left += [f"folder {path.name}" for path in temporary.iterdir()]
    called = Called(
        code=code,
        out="" if call.out else out.read_text(errors="replace"),
        err=err.read_text(errors="replace"),
        cpu_s=took.ru_utime + took.ru_stime,
        peak_mb=took.ru_maxrss / 1024,
        left=left,
    )
    for path in (out, err):
        path.unlink(missing_ok=True)
    return called


def _become(call: Call, out: str, err: str) -> NoReturn:
    """Be the command, in this fork."""
    code = 70
    try:
        os.setsid()
        os.chdir(call.folder)
        for descriptor, path, flags in (
            (0, os.devnull, os.O_RDONLY),
            (1, out, os.O_WRONLY),
            (2, err, os.O_WRONLY),
        ):
            opened = os.open(path, flags | (os.O_CREAT if descriptor else 0) | os.O_NOCTTY, 0o600)
            os.dup2(opened, descriptor)
            os.close(opened)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        sys.argv = [call.program, *call.arguments]
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        try:
            sys.modules[call.program].main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # as an output that takes nothing may raise, when all is over
        traceback.print_exc()
    finally:
        os._exit(code)


def _await(child: int, says_it_serves: Path | None) -> tuple[int | None, resource.struct_rusage]:
    """Wait for a call's end; a server is told to end once it has said that it serves."""
    begun_s = time.monotonic()
    pause_s = 0.0005
    while True:
        ended, status, took = os.wait4(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), took
        if says_it_serves and says_it_serves.exists() and b"\n" in says_it_serves.read_bytes():
            os.kill(child, signal.SIGTERM)
            says_it_serves = None
        if time.monotonic() - begun_s > WITHIN_S:
            os.killpg(child, signal.SIGKILL)
            _, _, took = os.wait4(child, 0)
            return None, took
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.02)


def end_orphans() -> list[str]:
    """Return what a call left running, once it has had time to go; it is ended."""
    give_up_at = time.monotonic() + GONE_WITHIN_S
    while True:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        left = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        if not left:
            return []
        if time.monotonic() > give_up_at:
            break
        time.sleep(0.01)
    names = []
    for pid in left:
        names.append(Path(f"/proc/{pid}/comm").read_text().strip())
        os.kill(int(pid), signal.SIGKILL)
        os.waitpid(int(pid), 0)
    return names


if __name__ == "__main__":
    main()
