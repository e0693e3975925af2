"""`alertdrill stub`: a stub provider by hand, for a gateway of anybody's to ask."""

from __future__ import annotations

import os
import re
import secrets
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import click

from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.interruption import Interrupted
from alertdrill.cli.options.behaviour_file import Behaviours, read_behaviours
from alertdrill.cli.options.quantities import DURATION, SHARE, Speed
from alertdrill.cli.stub_examples import ANY_MODEL, say_call, say_controls
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.runtime.limits import LEAST_FILES_OF_ONE, demand_files
from alertdrill.runtime.scratch import scratch_folder
from alertdrill.stacks.stub_provider import DIALECTS, Stub, StubOrder, open_stub

WATCH_WALL_S = 0.5
MAX_LATENCY_S = 86_400.0
NOT_SHOWN = "YOUR_CONTROL_TOKEN"
PORT = click.IntRange(0, 65_535)
_NO_PORT = re.compile(r"Cannot listen on \S+:(?P<port>\d+): (?P<why>.*)\.$")
"""How a stub says that it cannot have a port."""


@click.command(
    cls=GroupedCommand,
    groups={
        "Where it listens": ("port", "control_port"),
        "How it answers": ("latency_s", "errors", "behaviour", "models", "speed", "traffic_speed"),
        "Secrets": ("key_env", "control_token_env"),
    },
    exit_codes={
        0: "Ctrl-C or a signal stopped the stub",
        2: "bad input or usage, such as a port that is in use",
        3: "the stub did not start, or died",
    },
    examples=(
        Example("alertdrill stub openai", "OpenAI's API on a free port, with any key"),
        Example(
            "alertdrill stub openai --port 9101 --control-port 9102 --latency 200ms --errors 10%",
            "On ports that you know, where each tenth call fails",
        ),
        Example(
            "alertdrill stub openai --behaviour slow.yml", "As a file says: each behaviour that there is"
        ),
    ),
)
@click.argument("dialect", type=click.Choice(DIALECTS), metavar=f"{{{'|'.join(DIALECTS)}}}")
@click.option(
    "--port", type=PORT, default=0, help="Where calls are answered, on loopback; any free one otherwise."
)
@click.option(
    "--control-port", type=PORT, default=0, help="Where it is told how, on loopback; any free one otherwise."
)
@click.option(
    "--latency",
    "latency_s",
    type=DURATION,
    metavar="DURATION",
    help="How long each call takes, as 200ms; 1s otherwise.",
)
@click.option(
    "--errors", type=SHARE, metavar="SHARE", help="Share of the calls that fail with a server error, as 10%."
)
@click.option(
    "--behaviour",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="YAML file that says it all: of every model, of models and of keys; see the page on stubs.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="Model to list from the start; any is answered. May be repeated.",
)
@click.option(
    "--speed",
    type=Speed(0, 10_000, min_open=True),
    default=1.0,
    show_default=True,
    help="How many times as fast it answers; 1 beside a gateway that runs in wall time.",
)
@click.option(
    "--traffic-speed",
    type=Speed(0, 10_000, min_open=True),
    help="How many times as fast calls come, for its rate limits and spells; as --speed otherwise.",
)
@click.option(
    "--key-env",
    metavar="NAME",
    help="Environment variable with the key that calls need; any key, and none, will do otherwise.",
)
@click.option(
    "--control-token-env",
    metavar="NAME",
    help="Environment variable with the token of the control address; otherwise one is made, and shown once.",
)
def stub(
    dialect: str,
    port: int,
    control_port: int,
    latency_s: float | None,
    errors: float | None,
    behaviour: Path | None,
    models: tuple[str, ...],
    speed: float,
    traffic_speed: float | None,
    key_env: str | None,
    control_token_env: str | None,
) -> None:
    """Start a stub provider that speaks DIALECT, and keep it running until Ctrl-C.

    It answers calls to any model with made-up text. How it behaves can be changed while it runs, at its
    control address; it prints the commands for that.
    """
    if behaviour is not None and (latency_s is not None or errors is not None):
        raise BadInput("--behaviour: the file says it all, so --latency and --errors are left out")
    if latency_s is not None and latency_s > MAX_LATENCY_S:
        raise BadInput(f"--latency: a call takes {MAX_LATENCY_S / 3600:g} hours at most")
    if port and port == control_port:
        raise BadInput(f"--port and --control-port are both {port}: give each one of its own")
    told = (
        Behaviours(of_all=_make_behaviour(latency_s, errors))
        if behaviour is None
        else read_behaviours(behaviour, os.environ)
    )
    demand_files("stub provider", LEAST_FILES_OF_ONE)
    token = _read_secret("--control-token-env", control_token_env, os.environ)
    order = StubOrder(
        name=dialect,
        dialect=dialect,
        token=token or secrets.token_urlsafe(24),
        key=_read_secret("--key-env", key_env, os.environ),
        port=port,
        control_port=control_port,
        speed=speed,
        behaviour=told.of_all,
        models=models,
        traffic_speed=traffic_speed,
        of_models=told.of_models,
        of_keys=told.of_keys,
    )
    shown = f"${control_token_env}" if control_token_env else order.token if sys.stdout.isatty() else None
    with scratch_folder() as folder:
        try:
            with open_stub(order, folder / "stub.log") as running:
                _say(running, dialect, models, key_env, shown)
                _stand(running)
        except Interrupted:
            click.echo("ended")
        except BadInput as error:
            raise _say_port(error, {"--port": port, "--control-port": control_port}) from error


