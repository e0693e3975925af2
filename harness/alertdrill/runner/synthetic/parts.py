"""A part that is started for one command: a local process in the command's own temporary folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alertdrill.errors import ComponentFailed
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.process import Process, inherit_environment, read_last_words, start

READY_WITHIN_S = 30.0
POLL_S = 0.05
STOP_GRACE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """How a part is started, and where it says that it is ready."""

    name: str
    argv: Sequence[str]
    url: str
    ready_path: str
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def log_path(self) -> Path:
        """What it says, in the folder that goes when the command is done."""
        return self.folder / f"{self.name}.log"

    def start(self) -> Process:
        """Start it and wait until it is ready. Raises ComponentFailed with its last words."""
        process = self.begin()
        try:
            self.await_ready(process)
        except BaseException:
            process.stop(STOP_GRACE_S)
            raise
        return process

    def begin(self) -> Process:
        """Start it; it takes a moment to be ready. Raises ComponentFailed when that cannot be done."""
        return start(self.name, self.argv, env=inherit_environment(self.env), log_path=self.log_path)

    def await_ready(self, process: Process) -> None:
        """Wait until it is ready. Raises ComponentFailed with its last words."""
        api = Api(self.name, self.url)
        give_up_at = time.monotonic() + READY_WITHIN_S
        while True:
            # The log goes with the folder, so the message has its last line instead of its name.
            if process.poll() is not None:
                raise ComponentFailed(f"{self.name} did not start: {self._quote()}")
            try:
                api.get(self.ready_path)
            except ComponentFailed:
                if time.monotonic() > give_up_at:
                    raise ComponentFailed(
                        f"{self.name} was not ready within {READY_WITHIN_S:.0f} s: {self._quote()}"
                    ) from None
                time.sleep(POLL_S)
            else:
                return

    def _quote(self) -> str:
        """Return its last words."""
        return read_last_words(self.log_path) or "it said nothing of why"


@contextmanager
def running(part: Worker) -> Iterator[Process]:
    """Run a part for the length of a block."""
    with beginning(part) as process:
        part.await_ready(process)
        yield process


@contextmanager
def beginning(part: Worker) -> Iterator[Process]:
    """Run a part for the length of a block, at whose beginning it may not be ready yet.

    Nobody needs what it would do when it is asked to end, such as to wait for connections.
    """
    process = part.begin()
    try:
        yield process
    finally:
        process.kill()
