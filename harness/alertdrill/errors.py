"""Everything that alertdrill raises on purpose.

    AlertdrillError
    ├── BadInput             exit 2: what the user gave cannot be used
    │   ├── BadRules         a rule file: file, line and why
    │   ├── CannotWrite      a file, a folder or standard output cannot be written
    │   └── MissingEngine    prometheus, promtool, alertmanager or amtool cannot be had
    ├── CouldNotTell         exit 3: no verdict can be trusted
    │   ├── ComponentFailed  a process of the stack did not start, died, or could not be reached
    │   │   ├── RequestRefused   it answered with an error of HTTP
    │   │   └── ComponentSilent  it answered nothing
    │   ├── LimitReached     this machine lets a process have too little of something
    │   └── ClockDoubted     scrapes, arrivals or the gateway came too late
    └── ReaderLeft           exit 141: who read the output is gone, as `head` is after ten lines

An expectation that is not met is a finding, not an error (exit 1). Each message is one sentence that a
user can act on; the command line prints it without a traceback.
"""

from __future__ import annotations


class AlertdrillError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line exits with."""

    exit_code = 3


class BadInput(AlertdrillError):
    """What the user gave cannot be used."""

    exit_code = 2


class BadRules(BadInput):
    """A rule file that cannot be read, parsed or dilated; the message starts with `file:line: `."""


class CannotWrite(BadInput):
    """What a command writes cannot be written there: a file, a folder, or standard output."""


class MissingEngine(BadInput):
    """One of the four binaries cannot be had; the message says what to install."""


class CouldNotTell(AlertdrillError):
    """The run broke, or cannot be trusted: neither a pass nor a failure."""


class ComponentFailed(CouldNotTell):
    """A process of the stack did not start, died, or could not be reached; names it and its log."""


class LimitReached(CouldNotTell):
    """A limit of the machine ended something; says what there is too little of, and which `ulimit` it is."""


class RequestRefused(ComponentFailed):
    """A component answered a request with an error; `status` is HTTP's."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class ComponentSilent(ComponentFailed):
    """A component that was asked answered nothing, or not in time."""


class ClockDoubted(CouldNotTell):
    """Scrapes, arrivals or the gateway's own overhead were later than the verdicts can bear."""


class ReaderLeft(AlertdrillError):
    """Who read the output is gone; that ends a command, as SIGPIPE ends others, and nothing is said."""

    exit_code = 141  # what shells have for SIGPIPE
