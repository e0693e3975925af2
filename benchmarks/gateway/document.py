"""The document: what was measured, as numbers and as ratios, each beside its goal."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.gateway.asking import LASTS_S, Asked
from benchmarks.gateway.scraping import Scrape

CONNECTIONS = (1, 32, 128, 256)
NAMES = {"echo": "bare aiohttp", "stub": "stub alone", "gateway": "gateway", "litellm": "LiteLLM"}
GOAL_PER_S = 2_500
GOAL_OF_STUB = 0.4
GOAL_OF_LITELLM = 25
GOAL_TAIL = 5
TAIL_AT = 128
MADE = "<!-- Made by `make bench`; measure anew instead of changing it. -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A server that is asked over so many connections, for streams or for whole answers."""

    name: str
    connections: int
    stream: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything that was measured; `load` is the load average before, `cores` how many there are."""

    load: float
    cores: int
    asked: Mapping[Case, Asked]
    scrapes: Sequence[Scrape]

    def find(self, name: str, connections: int, *, stream: bool = False) -> Asked | None:
        """Return what came of a case; None if it was not measured."""
        return self.asked.get(Case(name=name, connections=connections, stream=stream))


def write(figures: Figures) -> Iterator[str]:
    """Yield the lines of the document."""
    has_litellm = any(case.name == "litellm" for case in figures.asked)
    yield from ("# Benchmarks: gateway", "", MADE, "")
    yield f"On {figures.cores} cores with Python {platform.python_version()}; the load average was"
    yield f"{figures.load:.1f} before. All in one run, one after the other: what is measured has a core"
    yield "of its own where there are two, and who asks, and the stub behind a gateway, have the others."
    yield "Each connection asks again as soon as it is answered; the stub answers at once. The gateway"
    yield "serves the metrics of all five systems, and writes its trace."
    if not has_litellm:
        yield ""
        yield "LiteLLM is not in this run, for it is not installed. `make test EVERY=1` installs it into the"
        yield "cache, for its example, where a package index is within reach."
    yield ""
    yield "To repeat it: `make bench`, or this alone, `.venv/bin/python -m benchmarks.gateway`. Each figure"
    yield f"is of {LASTS_S:.0f} s or more after one that is not counted. Ratios, and CPU per call, say more"
    yield "than absolute figures where something else is running."
    for stream in (False, True):
        yield from ("", "## Streamed" if stream else "## Plain", "")
        yield from _write_table(figures, stream=stream)
    yield from ("", "## Goals", "")
    yield from _write_goals(figures, has_litellm=has_litellm)
    yield from ("", "## Scrapes", "")
    yield "`/metrics`, with the metrics of all systems: the middle of nine scrapes. A gateway has more than a"
    yield "hundred series before anybody calls; more come of keys, users and teams."
    yield from ("", "| series | time | size | a series |", "|---|---|---|---|")
    for scrape in figures.scrapes:
        each_us = scrape.took_s / scrape.series * 1e6
        size = f"{scrape.size / 1024:,.0f} KiB"
        yield f"| {scrape.series:,} | {scrape.took_s * 1000:,.1f} ms | {size} | {each_us:.1f} µs |"


def _write_table(figures: Figures, *, stream: bool) -> Iterator[str]:
    yield "*Added* is what a call takes longer than one to the stub alone over as many connections; *of the"
    yield "stub*, the share of its answers a second; *CPU*, what the server's process spends on a call."
    yield ""
    yield "| server | connections | a second | of the stub | p50 | p99 | added, p50 | added, p99 | CPU |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, shown in NAMES.items():
        for connections in CONNECTIONS:
            asked = figures.find(name, connections, stream=stream)
            stub = figures.find("stub", connections, stream=stream)
            if asked is None or stub is None:
                continue
            is_before_stub = name in ("gateway", "litellm")
            p50, p99 = asked.p50_s - stub.p50_s, asked.p99_s - stub.p99_s
            added = f"{_ms(p50)} | {_ms(p99)}" if is_before_stub else "- | -"
            yield (
                f"| {shown} | {connections} | {asked.per_s:,.0f} | {asked.per_s / stub.per_s:.0%} "
                f"| {_ms(asked.p50_s)} | {_ms(asked.p99_s)} | {added} | {asked.cpu_us:,.0f} µs |"
            )


def _write_goals(figures: Figures, *, has_litellm: bool) -> Iterator[str]:
    """Yield what is aimed at on two quiet cores, and how far it is."""
    yield "Of two quiet cores, plain."
    yield ""
    yield "| what | goal | measured |"
    yield "|---|---|---|"
    ours = {count: asked for count in CONNECTIONS if (asked := figures.find("gateway", count))}
    stubs = {count: asked for count in CONNECTIONS if (asked := figures.find("stub", count))}
    best = max(ours, key=lambda count: ours[count].per_s)
    shares = ", ".join(f"{ours[count].per_s / stubs[count].per_s:.0%}" for count in CONNECTIONS)
    heads = ", ".join(map(str, CONNECTIONS))
    yield (
        f"| answers a second on one core, at its best ({best} connections) | {GOAL_PER_S:,} "
        f"| {ours[best].per_s:,.0f} |"
    )
    yield f"| of what the stub alone answers, with {heads} connections | {GOAL_OF_STUB:.0%} | {shares} |"
    tail = ours[TAIL_AT].p99_s / ours[TAIL_AT].p50_s
    yield f"| p99 with {TAIL_AT} connections, of p50 | at most {GOAL_TAIL} times | {tail:.1f} times |"
    if has_litellm:
        times = ", ".join(
            f"{ours[count].per_s / other.per_s:,.0f}"
            for count in CONNECTIONS
            if (other := figures.find("litellm", count))
        )
        yield f"| times what LiteLLM answers, with {heads} connections | {GOAL_OF_LITELLM} | {times} |"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms"
