"""Start the guard: `python -m alertdrill.stacks.guard --listen HOST:PORT --socket PATH`; see `main`."""

from __future__ import annotations

import os

import click

from alertdrill.runtime.serving import serve
from alertdrill.stacks.guard.app import make_app, refuse


@click.command()
@click.option("--listen", required=True, metavar="HOST:PORT", help="Where the drills ask.")
@click.option("--socket", required=True, metavar="PATH", help="The engine's socket.")
def main(listen: str, socket: str) -> None:
    """Let the drills of the project in COMPOSE_PROJECT_NAME ask the Docker engine for what outages take."""
    project = os.environ.get("COMPOSE_PROJECT_NAME", "")
    if not project:
        raise click.UsageError("COMPOSE_PROJECT_NAME must be set")
    serve(make_app(project, socket), refuse, listen)


if __name__ == "__main__":
    main()
