"""`python -m benchmarks`: measures, and writes docs/reference/benchmarks.md."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from alertdrill.rules.dilation.files import dilate_rules
from alertdrill.runtime.binaries import Engines, find_engines
from benchmarks.made import METRICS, make_rules
from benchmarks.replaying import MAX_READ, RULES, Case, find_growth, measure_cases, measure_catalogue

WRITTEN = Path("docs") / "reference" / "benchmarks.md"
GOAL = 50_000
DILATED_RULES = 1000


def measure_dilation() -> float:
    """Return how many seconds dilating a file of a thousand rules takes."""
    file = make_rules(DILATED_RULES, METRICS)
    begun_s = time.monotonic()
    dilate_rules(file, 60.0)
    return time.monotonic() - begun_s


def write(
    cases: Sequence[Case], catalogue: tuple[int, float, float] | None, dilation_s: float, engines: Engines
) -> Iterator[str]:
    """Yield the lines of the document."""
    cores = len(os.sched_getaffinity(0))
    versions = f"Python {platform.python_version()}, promtool {engines.versions['prometheus']}"
    yield "# Benchmarks"
    yield ""
    yield f"Written by `make bench`, on {cores} cores with {versions}. Wall time, whatever else was running."
    yield ""
    yield "## Replay"
    yield ""
    yield "How many seconds of rule time are replayed in a second, and how long that took. Each rule is an"
    yield f"alert on `sum by (job) (rate(m[5m]))` of one of {METRICS} metrics, every 15 s; series are scraped"
    yield f"as often. What reads more than {MAX_READ:,} series, at all evaluations together, is left out (-):"
    yield "promtool evaluates one rule after the other, and each takes what it takes in Prometheus."
    yield ""
    yield "| recorded | series | " + " | ".join(f"rules: {count:,}" for count in RULES) + " |"
    yield "|---|---|---|---|---|"
    rows: dict[tuple[int, int], list[str]] = {}
    for case in cases:
        cell = "-" if case.took_s is None else f"{case.ratio:,.0f} ({case.took_s:.1f} s)"
        rows.setdefault((case.hours, case.series), []).append(cell)
    for (hours, series), cells in rows.items():
        yield f"| {hours} h | {series:,} | " + " | ".join(cells) + " |"
    yield ""
    yield f"Time grows with rules times samples to the power of {find_growth(cases):.2f}; 1 would be linear."
    yield ""
    yield "## The catalogue"
    yield ""
    if catalogue is None:
        yield "There are no golden recordings to replay."
    else:
        drills, rule_s, took_s = catalogue
        yield f"The golden recordings of {drills} drills, {rule_s / 3600:.1f} h of rule time, are replayed in"
        yield f"{took_s:.1f} s: {rule_s / took_s:,.0f} times real time. The goal is {GOAL:,}."
    yield ""
    yield "## Dilation"
    yield ""
    yield f"A file of {DILATED_RULES:,} rules is dilated in {dilation_s:.2f} s. The goal is a second."


def main() -> None:
    """Measure everything, telling on standard error what was measured, and write the document."""
    engines = find_engines(os.environ)
    catalogue = measure_catalogue(engines.promtool)
    dilation_s = measure_dilation()
    cases = []
    for case in measure_cases(engines.promtool):
        cases.append(case)
        print(case, file=sys.stderr)  # noqa: T201 - a program of its own
    WRITTEN.write_text("\n".join(write(cases, catalogue, dilation_s, engines)) + "\n")


if __name__ == "__main__":
    main()
