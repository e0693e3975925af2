"""Runs Locust as a subprocess: load profiles become a plan, the plan a run, and the run a report.

Locust itself is never imported here, because it patches the standard library for gevent.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from alertdrill.core.clock import Clock, format_s
from alertdrill.core.drill import LoadProfile
from alertdrill.core.wording import say_number
from alertdrill.errors import BadInput, ComponentFailed
from alertdrill.places import SCENARIOS
from alertdrill.runner.scenario_files import find_scenario, name_scenario
from alertdrill.runner.target import Target
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.limits import find_limit
from alertdrill.runtime.process import Process, read_last_words, start
from alertdrill.runtime.secret_files import write_secret

STOP_GRACE_S = 5.0
MAX_WORKERS = 24
"""As many shares as a test's arrivals are split into: more workers would have nothing to do."""
SECRETS = ("ALERTDRILL_ADMIN_TOKEN", "ALERTDRILL_CONTROL_TOKEN", "ALERTDRILL_TARGET_")
"""How names of variables begin that Locust needs, and its workers do not: their master tells them."""
ALWAYS = "steady"
LOGGED = re.compile(r"^\[[^\]]*\] \S+/ERROR/[\w.]+: ")
"""What stands before a sentence in Locust's log."""
BAD_PLAN = 2
"""What Locust ends with when a plan cannot be performed; its last words say why."""


