"""Start the pager: `python -m harness.pager --listen HOST:PORT`, its token in `ALERTDRILL_PAGER_TOKEN`."""

from __future__ import annotations

import os

import click

from harness.pager.app import make_app
from harness.serving import serve


@click.command()
@click.option("--listen", required=True, metavar="HOST:PORT", help="Where to take notifications.")
def main(listen: str) -> None:
    """Take Alertmanager's webhook notifications and keep a journal of them."""
    token = os.environ.get("ALERTDRILL_PAGER_TOKEN", "")
    if not token:
        raise click.UsageError("ALERTDRILL_PAGER_TOKEN must be set")
    serve(make_app(token), listen)


if __name__ == "__main__":
    main()
