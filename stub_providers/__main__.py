"""`python -m stub_providers`: one stub provider until SIGTERM; arguments and environment are read here."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import re
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, cast

import uvloop
from aiohttp import web

from stub_providers.behaviour import Engine
from stub_providers.behaviour_reading import read_behaviour
from stub_providers.checks import BadInstruction
from stub_providers.control import Control, refuse
from stub_providers.dialects import DIALECTS
from stub_providers.door import Door
from stub_providers.http_server import HttpRunner
from stub_providers.instructions import read_json, read_model
from stub_providers.ledger import Ledger
from stub_providers.provider import Provider
from stub_providers.worker import SLOTS, Worker

PROVIDER_KEY = "ALERTDRILL_PROVIDER_KEY"
CONTROL_TOKEN = "ALERTDRILL_CONTROL_TOKEN"  # noqa: S105 - the variable's name, not the token
WORKER = "vllm"
"""The dialect of a self-hosted worker."""
MAX_SLOTS = 100_000
_SHUTDOWN_WITHIN_S = 5.0


class Unusable(Exception):
    """Arguments, environment or addresses that cannot be used; the message is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a provider is started with; addresses are (host, port)."""

    name: str
    dialect: str
    listen: tuple[str, int]
    control: tuple[str, int]
    speed: float
    traffic_speed: float
    models: tuple[str, ...]
    slots: int
    behaviour: object
    of_models: Mapping[str, object]
    of_keys: Mapping[str, object]
    """By the name of the environment variable that has the key."""
    takes_any_key: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Unusable(f"{message[:1].upper()}{message[1:].removesuffix('.')}.")


def read_settings(arguments: Sequence[str]) -> Settings:
    """Read the command line; raises Unusable."""
    parser = _Parser(
        prog="python -m stub_providers", description="One stub LLM provider.", allow_abbrev=False
    )
    parser.add_argument("--name", required=True, type=_name)
    parser.add_argument("--dialect", required=True, choices=sorted(DIALECTS))
    parser.add_argument("--listen", required=True, type=_address, metavar="HOST:PORT")
    parser.add_argument("--control", required=True, type=_address, metavar="HOST:PORT")
    parser.add_argument("--speed", required=True, type=_speed, help="seconds of rule time per second")
    parser.add_argument(
        "--traffic-speed",
        type=_speed,
        metavar="K",
        help="the same of limits and spells, where calls come at another speed; --speed otherwise",
    )
    parser.add_argument(
        "--model",
        dest="models",
        action="append",
        default=[],
        type=_model,
        help="a model to list from the start; others are listed once they are asked for",
    )
    parser.add_argument(
        "--behaviour",
        type=_behaviour,
        default={},
        metavar="JSON",
        help="how every model behaves that has no behaviour of its own, as the control API is told it",
    )
    parser.add_argument(
        "--model-behaviour",
        dest="of_models",
        action="append",
        nargs=2,
        default=[],
        metavar=("MODEL", "JSON"),
        help="how this model behaves from the start; may be repeated",
    )
    parser.add_argument(
        "--key-behaviour",
        dest="of_keys",
        action="append",
        nargs=2,
        default=[],
        metavar=("VARIABLE", "JSON"),
        help="how calls with the key in this environment variable are met from the start; may be repeated",
    )
    parser.add_argument(
        "--any-key",
        dest="takes_any_key",
        action="store_true",
        help=f"accept calls with any key, and without one; {PROVIDER_KEY} is not needed then",
    )
    parser.add_argument("--slots", type=_slots, help=f"how many requests a {WORKER} worker runs at once")
    options = vars(parser.parse_args(arguments))
    if options["slots"] and options["dialect"] != WORKER:
        parser.error(f"--slots is for the dialect {WORKER}")
    try:
        of_models = {_model(name): _behaviour(told) for name, told in options["of_models"]}
        of_keys = {name: _behaviour(told) for name, told in options["of_keys"]}
    except argparse.ArgumentTypeError as bad:
        parser.error(f"--model-behaviour and --key-behaviour: {bad}")
    models = tuple(options["models"] or DIALECTS[options["dialect"]].models)
    found = {
        "traffic_speed": options["traffic_speed"] or options["speed"],
        "models": models,
        "slots": options["slots"] or SLOTS,
        "of_models": of_models,
        "of_keys": of_keys,
    }
    return Settings(**options | found)


async def serve(settings: Settings, *, key: str | None, token: str) -> None:
    """Serve until SIGTERM or SIGINT, to whoever has the key; prints the addresses when ready.

    Raises Unusable.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    front, back = _reserve(settings.listen), _reserve(settings.control)
    default, now_s = read_behaviour(settings.behaviour), time.perf_counter() * settings.traffic_speed
    engine, ledger = Engine(settings.name, default, now_s=now_s), Ledger()
    provider = Provider(
        name=settings.name,
        dialect=DIALECTS[settings.dialect],
        engine=engine,
        ledger=ledger,
        key=key,
        speed=settings.speed,
        traffic_speed=settings.traffic_speed,
        worker=Worker(settings.models[0], slots=settings.slots) if settings.dialect == WORKER else None,
    )

    async def set_listening(listening: bool) -> None:
        await (front.open(front_handlers) if listening else front.shut(front_handlers))

    control = Control(
        engine=engine,
        ledger=ledger,
        token=token,
        set_listening=set_listening,
        is_listening=lambda: front.is_open,
        default=settings.behaviour,
        models=settings.of_models,
        keys={_secret(name): told for name, told in settings.of_keys.items()},
        speed=settings.traffic_speed,
    )
    # Without cancellation a stalled request would outlive its client.
    front_runner = HttpRunner(
        provider.app(lambda: [*dict.fromkeys((*settings.models, *control.models))]),
        provider.refuse,
        handler_cancellation=True,
        shutdown_timeout=_SHUTDOWN_WITHIN_S,
    )
    back_runner = HttpRunner(control.app(), refuse, shutdown_timeout=_SHUTDOWN_WITHIN_S)
    front_handlers, back_handlers = await _handlers(front_runner), await _handlers(back_runner)
    try:
        await front.open(front_handlers)
        await back.open(back_handlers)
        print(json.dumps({"listen": front.address, "control": back.address}), flush=True)  # noqa: T201 - the contract
        await stop.wait()
    except OSError as error:
        raise Unusable(f"Cannot listen: {error.strerror}.") from error
    finally:
        for door, handlers, runner in (
            (back, back_handlers, back_runner),
            (front, front_handlers, front_runner),
        ):
            await door.shut(handlers)
            await runner.cleanup()
            door.release()


