"""`python -m alertdrill.gateway --config … --listen …`: the gateway with the surface of every system."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

import uvloop
from aiohttp import web

from alertdrill.errors import AlertdrillError, BadInput
from alertdrill.gateway.app import EMIT, READINESS
from alertdrill.gateway.config import Config, read_config
from alertdrill.gateway.events import ConnectionRefused, State
from alertdrill.gateway.files import fit_connections, open_files
from alertdrill.gateway.gateway import Secrets, open_gateway
from alertdrill.gateway.hearing import Hearing
from alertdrill.gateway.problems import Problem
from alertdrill.gateway.refusing import refuse
from alertdrill.runtime.http_server import HttpRunner, Limits
from alertdrill.systems import find_served

ADMIN_TOKEN = "ALERTDRILL_ADMIN_TOKEN"  # noqa: S105 - the name of a variable
PROVIDER_KEY = "ALERTDRILL_PROVIDER_KEY"
SHUTDOWN_WALL_S = 1.0
"""How long clients may take to read what ends their answers, once calls in flight have been given up."""
SWITCH_WALL_S = 0.0005
LIBRARY = "prometheus_client"
OWN = "gateway"
"""`/metrics/gateway` shows the gateway's own metrics, and `/metrics` before those of all systems."""
_log = logging.getLogger(__name__)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadInput(message)


def attach_surfaces(state: State) -> Hearing:
    """Return the ears and the expositions of all systems; each hears what comes under its own prefix.

    Without prometheus-client nobody hears anything and metrics are answered with 503; all else is as ever.
    """
    systems = find_served()
    try:
        from prometheus_client import generate_latest

        from alertdrill.gateway.own_metrics import OwnMetrics
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != LIBRARY:
            raise
        _log.warning("prometheus-client is not installed: there are no metrics")
        refusing = {system.name: _refuse_metrics for system in systems}
        return Hearing(expositions=refusing, own_expositions={OWN: _refuse_metrics})
    surfaces = {system.name: system.surface(state) for system in systems}
    expositions: Mapping[str, Callable[[], bytes]] = {
        name: partial(generate_latest, surface.registry) for name, surface in surfaces.items()
    }
    own = OwnMetrics()
    return Hearing(
        listeners=[own.observe],
        surfaces=surfaces,
        expositions=expositions,
        own_expositions={OWN: own.expose},
    )


def _refuse_metrics() -> bytes:
    raise Problem(503, "prometheus-client is not installed", type_="server_error", code="metrics_unavailable")


def read_arguments(arguments: list[str]) -> tuple[Path, str, int]:
    """Return the configuration's path, the host and the port; raises BadInput."""
    parser = _Parser(prog="python -m alertdrill.gateway", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, metavar="FILE")
    parser.add_argument("--listen", required=True, metavar="HOST:PORT", help="port 0: any free one")
    options = parser.parse_args(arguments)
    host, colon, port = options.listen.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise BadInput(f"--listen must be HOST:PORT, not {options.listen!r}")
    return options.config, host.removeprefix("[").removesuffix("]"), int(port)


def read_secrets(environment: Mapping[str, str]) -> Secrets:
    """Return the secrets in an environment; raises BadInput."""
    for name in (ADMIN_TOKEN, PROVIDER_KEY):
        if not environment.get(name):
            raise BadInput(f"the environment variable {name} must be set")
    return Secrets(admin_token=environment[ADMIN_TOKEN], provider_key=environment[PROVIDER_KEY])


def make_runner(app: web.Application, config: Config) -> HttpRunner:
    """Return what runs a gateway's application, with no more connections than its limits say."""
    return HttpRunner(
        app,
        refuse,
        limits=Limits(connections=config.limits.connections),
        handler_cancellation=True,
        tell_surplus=lambda: app[EMIT](ConnectionRefused()),
        shutdown_timeout=SHUTDOWN_WALL_S,
    )


async def serve(config: Config, secrets: Secrets, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, and then until it has drained or is told again.

    It says on standard output where it listens.
    """
    stop, at_once = asyncio.Event(), asyncio.Event()

    def end() -> None:
        (at_once if stop.is_set() else stop).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    async with open_gateway(config, secrets, attach_surfaces) as app:
        runner = make_runner(app, config)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, host, port, backlog=1024).start()
            except OSError as error:
                raise BadInput(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
            bound_host, bound_port = runner.addresses[0][:2]
            shown = f"[{bound_host}]" if ":" in bound_host else bound_host
            sys.stdout.write(json.dumps({"listen": f"{shown}:{bound_port}"}) + "\n")
            sys.stdout.flush()
            # What has been made by now stays: the collector need not look through it between two calls.
            gc.freeze()
            await stop.wait()
            app[READINESS].drain()
            with suppress(TimeoutError):
                await asyncio.wait_for(at_once.wait(), config.drain_s)
        finally:
            await runner.cleanup()


def main() -> None:
    """Run the gateway; exits with 2 and one sentence if it was told something that cannot be used."""
    try:
        config_path, host, port = read_arguments(sys.argv[1:])
        secrets = read_secrets(os.environ)
        config = fit_connections(read_config(config_path), config_path, open_files())
        # The thread that writes the trace hands the interpreter back soon: at speed 60, the default of
        # 5 ms would read as 0.3 s of latency.
        sys.setswitchinterval(SWITCH_WALL_S)
        uvloop.run(serve(config, secrets, host, port))
    except AlertdrillError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
