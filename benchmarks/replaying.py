"""How fast rules are replayed, by their number, the number of series and the time recorded."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from alertdrill.cli.commands.run_replay import make_book
from alertdrill.recording.replay.replay import replay, replay_all
from alertdrill.rules.files import RuleFile
from alertdrill.runner.golden.folder import FOLDER, read_golden
from alertdrill.runner.golden.gate import make_job
from alertdrill.systems.catalogue import list_drills, override_values
from benchmarks.made import METRICS, SCRAPE_S, make_recording, make_rules

RULES = (1, 20, 1000)
SERIES = (10, 100, 1000, 10_000)
HOURS = (3, 24)
MAX_READ = 1_500_000
"""Series read by rules, at all evaluations together: more takes too long to do at every change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """So many rules on so many series over so long; `took_s` is None where that is more than is measured."""

    rules: int
    series: int
    hours: int
    took_s: float | None = None

    @property
    def scrapes(self) -> int:
        """How many samples each series has; as often is each rule evaluated."""
        return self.hours * 3600 // SCRAPE_S

    @property
    def read(self) -> int:
        """How many series the rules read, at all evaluations together."""
        return self.rules * max(1, self.series // METRICS) * self.scrapes

    @property
    def work(self) -> int:
        """Rules times samples."""
        return self.rules * self.series * self.scrapes

    @property
    def ratio(self) -> float:
        """Seconds of rule time per second of wall time."""
        return self.hours * 3600 / (self.took_s or math.inf)


def measure_cases(promtool: Path) -> Iterator[Case]:
    """Yield each case as it has been measured."""
    for hours in HOURS:
        for series in SERIES:
            recording = None
            for rules in RULES:
                case = Case(rules=rules, series=series, hours=hours)
                if case.read > MAX_READ:
                    yield case
                    continue
                recording = recording or make_recording(series, hours * 3600)
                file = make_rules(rules, series)
                begun_s = time.monotonic()
                replay(recording, [file], promtool)
                took_s = time.monotonic() - begun_s
                yield Case(rules=rules, series=series, hours=hours, took_s=took_s)


def find_growth(cases: Sequence[Case]) -> float:
    """Return the exponent of the time in rules times samples, by least squares of the logarithms."""
    points = [(math.log(case.work), math.log(case.took_s)) for case in cases if case.took_s]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def measure_catalogue(promtool: Path) -> tuple[int, float, float] | None:
    """Return how many golden recordings there are, their seconds of rule time, and how long a replay takes.

    None if there are none.
    """
    drills = [
        drill for drill in list_drills(override_values(())) if (FOLDER / f"{drill.name}.om.gz").exists()
    ]
    if not drills:
        return None
    book = make_book(drills, override_values(()), ())
    chosen: dict[str, tuple[RuleFile, ...]] = {drill.name: book.choose(drill) for drill in drills}
    jobs = [make_job(read_golden(FOLDER, drill), drill, chosen[drill.name]) for drill in drills]
    begun_s = time.monotonic()
    replays = replay_all(jobs, promtool)
    took_s = time.monotonic() - begun_s
    return len(jobs), sum(one.timeline.until_s for one in replays), took_s
