"""Locusts forked from a process that has imported them: to import takes most of what a short test takes.

Each is a process of its own all the same, with its own arguments, environment, folder and output.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAX_BYTES = 128 * 1024
"""Of arguments and environment."""
STARTS_IN_WALL_S = 1.5
"""When a plan may begin: by then a Locust is there that had nothing to import."""


class LocustNursery:
    """Asks the process that forks."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def run(
        self, arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, within_s: float
    ) -> subprocess.CompletedProcess[str]:
        """Run `locust` with arguments to its end; raises TimeoutExpired where that takes longer."""
        command = ["locust", *arguments]
        request = json.dumps({"command": command, "env": dict(env), "cwd": str(cwd)}).encode()
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            socket.send_fds(self._line, [request], [out.fileno(), err.fileno()])
            self._line.settimeout(within_s)
            pid = int(self._line.recv(MAX_BYTES))
            try:
                code = int(self._line.recv(MAX_BYTES))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                self._line.settimeout(None)
                self._line.recv(MAX_BYTES)
                raise subprocess.TimeoutExpired(command, within_s) from None
            for written in (out, err):
                written.seek(0)
            return subprocess.CompletedProcess(command, code, out.read(), err.read())


@contextmanager
def open_locust_nursery() -> Iterator[LocustNursery]:
    """Run the process that forks."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "support.locust_nursery", str(theirs.fileno())],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    with process, ours:
        yield LocustNursery(ours)


def fork_on_request(line: socket.socket) -> None:
    """Fork a Locust for each request and wait for its end, until nobody is there to ask."""
    # Locust has gevent replace what waits, of which this process wants none.
    fork, wait = os.fork, os.waitpid
    import gevent
    from locust.main import main

    import alertdrill.load.users  # noqa: F401 - what every scenario imports

    while True:
        raw, handed, _, _ = socket.recv_fds(line, MAX_BYTES, 2)
        if not raw:
            return
        pid = fork()
        if pid == 0:
            line.close()
            gevent.reinit()
            become(json.loads(raw), *handed)
            sys.exit(main())
        for number in handed:
            os.close(number)
        line.send(str(pid).encode())
        _, status = wait(pid, 0)
        line.send(str(os.waitstatus_to_exitcode(status)).encode())


def become(request: dict[str, object], out: int, err: int) -> None:
    """Take on the arguments, the environment, the folder and the output of a Locust."""
    for number, stream in ((out, sys.stdout), (err, sys.stderr)):
        os.dup2(number, stream.fileno())
        os.close(number)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.argv = list(request["command"])


if __name__ == "__main__":
    fork_on_request(socket.socket(fileno=int(sys.argv[1])))
