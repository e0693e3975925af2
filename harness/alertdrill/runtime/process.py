"""Processes that the harness starts: each has a log, and none outlives the harness."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from alertdrill.errors import ComponentFailed
from alertdrill.places import IMPORT_PATH
from alertdrill.runtime.last_words import find_last_words
from alertdrill.runtime.limits import find_limit, find_limit_of

TAIL_BYTES = 256 * 1024
"""A runtime that gives up writes the stacks of all that it did after its reason."""
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Process:
    """A started component; `stop` it in the end, whatever happened."""

    def __init__(self, *, name: str, popen: subprocess.Popen[bytes], log_path: Path) -> None:
        self.name = name
        self.log_path = log_path
        self._popen = popen
        self._group_ended = False

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
        return self._popen.pid

    def poll(self) -> int | None:
        """Return the exit code (minus the signal's number if one ended it), or None while it runs."""
        return self.wait(0)

    def wait(self, timeout_s: float) -> int | None:
        """Wait for the end, at most `timeout_s` wall seconds; return as `poll` does."""
        try:
            code = self._popen.wait(timeout_s) if timeout_s > 0 else self._popen.poll()
        except subprocess.TimeoutExpired:
            return None
        if code is not None and not self._group_ended:
            # At once, because the system may give the group's number to somebody else later on.
            self._group_ended = True
            self._signal(signal.SIGKILL)
        return code

    def check(self) -> None:
        """Raise ComponentFailed if the process has ended."""
        if self.poll() is not None:
            raise self.failure()

    def pause(self) -> None:
        """Let the process and what it started stand still: it keeps its port, and answers nobody."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        self._signal(signal.SIGCONT)

    def reload(self) -> None:
        """Tell the process to read its configuration again, as those do that know SIGHUP."""
        os.kill(self.pid, signal.SIGHUP)

    def kill(self) -> None:
        """End the process and what it started at once, and wait until it is gone."""
        self._signal(signal.SIGKILL)
        self._popen.wait()
        self._group_ended = True

    def stop(self, grace_s: float = 5.0) -> None:
        """End the process and what it started: SIGTERM, at most `grace_s` wall seconds, then SIGKILL."""
        if self.poll() is not None:
            return
        self._signal(signal.SIGTERM)
        self.resume()  # a paused process hears nothing
        if self.wait(grace_s) is None:
            self.kill()

    def failure(self) -> ComponentFailed:
        """Return the error that says how the process ended, its last words and where its log is."""
        return ComponentFailed(f"{self.say_end()}; its log is {self.log_path}")

    def say_end(self) -> str:
        """Say how the process ended, its last words, and the limit that they complain of."""
        code = self.poll()
        last = read_last_words(self.log_path, was_killed=code is not None and code < 0)
        ended = _describe_end(code)
        limit = find_limit(f"{ended}: {last}")
        said = (f' ("{last}")' if last else "") + (f": {limit}" if limit else "")
        return f"{self.name} {ended}{said}"

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def start(
    name: str, argv: Sequence[str], *, env: Mapping[str, str], log_path: Path, cwd: Path | None = None
) -> Process:
    """Start a component with exactly the environment `env`; its output is appended to `log_path`.

    It gets a session of its own, so that a terminal's Ctrl-C does not reach it, and the kernel kills it
    when the calling thread ends (Linux): call this from a thread that lives as long as the component.
    Raises ComponentFailed when the program cannot be started.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        try:
            popen = subprocess.Popen(  # noqa: S603 - the harness's own command lines, without a shell
                argv,
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )
        except OSError as error:
            limit = find_limit_of(error)
            why = f"{error.strerror}: {limit}" if limit else f"{error.strerror}: {argv[0]}"
            raise ComponentFailed(f"{name} could not be started: {why}") from error
    return Process(name=name, popen=popen, log_path=log_path)


def read_last_words(path: Path, *, was_killed: bool = False) -> str:
    """Return the line of a log that says why its program ended, as `find_last_words` has it."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - TAIL_BYTES))
            tail = log.read().decode(errors="replace")
    except OSError:
        return ""
    return find_last_words(tail, was_killed=was_killed)


def _describe_end(code: int | None) -> str:
    if code is None:
        return "is still running"
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _die_with_parent() -> Callable[[], None] | None:
    """Return what the child does before it becomes the component, where the system offers it.

    Only ready-made system calls, because a fork of a program with threads may do little else.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask_to_be_killed() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # The parent may have died before the kernel was asked.
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return ask_to_be_killed


def inherit_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a part of the stack: ours without proxies, with our packages in reach."""
    environ = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**environ, "PYTHONPATH": os.pathsep.join(map(str, IMPORT_PATH)), **extra}
