"""Stub providers forked from a process that has imported them: a twentieth of what a new interpreter takes.

Each is a process of its own all the same, with its own arguments, environment and output.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
MAX_BYTES = 128 * 1024
"""Of arguments and environment."""


class Nursery:
    """Asks the process that forks."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    @contextmanager
    def run(self, arguments: Sequence[str], env: Mapping[str, str]) -> Iterator[IO[str]]:
        """Run a provider while the context lasts, which has what it prints."""
        told, heard = os.pipe()
        try:
            request = json.dumps({"arguments": arguments, "env": dict(env)}).encode()
            socket.send_fds(self._line, [request], [heard])
        finally:
            os.close(heard)
        with os.fdopen(told, encoding="utf-8") as out:
            pid = int(self._line.recv(MAX_BYTES))
            try:
                yield out
            finally:
                os.kill(pid, signal.SIGTERM)
                out.read()  # to its end, which is the process's


@contextmanager
def open_nursery() -> Iterator[Nursery]:
    """Run the process that forks."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "support.nursery", str(theirs.fileno())],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))},
            pass_fds=[theirs.fileno()],
        )
    with process, ours:
        yield Nursery(ours)


def fork_on_request(line: socket.socket) -> None:
    """Fork a provider for each request, until nobody is there to ask; then end those that are left."""
    from stub_providers.__main__ import main

    living: set[int] = set()
    while True:
        raw, handed, _, _ = socket.recv_fds(line, MAX_BYTES, 1)
        if not raw:
            break
        pid = os.fork()
        if pid == 0:
            line.close()
            become(json.loads(raw), handed[0])
            sys.exit(main())
        os.close(handed[0])
        line.send(str(pid).encode())
        living = {one for one in living if os.waitpid(one, os.WNOHANG) == (0, 0)} | {pid}
    for one in living:
        if os.waitpid(one, os.WNOHANG) == (0, 0):
            os.kill(one, signal.SIGTERM)
            os.waitpid(one, 0)


def become(request: dict[str, Any], out: int) -> None:
    """Take on the arguments, the environment and the output of a provider."""
    os.dup2(out, sys.stdout.fileno())
    os.close(out)
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["stub_providers", *request["arguments"]]


if __name__ == "__main__":
    fork_on_request(socket.socket(fileno=int(sys.argv[1])))
