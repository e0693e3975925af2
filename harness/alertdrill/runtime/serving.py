"""Starts a small server of ours: one aiohttp application at one address, until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue

import click
import uvloop
from aiohttp import web

from alertdrill.core.wording import printable
from alertdrill.errors import BadInput
from alertdrill.runtime.http_server import HttpRunner, Refuse

SHUTDOWN_WALL_S = 0.5


def serve(app: web.Application, refuse: Refuse, listen: str) -> None:
    """Serve at `HOST:PORT` until a signal ends the process.

    Raises click.UsageError for another address. One that cannot be had ends the process with one sentence.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.UsageError(f"--listen wants HOST:PORT, not {listen!r}")
    with _log_aside():
        try:
            uvloop.run(_serve(app, refuse, host, int(port)))
        except BadInput as error:
            click.echo(printable(str(error)), err=True)
            sys.exit(error.exit_code)


@contextmanager
def naming_address(host: str, port: int) -> Iterator[None]:
    """Raise BadInput, naming the address and why, where it cannot be listened on in the block."""
    try:
        yield
    except OSError as error:
        is_lookup = isinstance(error, socket.gaierror) or error.errno is None
        why = error.strerror or str(error) if is_lookup else os.strerror(error.errno or 0)
        raise BadInput(f"cannot listen on {host}:{port}: {why}") from error


async def _serve(app: web.Application, refuse: Refuse, host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = HttpRunner(app, refuse, shutdown_timeout=SHUTDOWN_WALL_S)
    try:
        await runner.setup()
        with naming_address(host, port):
            await web.TCPSite(runner, host, port).start()
        await stop.wait()
    finally:
        await runner.cleanup()


@contextmanager
def _log_aside() -> Iterator[None]:
    """Have a thread write the log: a disk that is busy would hold up the answers."""
    lines: SimpleQueue[logging.LogRecord] = SimpleQueue()
    stream = logging.StreamHandler()
    stream.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[QueueHandler(lines)])
    listener = QueueListener(lines, stream)
    listener.start()
    try:
        yield
    finally:
        listener.stop()
