"""Start the pager: `python -m harness.pager --listen HOST:PORT`, its token in `ALERTDRILL_PAGER_TOKEN`."""

from __future__ import annotations

import logging
import os

import click
import uvloop
from aiohttp import web

from harness.pager.app import make_app


@click.command()
@click.option("--listen", required=True, metavar="HOST:PORT", help="Where to take notifications.")
def main(listen: str) -> None:
    """Take Alertmanager's webhook notifications and keep a journal of them."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    token = os.environ.get("ALERTDRILL_PAGER_TOKEN", "")
    host, _, port = listen.rpartition(":")
    if not token:
        raise click.UsageError("ALERTDRILL_PAGER_TOKEN must be set")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.UsageError(f"--listen wants HOST:PORT, not {listen!r}")
    web.run_app(
        make_app(token),
        host=host,
        port=int(port),
        loop=uvloop.new_event_loop(),
        access_log=None,
        print=lambda *_: None,
        shutdown_timeout=0.5,
    )


if __name__ == "__main__":
    main()
