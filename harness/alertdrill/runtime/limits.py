"""Which limit of this machine it was that something failed by: the shell's `ulimit`, in a sentence."""

from __future__ import annotations

import errno
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alertdrill.errors import LimitReached


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit of a process: what `ulimit` calls it, how many of what it is, and what one of them is.

    `lack` is what is said of one that is too low.
    """

    resource: int
    flag: str
    noun: str
    unit: int = 1
    lack: str = "too few"

    def describe(self) -> str | None:
        """Say what it is set to; None where it is not set."""
        soft, _ = resource.getrlimit(self.resource)
        if soft == resource.RLIM_INFINITY:
            return None
        return f"at most {soft // self.unit} {self.noun} ({self.flag})"


FILES = Limit(resource=resource.RLIMIT_NOFILE, flag="ulimit -n", noun="open files")
MEMORY = Limit(
    resource=resource.RLIMIT_AS, flag="ulimit -v", noun="MB of memory", unit=1_000_000, lack="too little"
)
FILE_SIZE = Limit(
    resource=resource.RLIMIT_FSIZE, flag="ulimit -f", noun="KiB in a file", unit=1024, lack="too little"
)
PROCESSES = Limit(resource=resource.RLIMIT_NPROC, flag="ulimit -u", noun="processes and threads")

MAX_FILES = 65_536
LEAST_FILES = 256
"""Of a part of the stack, which has a connection open for each call that waits for its answer."""
LEAST_FILES_OF_ONE = 64
"""Of a server that is asked by hand, or by one other."""
TASKS = Path("/proc/loadavg")
"""Has how many processes and threads there are on this machine, all users' together."""

_SIGNS = (
    (re.compile(r"too many open files|: error 24\b", re.IGNORECASE), (FILES,), "open files"),
    (
        re.compile(r"out of memory|cannot allocate memory|failed to (?:reserve|map) ", re.IGNORECASE),
        (MEMORY,),
        "memory",
    ),
    # Without such a limit it is the file system that takes no larger file, which is said already.
    (re.compile(r"file too large|SIGXFSZ|panic: preallocate", re.IGNORECASE), (FILE_SIZE,), ""),
    # A thread that finds no memory for its stack is refused in the same words.
    (
        re.compile(r"resource temporarily unavailable|can't start new thread|new OS thread", re.IGNORECASE),
        (MEMORY, PROCESSES),
        "processes and threads",
    ),
)
_OF_ERRORS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EFBIG}


def find_limit(said: str) -> str | None:
    """Return a sentence on the limit that a program complains of in its last words; None if it is of none."""
    for sign, limits, noun in _SIGNS:
        if sign.search(said):
            near = [limit for limit in limits if limit is not PROCESSES or _may_be_reached(limit)]
            stated = {limit: text for limit in near if (text := limit.describe())}
            if not stated:
                return f"this machine has no more {noun} for it" if noun else None
            lack = next(iter(stated)).lack
            return f"a process may have {', or '.join(stated.values())} here, which is {lack}"
    return None


def _may_be_reached(limit: Limit) -> bool:
    """Whether there are as many processes and threads as a user may have, as far as that is known."""
    try:
        tasks = int(TASKS.read_text().split()[3].partition("/")[2])
    except (OSError, ValueError, IndexError):
        return True
    return tasks >= resource.getrlimit(limit.resource)[0]


def find_limit_of(error: BaseException) -> str | None:
    """Return a sentence on the limit that an error of our own comes from; None if it comes from none."""
    if isinstance(error, MemoryError):
        return find_limit("out of memory")
    if isinstance(error, OSError):
        return find_limit(error.strerror or "") if error.errno in _OF_ERRORS else None
    return find_limit(str(error)) if isinstance(error, RuntimeError) else None


def say_cause(error: OSError) -> str:
    """Say why the system refused something, with the limit that it comes from."""
    limit = find_limit_of(error)
    return f"{error.strerror or error}" + (f": {limit}" if limit else "")


def demand_files(what: str = "stack", least: int = LEAST_FILES) -> None:
    """Let this process, and what it starts, open as many files as it may; raises LimitReached if that is few.

    A server that may open no more closes connections as they come, and neither side can say why.
    """
    soft, hard = resource.getrlimit(FILES.resource)
    most = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(FILES.resource, (most, hard))
    if most < least:
        raise LimitReached(
            f"no {what} can be started: "
            f"a process may have {FILES.describe()} here, and a {what} wants {least}"
        )


@contextmanager
def naming_limits() -> Iterator[None]:
    """Raise LimitReached in place of an error in the block that comes from a limit."""
    try:
        yield
    except (MemoryError, OSError, RuntimeError) as error:
        limit = find_limit_of(error)
        if limit is None or (isinstance(error, OSError) and error.errno == errno.EFBIG):
            raise  # what cannot be written is bad input, whatever it is that has no room
        raise LimitReached(f"this process cannot go on: {limit}") from error
