"""Run a command in what others leave idle: `give_way.py pytest tests`. Its exit code is the command's.

`nice` alone does that only among the processes of one session where Linux shares time between sessions first
(sched(7), "The autogroup feature"). So the command gets a session of its own, which is niced, too. What it
starts may have others; but all of it is of the policy SCHED_IDLE, which whoever wakes up interrupts.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

LEAST = 19


def main(command: list[str]) -> None:
    """Become the command, at the lowest priority."""
    # Whoever leads a group already, as what a shell with job control starts does, cannot lead a session.
    with suppress(PermissionError):
        os.setsid()
        # Not there, or not to be written: only Linux has it, and not every Linux.
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(f"{LEAST}\n")
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    os.nice(LEAST)
    os.execvp(command[0], command)  # noqa: S606 # no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
