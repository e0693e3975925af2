"""`python -m benchmarks.sending`: measures how traffic is sent, and writes docs/reference/benchmarks-load.md.

How punctual arrivals are, and how many go a second beside a bare user of Locust, as a server sees it.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from alertdrill.core.drill import LoadProfile, LoadStage
from alertdrill.runner.hand_traffic import HandOrder, send
from alertdrill.runner.target import Target
from alertdrill.runner.traffic import TrafficReport
from alertdrill.runtime.process import inherit_environment

WRITTEN = Path("docs") / "reference" / "benchmarks-load.md"
RATES = (100, 500, 1_000, 2_000)
LASTS_S = 10.0
ROUNDS = 3
USERS = 64
"""More bare users are not quicker."""
MOST_CALLS = 12_000
BODY = {
    "model": "m",
    "messages": [{"role": "user", "content": "x" * 400}],
    "max_tokens": 256,
    "stream": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Punctuality:
    """How one rate was kept: arrivals a second that were wanted, and those that the server saw."""

    wanted_per_s: float
    seen_per_s: float
    lateness_p50_s: float
    lateness_p99_s: float

    def __str__(self) -> str:
        off = self.seen_per_s / self.wanted_per_s - 1
        late = f"{self.lateness_p50_s * 1000:.2f} ms | {self.lateness_p99_s * 1000:.2f} ms"
        return f"| {self.wanted_per_s:,.0f} | {self.seen_per_s:,.1f} | {off:+.2%} | {late} |"


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Requests a second of our users and of a bare one, in one round."""

    ours_per_s: float
    bare_per_s: float

    @property
    def ratio(self) -> float:
        """How much of what a bare user sends ours send."""
        return self.ours_per_s / self.bare_per_s


def measure_punctuality() -> Iterator[Punctuality]:
    """Send each rate for ten seconds, evenly spaced, and yield how it was kept."""
    with _serve() as host:
        for rate in RATES:
            report = _send(host, rate, LASTS_S)
            profile = report.profiles["steady"]
            yield Punctuality(
                wanted_per_s=rate,
                seen_per_s=_read_rate(host),
                lateness_p50_s=profile.lateness_p50_s or 0.0,
                lateness_p99_s=profile.lateness_p99_s or 0.0,
            )


def measure_throughput() -> Throughput:
    """Send as much as goes, by our users and by a bare one in turn; return the round in the middle."""
    with _serve() as host:
        rounds = []
        for _ in range(ROUNDS):
            bare = _send_bare(host)
            # More than goes: all of it is late, and leaves as soon as it can.
            _send(host, 10_000, MOST_CALLS / 10_000)
            rounds.append(Throughput(ours_per_s=_read_rate(host), bare_per_s=bare))
    middle = median(one.ratio for one in rounds)
    return next(one for one in rounds if one.ratio == middle)


@contextmanager
def _serve() -> Iterator[str]:
    """Run the server, and yield where it is."""
    argv = [sys.executable, "-m", "benchmarks.bare_server"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - our own program
        try:
            port = server.stdout.readline() if server.stdout else ""
            yield f"http://127.0.0.1:{int(port)}"
        finally:
            server.terminate()


def _send(host: str, rate: float, lasts_s: float) -> TrafficReport:
    profile = LoadProfile(
        name="steady",
        scenario="steady",
        start_s=0.0,
        stages=(LoadStage(duration_s=lasts_s, rate_per_s=rate),),
        options={"models": ["m"]},
    )
    order = HandOrder(profile=profile, host=host, target=Target(token=None), speed=1.0)
    with tempfile.TemporaryDirectory() as folder:
        _read_rate(host)
        return send(order, Path(folder), Path(folder) / "locust.log", lambda _: None)


def _send_bare(host: str) -> float:
    """Return how many requests a second a bare user of Locust sends."""
    argv = [sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("bare_user.py")), "--headless"]
    argv += ["--host", host, "-u", str(USERS), "-r", str(USERS), "--run-time", "6s", "--only-summary"]
    environ = inherit_environment({"BENCHMARK_BODY": json.dumps(BODY)})
    _read_rate(host)
    subprocess.run(argv, env=environ, check=True, capture_output=True)  # noqa: S603 - Locust, on this machine
    return _read_rate(host)


def _read_rate(host: str) -> float:
    """Return how many requests a second came since this was asked last, from the first to the last."""
    with urlopen(f"{host}/came") as answer:  # noqa: S310 - our own server
        came = json.load(answer)
    took_s = came["last_s"] - came["first_s"]
    return (came["count"] - 1) / took_s if took_s else 0.0


def write(kept: Sequence[Punctuality], sent: Throughput, load: float) -> Iterator[str]:
    """Yield the lines of the document; `load` is how many programs wanted a core before it began."""
    cores = len(os.sched_getaffinity(0))
    yield "# Benchmarks: load"
    yield ""
    yield f"Written by `make bench`, on {cores} cores with Python {platform.python_version()};"
    yield f"the load average was {load:.1f} before. Locust shares the cores with a server"
    yield "that answers at once."
    yield ""
    yield f"Arrivals, evenly spaced for {LASTS_S:.0f} s, as the server counts them, and how long after its"
    yield "instant each left. Goals, on a quiet machine: within 1%, a p99 under 5 ms, at 500 a second."
    yield ""
    yield "| wanted a second | seen a second | off by | late, median | late, p99 |"
    yield "|---|---|---|---|---|"
    yield from map(str, kept)
    yield ""
    yield f"As many calls as go: {sent.ours_per_s:,.0f} a second by the user of a scenario, whose calls are"
    yield f"all overdue, and {sent.bare_per_s:,.0f} by {USERS} bare users of Locust's FastHttpUser, which do"
    yield f"nothing but ask: {sent.ratio:.0%}. The goal is 80%. It is the middle of {ROUNDS} rounds; in each"
    yield "both were measured, one after the other."


def main() -> None:
    """Measure, and write the document."""
    load = os.getloadavg()[0]
    kept = list(measure_punctuality())
    WRITTEN.write_text("\n".join(write(kept, measure_throughput(), load)) + "\n")


if __name__ == "__main__":
    main()