def _say_port(error: BadInput, ports: Mapping[str, int]) -> BadInput:
    """Return an error that names the option whose port cannot be had; any other as it is."""
    found = _NO_PORT.search(str(error))
    named = [option for option, port in ports.items() if found and port == int(found["port"])]
    if found is None or not named:
        return error
    what = f"{named[0]} {found['port']}: it cannot be listened on there: {found['why']}"
    return BadInput(f"{what}; give another {named[0]}, or leave it out for any port that is free")


def _stand(running: Stub) -> NoReturn:
    while True:
        if running.process.poll() is not None:
            raise CouldNotTell(running.process.say_end())
        time.sleep(WATCH_WALL_S)


def _say(
    running: Stub, dialect: str, models: tuple[str, ...], key_env: str | None, shown: str | None
) -> None:
    """Print where it is, what calls it, and what changes it."""
    key = f"calls need the key in {key_env}" if key_env else "any key will do"
    click.echo(f"{dialect:<10}{running.url}  {key}")
    click.echo(f"{'control':<10}{running.control}  {_say_token(shown)}")
    model = models[0] if models else ANY_MODEL
    click.echo(f"\nask it:\n  {say_call(dialect, running.url, key_env=key_env, model=model)}")
    for does, command in say_controls(running.control, shown or NOT_SHOWN):
        click.echo(f"{does}:\n  {command}")
    click.echo("\nCtrl-C ends it.")
    sys.stdout.flush()


def _say_token(shown: str | None) -> str:
    if shown is None:
        return "its token is shown on a terminal only; --control-token-env names one of yours"
    if shown.startswith("$"):
        return f"its token is {shown}"
    return f"its token, shown this once: {shown}"


def _make_behaviour(latency_s: float | None, errors: float | None) -> dict[str, Any]:
    seconds = 1.0 if latency_s is None else latency_s
    behaviour: dict[str, Any] = {"latency": {"kind": "constant", "s": seconds}}
    if errors:
        behaviour["errors"] = {"class": "server_error", "share": errors}
    return behaviour


def _read_secret(option: str, variable: str | None, environ: Mapping[str, str]) -> str | None:
    """Return what a variable has that is named, None where none is. Raises BadInput."""
    if variable is None:
        return None
    secret = environ.get(variable, "").strip()
    if not secret or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
        raise BadInput(f"{option} {variable}: there is no such environment variable, or it is empty")
    return secret
