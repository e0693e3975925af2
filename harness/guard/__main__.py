"""Start the guard: `python -m harness.guard --listen HOST:PORT --socket PATH`; see `main`."""

from __future__ import annotations

import logging
import os

import click
import uvloop
from aiohttp import web

from harness.guard.app import make_app


@click.command()
@click.option("--listen", required=True, metavar="HOST:PORT", help="Where the drills ask.")
@click.option("--socket", required=True, metavar="PATH", help="The engine's socket.")
def main(listen: str, socket: str) -> None:
    """Let the drills of the project in COMPOSE_PROJECT_NAME ask the Docker engine for what outages take."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    project = os.environ.get("COMPOSE_PROJECT_NAME", "")
    host, _, port = listen.rpartition(":")
    if not project:
        raise click.UsageError("COMPOSE_PROJECT_NAME must be set")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.UsageError(f"--listen wants HOST:PORT, not {listen!r}")
    web.run_app(
        make_app(project, socket),
        host=host,
        port=int(port),
        loop=uvloop.new_event_loop(),
        access_log=None,
        print=lambda *_: None,
        shutdown_timeout=0.5,
    )


if __name__ == "__main__":
    main()