class TrafficUnfinished(ComponentFailed):
    """Locust runs still, though all it had to send should have been answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileReport:
    """What became of one profile so far, in rule time; percentiles are None until there is one.

    `action_lateness_max_s` is how late the latest of what is done at an instant was done, such as telling a
    provider to fail; None where nothing was. `late` counts arrivals that left more than one scrape (15 s)
    after their instant. `latency` runs from the scheduled instant to the last byte of the answer; `slowest_s`
    are the four longest, the longest first. Status `"0"` is a request without an answer; `unwelcome` answers
    are not what the scenario is after.
    """

    planned: int
    sent: int
    late: int
    lateness_p50_s: float | None
    lateness_p99_s: float | None
    lateness_max_s: float | None
    latency_min_s: float | None
    latency_p50_s: float | None
    latency_p99_s: float | None
    slowest_s: tuple[float, ...]
    unwelcome: int
    statuses: Mapping[str, int]
    action_lateness_max_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """One load worker's stay in a run, in rule time; a worker that is lost and comes back has two.

    `left_at_s` is None, and `why` empty, for a worker that stayed. `sent` arrivals were counted as its own.
    At most `twice` were sent by it and, when it was lost, by others once more. `clock_off_s` (wall) is how
    far its clock was ahead, and was put right.
    """

    id: str
    joined_at_s: float
    left_at_s: float | None
    why: str
    sent: int
    twice: int
    clock_off_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCalls:
    """Calls of a profile to a path, `POST /v1/…`, that have no answer yet; the oldest left at `since_s`."""

    profile: str
    path: str
    calls: int
    since_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTimes:
    """How long the streamed answers of a profile kept their readers waiting, in rule time.

    `first_token` counts from the instant at which a call was due, `between_tokens` from one piece of an
    answer to the next; None where no answer had two.
    """

    streams: int
    first_token_p50_s: float
    first_token_p99_s: float
    between_tokens_p50_s: float | None
    between_tokens_p99_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficReport:
    """What Locust last reported; `done` when every profile has ended and every request has been answered.

    `workers` is empty where one process sends everything. `stalls` are from when to when (rule time) one of
    Locust's processes stood still, as it has noticed itself. `refusals` has what was first said with each
    status that a profile was not after, by profile and status, `waiting` are the calls without an answer, and
    `tokens` the times of streamed answers, by profile; of what workers sent nobody knows any of them.
    """

    done: bool = False
    profiles: Mapping[str, ProfileReport] = field(default_factory=dict)
    workers: tuple[WorkerReport, ...] = ()
    stalls: tuple[tuple[float, float], ...] = ()
    refusals: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    waiting: tuple[WaitingCalls, ...] = ()
    tokens: Mapping[str, TokenTimes] = field(default_factory=dict)

    @property
    def losses(self) -> tuple[str, ...]:
        """A sentence for each worker that was lost in mid-run."""
        return tuple(
            f"the load worker {worker.id} {worker.why} at {worker.left_at_s:.0f} s; others took over its "
            f"shares, and at most {worker.twice} arrivals were sent twice"
            for worker in self.workers
            if worker.left_at_s is not None
        )


def lead_wall_s(workers: int) -> float:
    """Return how many wall seconds Locust is given to start before its first arrival is due.

    A master looks only once a second whether its workers are there, and they start on the same cores.
    """
    return 4.0 if workers == 0 else 6.0 + 0.5 * workers


def plan(
    profiles: Sequence[LoadProfile],
    *,
    clock: Clock,
    seed: int,
    controls: Mapping[str, str],
    report: Path,
    target: Target | None = None,
) -> dict[str, Any]:
    """Return the plan that Locust is given; `start_s` of the load profiles counts from the run's origin.

    `controls` maps a provider to its control API's URL. With a `target`, a gateway that is somebody else's,
    no prefix is used. The format is in docs/reference/interfaces.md.
    """
    return {
        "speed": clock.speed,
        "origin_s": clock.origin_s,
        "seed": seed,
        "report": str(report),
        "controls": dict(controls),
        "target": None if target is None else target.describe(),
        "profiles": [
            _plan_profile(profile, prefix=profile.prefix if target is None else None) for profile in profiles
        ],
    }


class Traffic:
    """Locust, sending the arrivals of a plan to `host` from entry to exit of the `with` block.

    `plan_path` and the plan's report must be in a folder of this run's own; the report of an earlier run
    is removed. `env` is Locust's whole environment, secrets included: `ALERTDRILL_ADMIN_TOKEN` to issue
    keys, `ALERTDRILL_CONTROL_TOKEN` to tell providers something, and a target's `list_variables`. With
    `workers`, that many processes send the arrivals, and one more directs them; each worker has a log beside
    `log_path`. `files` are scenarios that are not alertdrill's own, or folders with such.
    """

    def __init__(
        self,
        plan: Mapping[str, Any],
        *,
        host: str,
        plan_path: Path,
        log_path: Path,
        env: Mapping[str, str],
        workers: int = 0,
        files: Sequence[Path] = (),
    ) -> None:
        self._plan = plan
        self._host = host
        self._plan_path = plan_path.resolve()
        self._report_path = Path(plan["report"]).resolve()
        self._log_path = log_path.resolve()
        self._env = env
        self._workers = workers
        self._files = files
        self._process: Process | None = None
        self._has_own = False
        self._worker_processes: dict[str, Process] = {}
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        """Write the plan and start Locust.

        Raises BadInput for a scenario that does not exist, ComponentFailed if Locust cannot be started.
        """
        self._report_path.unlink(missing_ok=True)
        write_secret(self._plan_path, json.dumps({**self._plan, "report": str(self._report_path)}))
        # Always one of ours: a file of the user's may have no scenario in it, and Locust then says so badly.
        scenarios = sorted({ALWAYS, *(profile["scenario"] for profile in self._plan["profiles"])})
        paths = [find_scenario(name, self._files) for name in scenarios]
        self._has_own = any(path.parent != SCENARIOS for path in paths)
        argv = [sys.executable, "-m", "locust", "-f", ",".join(map(str, paths))]
        with ExitStack() as started:
            if self._workers == 0:
                self._process = self._start(started, "Locust", [*argv, *self._say_what()], self._env)
            else:
                self._start_workers(started, argv)
            self._resources = started.pop_all()
        return self

    def _say_what(self) -> list[str]:
        """Return the options that say what is sent where."""
        return ["--headless", "--only-summary", "--host", self._host, "--plan", str(self._plan_path)]

    def _start_workers(self, started: ExitStack, argv: Sequence[str]) -> None:
        (port,) = map(str, find_free_ports(1))
        directing = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
        directing += ["--expect-workers", str(self._workers)]
        self._process = self._start(started, "Locust", [*argv, *self._say_what(), *directing], self._env)
        working = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
        told = [change.get("key_env") for profile in self._plan["profiles"] for change in profile["changes"]]
        harmless = {
            name: value
            for name, value in self._env.items()
            if not name.startswith(SECRETS) and name not in told
        }
        for number in range(1, self._workers + 1):
            name = f"worker-{number}"
            env = {**harmless, "ALERTDRILL_WORKER": name}
            self._worker_processes[name] = self._start(started, f"Locust {name}", [*argv, *working], env)

    def _start(self, started: ExitStack, name: str, argv: Sequence[str], env: Mapping[str, str]) -> Process:
        number = name.removeprefix("Locust").replace(" ", "-")
        log_path = self._log_path.with_stem(self._log_path.stem + number)
        process = start(name, argv, env=env, log_path=log_path, cwd=self._plan_path.parent)
        started.callback(process.stop, STOP_GRACE_S)
        return process

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End Locust and whatever it started."""
        self._resources.close()

    def poll(self) -> bool:
        """Return whether Locust still runs.

        Raises ComponentFailed when it has ended otherwise than by being done, or a worker before it joined.
        When one ends later, others take over: see the report.
        """
        return self._has_ended(within_s=0) is False

    def wait(self, timeout_s: float) -> TrafficReport:
        """Wait until every profile has ended, at most `timeout_s` wall seconds, and return the last report.

        Raises ComponentFailed when Locust ends otherwise, TrafficUnfinished when it does not in time.
        """
        if not self._has_ended(within_s=timeout_s):
            last = read_last_words(self._log_path)
            limit = find_limit(last)
            said = f' ("{last}"{f": {limit}" if limit else ""})' if last else ""
            raise TrafficUnfinished(
                f"Locust was not done within {timeout_s:g} s{said}{say_waiting(self.report())}; its log is "
                f"{self._log_path}"
            )
        return self.report()

    def report(self) -> TrafficReport:
        """Return what Locust last reported; an empty report before it has reported anything."""
        try:
            raw = json.loads(self._report_path.read_text())
        except FileNotFoundError:
            return TrafficReport()
        profiles = {
            name: ProfileReport(**{**profile, "slowest_s": tuple(profile["slowest_s"])})
            for name, profile in raw["profiles"].items()
        }
        workers = tuple(WorkerReport(**worker) for worker in raw["workers"])
        stalls = tuple((from_s, until_s) for from_s, until_s in raw["stalls"])
        return TrafficReport(
            done=raw["done"],
            profiles=profiles,
            workers=workers,
            stalls=stalls,
            refusals=raw["refusals"],
            waiting=tuple(WaitingCalls(**one) for one in raw["waiting"]),
            tokens={name: TokenTimes(**times) for name, times in raw["tokens"].items()},
        )

    def _has_ended(self, *, within_s: float) -> bool:
        if self._process is None:
            raise RuntimeError("Traffic is used as a context manager")
        code = self._process.wait(within_s)
        if code is None:
            self._check_workers_have_joined()
            return False
        if code != 0 or not self.report().done:
            raise self._find_failure(self._process, code)
        return True

    def _find_failure(self, process: Process, code: int) -> BadInput | ComponentFailed:
        """Return the error that Locust's end is: that of a plan or a scenario of the user's, or its own."""
        last = read_last_words(self._log_path)
        if code == BAD_PLAN and last:
            return BadInput(LOGGED.sub("", last))
        if self._has_own and not self._report_path.exists():
            return BadInput(f"the scenarios cannot be loaded: {last}; Locust's log is {self._log_path}")
        return process.failure()

    def _check_workers_have_joined(self) -> None:
        ended = {
            name: process for name, process in self._worker_processes.items() if process.poll() is not None
        }
        if ended:
            joined = {worker.id for worker in self.report().workers}
            for name, process in ended.items():
                if name not in joined:
                    raise process.failure()


