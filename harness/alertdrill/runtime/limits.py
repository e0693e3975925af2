"""Which limit of this machine it was that something failed by: the shell's `ulimit`, in a sentence."""

from __future__ import annotations

import errno
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from alertdrill.errors import LimitReached


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit of a process: what `ulimit` calls it, how many of what it is, and what one of them is."""

    resource: int
    flag: str
    noun: str
    unit: int = 1

    def describe(self) -> str | None:
        """Say what it is set to; None where it is not set."""
        soft, _ = resource.getrlimit(self.resource)
        if soft == resource.RLIM_INFINITY:
            return None
        return f"at most {soft // self.unit} {self.noun} ({self.flag})"


FILES = Limit(resource=resource.RLIMIT_NOFILE, flag="ulimit -n", noun="open files")
MEMORY = Limit(resource=resource.RLIMIT_AS, flag="ulimit -v", noun="MB of memory", unit=1_000_000)
PROCESSES = Limit(resource=resource.RLIMIT_NPROC, flag="ulimit -u", noun="processes and threads")

MAX_FILES = 65_536
LEAST_FILES = 256
"""Of a part of the stack, which has a connection open for each call that waits for its answer."""

_SIGNS = (
    (re.compile(r"too many open files|: error 24\b", re.IGNORECASE), (FILES,), "open files"),
    (
        re.compile(r"out of memory|cannot allocate memory|failed to (?:reserve|map) ", re.IGNORECASE),
        (MEMORY,),
        "memory",
    ),
    # A thread that finds no memory for its stack is refused in the same words.
    (
        re.compile(r"resource temporarily unavailable|can't start new thread|new OS thread", re.IGNORECASE),
        (MEMORY, PROCESSES),
        "processes and threads",
    ),
)
_OF_ERRORS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}


def find_limit(said: str) -> str | None:
    """Return a sentence on the limit that a program complains of in its last words; None if it is of none."""
    for sign, limits, noun in _SIGNS:
        if sign.search(said):
            stated = [text for limit in limits if (text := limit.describe())]
            if not stated:
                return f"this machine has no more {noun} for it"
            return f"a process may have {', or '.join(stated)} here, which is too few"
    return None


def find_limit_of(error: BaseException) -> str | None:
    """Return a sentence on the limit that an error of our own comes from; None if it comes from none."""
    if isinstance(error, MemoryError):
        return find_limit("out of memory")
    if isinstance(error, OSError):
        return find_limit(error.strerror or "") if error.errno in _OF_ERRORS else None
    return find_limit(str(error)) if isinstance(error, RuntimeError) else None


def demand_files(least: int = LEAST_FILES) -> None:
    """Let this process, and what it starts, open as many files as it may; raises LimitReached if that is few.

    A server that may open no more closes connections as they come, and neither side can say why.
    """
    soft, hard = resource.getrlimit(FILES.resource)
    most = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(FILES.resource, (most, hard))
    if most < least:
        raise LimitReached(
            f"no stack can be started: a process may have {FILES.describe()} here, and a stack wants {least}"
        )


@contextmanager
def naming_limits() -> Iterator[None]:
    """Raise LimitReached in place of an error in the block that comes from a limit."""
    try:
        yield
    except (MemoryError, OSError, RuntimeError) as error:
        limit = find_limit_of(error)
        if limit is None:
            raise
        raise LimitReached(f"this process cannot go on: {limit}") from error
