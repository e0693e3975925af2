"""`python -m fuzz`: runs the fuzzers for as long as told; exit 1 if they find anything.

Every round has a number, its seed, and makes the same cases whenever it is run with it.
"""

from __future__ import annotations

import argparse
import importlib
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

from fuzz.finding import Tried

FUZZERS = ("inputs", "outputs", "requests", "mail", "faults")
"""By module; each has `fuzz(seed)`."""
DEFAULT_S = 60.0


def main(arguments: Sequence[str]) -> int:
    """Run the fuzzers that are named, or all, each for its share of the time; return the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # and nothing is left
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="FUZZER", help=f"of {', '.join(FUZZERS)}; all otherwise")
    parser.add_argument("--seconds", type=float, default=DEFAULT_S, help="for how long, all together")
    parser.add_argument("--seed", type=int, help="of the first round; any otherwise")
    parser.add_argument("--rounds", type=int, help="so many of each fuzzer, however long they take")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(FUZZERS):
        parser.error(f"there is no fuzzer {', '.join(sorted(unknown))}; there are {', '.join(FUZZERS)}")
    names = options.names or FUZZERS
    seed = random.randrange(1_000_000) if options.seed is None else options.seed  # noqa: S311 - no secret
    found = 0
    for name in names:
        found += run(name, seed, options.seconds / len(names), options.rounds)
    print(f"{found} found")  # noqa: T201 - it reports to a terminal
    return 1 if found else 0


def run(name: str, seed: int, for_s: float, rounds: int | None) -> int:
    """Run one fuzzer, a round at least, and say what it tried and found; return how much that is."""
    fuzz: Callable[[int], Tried] = importlib.import_module(f"fuzz.{name}").fuzz
    give_up_at = time.monotonic() + for_s
    outcomes: Counter[str] = Counter()
    found = number = 0
    while number < rounds if rounds is not None else not number or time.monotonic() < give_up_at:
        tried = fuzz(seed + number)
        outcomes.update(tried.outcomes)
        if tried.line:
            print(f"{name} {seed + number}: {tried.line}", flush=True)  # noqa: T201
        for finding in tried.findings:
            again = f"python -m fuzz {name} --seed {seed + number} --rounds 1"
            print(finding.describe(again), flush=True)  # noqa: T201
        found += len(tried.findings)
        number += 1
    print(f"{name}: {number} rounds from seed {seed} on, {outcomes.total()} cases", flush=True)  # noqa: T201
    for outcome, count in sorted(outcomes.items()):
        print(f"  {count:6} {outcome}", flush=True)  # noqa: T201
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
