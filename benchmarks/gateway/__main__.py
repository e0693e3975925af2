"""`python -m benchmarks.gateway`: measures, and writes docs/reference/benchmarks-gateway.md."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import uvloop

from benchmarks.gateway.asking import Asked, ask, frame_call
from benchmarks.gateway.document import CONNECTIONS, Case, Figures, write
from benchmarks.gateway.scraping import Scrape, measure_scrapes
from benchmarks.gateway.serving import (
    HOST,
    TOKEN,
    Server,
    serve_echo,
    serve_gateway,
    serve_litellm,
    serve_stub,
    split_cores,
)

WRITTEN = Path("docs") / "reference" / "benchmarks-gateway.md"
MODELS = {"litellm": "chat"}
"""What LiteLLM's configuration calls the model that all others know as `gpt-4.1`."""


def measure(server: Server) -> Iterator[tuple[Case, Asked]]:
    """Yield each case of a server as it has been measured; none that is hardly answered."""
    for stream in (False, True):
        body = {
            "model": MODELS.get(server.name, "gpt-4.1"),
            "messages": [{"role": "user", "content": "x" * 400}],
            "max_tokens": 16,
            "stream": stream,
        }
        call = frame_call(f"{HOST}:{server.port}", TOKEN, body)
        for connections in CONNECTIONS:
            case = Case(name=server.name, connections=connections, stream=stream)
            asked = uvloop.run(ask((HOST, server.port), call, connections, server.read_cpu_s))
            print(case, asked and f"{asked.per_s:,.0f}/s", file=sys.stderr)  # noqa: T201 - a program of its own
            if asked is not None:
                yield case, asked


async def scrape(gateway: Server) -> list[Scrape]:
    """Return what scrapes of a gateway come to."""
    return [one async for one in measure_scrapes(gateway)]


def main() -> None:
    """Measure everything, telling on standard error what was measured, and write the document."""
    load = os.getloadavg()[0]
    measured, others = split_cores()
    cores = len(os.sched_getaffinity(0))
    asked: dict[Case, Asked] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.sched_setaffinity(0, others)
        for serve in (serve_echo, serve_stub):
            with serve(folder, measured) as server:
                asked |= measure(server)
        stub = stack.enter_context(serve_stub(folder, others))
        with serve_gateway(folder, measured, stub) as gateway:
            asked |= measure(gateway)
        with serve_litellm(folder, measured, stub) as litellm:
            if litellm is not None:
                asked |= measure(litellm)
        # Its own, for what was measured has left series behind.
        fresh = folder / "fresh"
        fresh.mkdir()
        with serve_gateway(fresh, measured, stub) as gateway:
            scrapes = asyncio.run(scrape(gateway))
    figures = Figures(load=load, cores=cores, asked=asked, scrapes=scrapes)
    WRITTEN.write_text("\n".join(write(figures)) + "\n")


if __name__ == "__main__":
    main()