def say_waiting(report: TrafficReport) -> str:
    """Say which calls have no answer, and how many were not even sent; nothing if there are none."""
    said = [
        f"{say_number(one.calls, 'call')} of {one.profile} to {one.path} without an answer, the "
        f"oldest since {format_s(one.since_s)}"
        for one in report.waiting
    ]
    seen = {one.profile for one in report.waiting}
    for name, profile in report.profiles.items():
        if name not in seen and (lacking := profile.sent - sum(profile.statuses.values())):
            said.append(f"{say_number(lacking, 'call')} of {name} without an answer")
        if unsent := profile.planned - profile.sent:
            said.append(f"{say_number(unsent, 'call')} of {name} not sent")
    return f": {'; '.join(said)}" if said else ""


def _plan_profile(profile: LoadProfile, *, prefix: str | None) -> dict[str, Any]:
    return {
        "name": profile.name,
        "scenario": name_scenario(profile.scenario),
        "start_s": profile.start_s,
        "stages": [
            {"duration_s": stage.duration_s, "rate_per_s": stage.rate_per_s} for stage in profile.stages
        ],
        "arrivals": profile.arrivals,
        **_plan_arrivals(profile),
        "changes": [
            {
                "at_s": change.at_s,
                "provider": change.provider,
                "model": change.model,
                "behaviour": dict(change.behaviour),
                **({} if change.key_env is None else {"key_env": change.key_env}),
            }
            for change in profile.changes
        ],
        "options": dict(profile.options),
        "prefix": prefix,
    }


def _plan_arrivals(profile: LoadProfile) -> dict[str, Any]:
    """Return what else there is to say of a load profile's arrivals."""
    said: dict[str, Any] = {}
    if profile.burstiness is not None:
        said["burstiness"] = profile.burstiness
    if profile.trace:
        said["trace"] = [[call.at_s, call.prompt_tokens, call.answer_tokens] for call in profile.trace]
    return said
