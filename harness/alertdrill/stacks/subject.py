"""What drills are held on: the reference gateway with the systems that it serves, or somebody's own."""

from __future__ import annotations

from dataclasses import dataclass

from alertdrill.core.parts import PARTS, PROVIDERS, SCRAPE_INTERVAL_S
from alertdrill.systems import find_served


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A scrape job, scraped every `interval_s` of rule time; drills of `system` depend on it."""

    system: str
    name: str
    interval_s: float = SCRAPE_INTERVAL_S
    path: str = ""
    """Where its targets are scraped, if a project says so."""
    instance: str | None = None
    """Which of the job's targets is meant, where it has others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is drilled: the `parts` that its stack consists of, the names of its stub `providers`, its `jobs`.

    One that `keeps_rule_time` runs as many times as fast as the rules do, each of its systems has a prefix,
    and it can be probed under one that no system hears. Any other runs in wall time, as its providers do; it
    is not probed, for its metrics would show that.
    """

    parts: tuple[str, ...]
    providers: tuple[str, ...]
    jobs: tuple[Job, ...]
    keeps_rule_time: bool
    runs_already: frozenset[str] = frozenset()
    """The parts that are somebody's own and ran before: nothing is done to them, and they know of more."""
    receivers: frozenset[str] | None = None
    """The receivers whose pages are seen; None for all."""


def find_reference_subject() -> Subject:
    """Return the reference gateway and the systems that it serves."""
    return Subject(
        parts=PARTS,
        providers=tuple(PROVIDERS),
        jobs=tuple(Job(system=system.name, name=system.job) for system in find_served()),
        keeps_rule_time=True,
    )