async def _handlers(runner: HttpRunner) -> web.Server:
    await runner.setup()
    return cast(web.Server, runner.server)  # set up, so it is there


def _reserve(address: tuple[str, int]) -> Door:
    host, port = address
    try:
        return Door(host, port)
    except OSError as error:
        raise Unusable(f"Cannot listen on {host}:{port}: {error.strerror}.") from error


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", text):
        raise argparse.ArgumentTypeError("must have 1 to 64 letters, digits, dots, dashes or underscores")
    return text


def _model(text: str) -> str:
    try:
        return read_model(text)
    except BadInstruction as bad:
        raise argparse.ArgumentTypeError(str(bad)) from None


def _behaviour(text: str) -> object:
    try:
        told = read_json(text.encode(errors="surrogateescape"))
        read_behaviour(told)
    except BadInstruction as bad:
        raise argparse.ArgumentTypeError(str(bad).replace("The body", "It")) from None
    return told


def _slots(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= MAX_SLOTS:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MAX_SLOTS}")
    return int(text)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65_535:
        raise argparse.ArgumentTypeError("must be HOST:PORT with a port from 0 to 65535")
    return host, int(port)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise argparse.ArgumentTypeError("must be a number above 0")
    return speed


def _secret(name: str) -> str:
    secret = os.environ.get(name, "")
    if not secret:
        raise Unusable(f"The environment variable {name} must be set.")
    return secret


def main() -> int:
    """Run a provider; return the exit code (2: the arguments or the environment cannot be used)."""
    try:
        settings = read_settings(sys.argv[1:])
        key = None if settings.takes_any_key else _secret(PROVIDER_KEY)
        uvloop.run(serve(settings, key=key, token=_secret(CONTROL_TOKEN)))
    except Unusable as unusable:
        print(unusable, file=sys.stderr)  # noqa: T201 - the command line's answer
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
