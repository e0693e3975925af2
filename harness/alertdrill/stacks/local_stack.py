"""A stack of local processes, whatever gateway is among them: started in order, put out by drills, ended.

Whatever way the `with` block is left, the processes are ended; their logs stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from alertdrill.core.drill import Fault
from alertdrill.errors import BadInput
from alertdrill.runtime.files import write_own
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.process import Process, inherit_environment, start
from alertdrill.stacks import Endpoints
from alertdrill.stacks.configs import PROMETHEUS_CONFIG, leave_out_jobs
from alertdrill.stacks.paging_path import ZONEINFO, Plan, write_below
from alertdrill.stacks.readiness import await_ready

START_WITHIN_S = 30.0
STOP_GRACE_S = 5.0

FAULTS: frozenset[Fault] = frozenset({"pause", "stop", "kill", "restart"})


@contextmanager
def open_local_stack(
    plans: Mapping[str, Plan],
    endpoints: Endpoints,
    *,
    versions: Mapping[str, str],
    folder: Path,
    logs: Path,
    within_s: float = START_WITHIN_S,
    working_folders: Mapping[str, Path] | None = None,
    jobs: Mapping[str, str] | None = None,
) -> Iterator[LocalStack]:
    """Start every part as planned, wait until all are ready, and end them in the end.

    `folder` is the stack's own; a part is started in its working folder, if it has one. `jobs` are those of
    the scrape targets that can be taken out of Prometheus's config, by what drills call them. Raises
    ComponentFailed for a part that is not ready `within_s`.
    """
    starters = {
        part: partial(
            start,
            part,
            argv,
            env=inherit_environment(env),
            log_path=logs / f"{part}.log",
            cwd=(working_folders or {}).get(part),
        )
        for part, (argv, env) in plans.items()
    }
    stack = LocalStack(endpoints, versions, starters, folder, jobs or {})
    with ExitStack() as resources:
        resources.callback(stack.stop)
        for part in starters:
            stack.start(part)
        await_ready(endpoints, stack.check, within_s=within_s, logs=logs)
        yield stack


class LocalStack:
    """A running stack. `starters` start each part anew, as it was started at first.

    `folder` has its configurations, and a folder in which Alertmanager finds time zones.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        versions: Mapping[str, str],
        starters: Mapping[str, Callable[[], Process]],
        folder: Path,
        jobs: Mapping[str, str],
    ) -> None:
        self.endpoints = endpoints
        self.versions = versions
        self._starters = starters
        self._folder = folder
        self._jobs = jobs
        self._unlisted: dict[str, str] = {}
        self._config = (folder / PROMETHEUS_CONFIG).read_text("utf-8") if jobs else ""
        self._processes: dict[str, Process] = {}
        self._out: set[str] = set()

    @property
    def processes(self) -> tuple[Process, ...]:
        """The process of each part, the one that was started last."""
        return tuple(self._processes.values())

    def start(self, part: str) -> None:
        """Start a part; it may take a moment to be ready. Raises ComponentFailed."""
        self._processes[part] = self._starters[part]()
        self._out.discard(part)

    def begin_outage(self, part: str, how: Fault) -> None:
        """Put a part out; see `Stack.begin_outage`."""
        if how == "unlist":
            self._unlist(part)
            return
        if part not in self._processes:
            raise BadInput(f"the stack has no part {part!r}; there are: {', '.join(self._processes)}")
        if how not in FAULTS:
            raise BadInput(f"{part}: {say_no_fault(how)}")
        process = self._processes[part]
        if how == "pause":
            process.pause()
            return
        self._out.add(part)
        if how == "kill":
            process.kill()
        else:
            process.stop(STOP_GRACE_S)
        if how == "restart":
            self.start(part)

    def end_outage(self, part: str, how: Fault) -> None:
        """Let a paused part go on, or start one again that was ended."""
        if how == "unlist":
            del self._unlisted[part]
            self._write_config()
        elif how == "pause":
            self._processes[part].resume()
        elif how in ("stop", "kill"):
            self.start(part)

    def _unlist(self, part: str) -> None:
        if part not in self._jobs:
            raise BadInput(f"Prometheus has no target {part!r}; there are: {', '.join(self._jobs)}")
        self._unlisted[part] = self._jobs[part]
        self._write_config()

    def _write_config(self) -> None:
        """Let Prometheus scrape all that is not unlisted."""
        text = leave_out_jobs(self._config, self._unlisted.values())
        write_own(self._folder / PROMETHEUS_CONFIG, text)
        self._processes["prometheus"].reload()

    def set_zones(self, zones: Mapping[str, bytes]) -> None:
        """Let Alertmanager read its time intervals in these zones; see `Stack.set_zones`."""
        write_below(self._folder / ZONEINFO, zones)
        for part, url in self.endpoints.alertmanagers.items():
            Api(part, url).post("/-/reload", None)

    def set_rules(self, texts: Mapping[str, str]) -> None:
        """Let Prometheus evaluate these rules; see `Stack.set_rules`."""
        for name, text in texts.items():
            write_own(self._folder / name, text)
        self._processes["prometheus"].reload()

    def save_logs(self) -> None:
        """Do nothing: every process writes its log itself; see `Stack.save_logs`."""

    def check(self) -> None:
        """Raise ComponentFailed if a part of the stack has died that was not killed on purpose."""
        for part, process in self._processes.items():
            if part not in self._out:
                process.check()

    def stop(self) -> None:
        """End all parts, the last one started first; every one is tried."""
        with ExitStack() as ends:
            for process in self._processes.values():
                ends.callback(process.stop, STOP_GRACE_S)


def say_no_fault(how: Fault) -> str:
    """Say that no local process can be put out so."""
    return f"no local process can be put out by {how!r}"
