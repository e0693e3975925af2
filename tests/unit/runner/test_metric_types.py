"""Types of metrics, as a gateway tells them before a run, and in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from alertdrill.errors import CouldNotTell
from alertdrill.project.project import Project, Scrape, Secret, Target
from alertdrill.runner.metric_types import demand_types, read_types
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.http_client import Answer

EXPOSITION = b"""\
# HELP queue_count How many wait.
# TYPE queue_count gauge
queue_count 3
# TYPE requests counter
requests_total 7
"""


@contextmanager
def serve() -> Iterator[str]:
    """Show metrics to who has the key, and yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.headers.get("Authorization") == "Bearer sesame" else 401)
            self.end_headers()
            self.wfile.write(EXPOSITION)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def make_project(address: str) -> Project:
    """Return a project whose gateway is scraped there, with a key."""
    return Project(
        path=Path("/p/alertdrill.toml"),
        out=Path("/p/out"),
        target=Target(url=f"http://{address}"),
        scrapes=(Scrape(job="own", targets=(address,), key=Secret(env="KEY")),),
    )


def test_a_gateway_that_runs_tells_types() -> None:
    """As its metrics have them, read with the key of the scrape."""
    with serve() as address:
        found = read_types(make_project(address), {"KEY": "sesame"})
    assert found == {"queue_count": "gauge", "requests": "counter"}


@pytest.mark.parametrize("environ", [{"KEY": "another"}, {}])
def test_who_is_not_let_in_knows_no_types(environ: dict[str, str]) -> None:
    """That is no failure: names tell."""
    with serve() as address:
        assert read_types(make_project(address), environ) == {}


def test_a_gateway_that_is_not_there_tells_none() -> None:
    """It is started later."""
    (port,) = find_free_ports(1)
    assert read_types(make_project(f"127.0.0.1:{port}"), {"KEY": "sesame"}) == {}


class Seen:
    """A Prometheus that has seen a gauge."""

    def get(self, path: str) -> Answer:
        """Return its metadata."""
        assert path == "/api/v1/metadata"
        return Answer(b'{"data": {"queue_count": [{"type": "gauge"}]}}')


def find_unfit(types: Any) -> dict[str, str]:
    """Return a rule that is right at speed 1 only, if the gauge is known."""
    return {"QueueLong": "it is how much is under way"} if types.get("queue_count") == "gauge" else {}


def test_a_rule_that_a_type_makes_unfit_keeps_drills_from_being_held() -> None:
    """It is named, and what to do; where that was known before, it is not evaluated anyway."""
    with pytest.raises(CouldNotTell, match=r"QueueLong is right at speed 1 only: .*--speed 1, or let"):
        demand_types(Seen(), find_unfit, {})  # type: ignore[arg-type] # all that is asked of it
    demand_types(Seen(), find_unfit, {"QueueLong"})  # type: ignore[arg-type]
