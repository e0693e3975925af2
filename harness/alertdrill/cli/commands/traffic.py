"""`alertdrill traffic`: a scenario's calls, sent by hand at any gateway that speaks OpenAI's API."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from alertdrill.cli.calls_table import say_progress, say_wait, tabulate_calls
from alertdrill.cli.complaining import complain
from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.interruption import Interrupted
from alertdrill.cli.options.arrivals import NAMES as ARRIVALS
from alertdrill.cli.options.arrivals import offer_arrivals, read_arrivals
from alertdrill.cli.options.quantities import SHARE, Speed
from alertdrill.cli.options.written_path import WrittenPath
from alertdrill.cli.output import open_console
from alertdrill.core.drill import LoadProfile
from alertdrill.core.wording import say_number
from alertdrill.errors import BadInput, ComponentFailed, CouldNotTell
from alertdrill.runner.hand_traffic import ANSWERS_WITHIN_WALL_S, HandOrder, count_open, send
from alertdrill.runner.scenario_files import ENDING, find_scenario, name_scenario
from alertdrill.runner.target import Target
from alertdrill.runner.traffic import ProfileReport, TrafficReport
from alertdrill.runtime.files import check_target, write_whole
from alertdrill.runtime.looking import follow, is_file, is_there
from alertdrill.runtime.scratch import scratch_folder
from alertdrill.runtime.server_options import check_url
from alertdrill.systems.drill_files.scenario_needs import find_needs, say_needs
from alertdrill.systems.drill_files.scenario_options import find_missing, find_mistake

APIS = ("chat", "embeddings", "messages")
EXIT_UNWELCOME = 1
SILENT_WALL_S = 5.0
"""How long answers are waited for before that is said where no progress is shown."""
CONTROLS = "ALERTDRILL_CONTROLS"
"""Names the control addresses of stubs, as it does for Locust; their token is in ALERTDRILL_CONTROL_TOKEN."""


@click.command(
    cls=GroupedCommand,
    groups={
        "The gateway": ("host", "key_env", "ca"),
        "What is sent": ("models", "api", "stream_share", "max_tokens", "prompt_chars", "options"),
        "How much of it": (*ARRIVALS, "speed"),
        "What is written": ("log",),
    },
    exit_codes={
        0: "every call was answered, and as the scenario wants it",
        1: "some call was not answered, or with a status that the scenario does not want",
        2: "bad input or usage, or a file that cannot be written",
        3: "could not tell: nothing listens there, calls left too late, or Locust failed",
    },
    examples=(
        Example(
            "alertdrill traffic steady --host http://127.0.0.1:4000 --model gpt-4.1 --key-env GATEWAY_KEY",
            "A call a second for a minute, with a key from the environment",
        ),
        Example(
            "alertdrill traffic burst --host http://127.0.0.1:4000 --model gpt-4.1 "
            "--rate 0.5/s --lasts 5m --rate 10/s --lasts 2m --rate 0.5/s --lasts 5m --speed 12",
            "A burst of two minutes with five before and after it, twelve times as fast: in a minute",
        ),
        Example(
            "alertdrill traffic steady --host http://127.0.0.1:4000 --model gpt-4.1 --stream-share 100% "
            "--trace AzureLLMInferenceTrace_conv.csv --lasts 10m",
            "The first ten minutes of a published trace, streamed: with the time to the first token",
        ),
    ),
)
@click.argument("scenario")
@click.option(
    "--host", metavar="URL", required=True, help="Where the gateway is; /v1 at the end may be left out."
)
@click.option(
    "--key-env",
    metavar="NAME",
    help="Environment variable that has the gateway's key, sent as a bearer token; no key otherwise.",
)
@click.option(
    "--ca", type=click.Path(path_type=Path), help="Authorities that its certificate is checked with."
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="Model, as the gateway names it; only a scenario of your own may do without. May be repeated: they "
    "take turns.",
)
@click.option("--api", type=click.Choice(APIS), help="Which API is called; chat otherwise.")
@click.option("--stream-share", type=SHARE, metavar="SHARE", help="Share of the answers that are streamed.")
@click.option("--max-tokens", type=int, metavar="N", help="The most tokens that an answer may have.")
@click.option("--prompt-chars", type=int, metavar="N", help="How long the prompt is, in characters.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any other option of the scenario, its value as JSON or as a text. May be repeated.",
)
@offer_arrivals
@click.option(
    "--speed",
    type=Speed(1.0, 1000.0),
    default=1.0,
    show_default=True,
    help="How many times as fast it is all sent: rates times K, durations divided by K.",
)
@click.option(
    "--log", type=WrittenPath(path_type=Path, dir_okay=False), help="Keep Locust's log in this file."
)
@click.pass_context
def traffic(
    context: click.Context,
    /,
    scenario: str,
    host: str,
    key_env: str | None,
    ca: Path | None,
    models: tuple[str, ...],
    api: str | None,
    stream_share: float | None,
    max_tokens: int | None,
    prompt_chars: int | None,
    options: tuple[str, ...],
    speed: float,
    log: Path | None,
    **arrivals: Any,
) -> None:
    """Send the calls of SCENARIO by hand at any gateway that speaks OpenAI's API.

    SCENARIO is steady, burst, streaming, embeddings, cost_runaway, auth_scan, rate_limit_abuse, outage,
    provider_fallback, cache_collapse or text_apis, or the path of a Locust file of your own. Nothing is sent
    anywhere but to the host that you name, no admin API is asked, and what is sent is bounded: it ends by
    itself. An answer that is not there two minutes after the last call was due is not waited for.

    Stubs that the scenario tells something are named in ALERTDRILL_CONTROLS, as openai=http://127.0.0.1:9102,
    and their token is in ALERTDRILL_CONTROL_TOKEN.
    """
    url = check_url("--host", host).removesuffix("/v1")
    files = (follow(Path(scenario)),) if scenario.endswith(ENDING) else ()
    name = name_scenario(scenario)
    find_scenario(name, files)
    if not models and not files:
        raise BadInput(f"--model is missing: name a model as the gateway does; {url}/v1/models may list them")
    stated = {
        "models": list(models) or None,
        "api": api,
        "stream_share": stream_share,
        "max_tokens": max_tokens,
        "prompt_chars": prompt_chars,
    }
    asked = read_arrivals(arrivals, context)
    chosen = {option: value for option, value in stated.items() if value is not None}
    others = _read_options(options)
    for option in chosen.keys() & others.keys():
        raise BadInput(f"--option {option}: {_name_flag(option)} states it already")
    if not files:
        _check_options(name, chosen | others, is_traced=bool(asked.trace))
    order = HandOrder(
        profile=LoadProfile(
            name=name,
            scenario=name,
            start_s=0.0,
            stages=asked.stages,
            arrivals=asked.arrivals,
            burstiness=asked.burstiness,
            trace=asked.trace,
            options=chosen | others,
        ),
        host=url,
        target=Target(token=None if key_env is None else _read_key(key_env, os.environ), ca=_check_file(ca)),
        speed=speed,
        seed=asked.seed,
        files=files,
        controls=_read_controls(os.environ.get(CONTROLS, "")),
    )
    report = _send(order, log)
    sys.exit(_find_exit_code(report.profiles[name]))


def _send(order: HandOrder, log: Path | None) -> TrafficReport:
    """Send the calls, and print what became of them, also of those before an interruption."""
    if log is not None:
        check_target(log, inputs=order.files)
    console, name = open_console(), order.profile.name
    latest = TrafficReport()
    waiting = _Waiting()
    with scratch_folder() as folder, open_console(to_stderr=True).status(say_progress(None)) as status:

        def show(report: TrafficReport) -> None:
            nonlocal latest
            latest = report
            status.update(say_progress(report.profiles.get(name)))
            if name in report.profiles and not sys.stderr.isatty():
                waiting.look(report.profiles[name])

        log_path = folder / "locust.log"
        try:
            send(order, folder, log_path, show)
        except ComponentFailed as failed:
            kept = "--log FILE keeps its log" if log is None else f"its log is {log}"
            raise CouldNotTell(f"{str(failed).partition('; its log is ')[0]}; {kept}") from failed
        except Interrupted as interrupted:
            raise Interrupted(interrupted.by, "what was sent is counted above") from None
        finally:
            if name in latest.profiles:
                status.stop()
                said = latest.refusals.get(name, {})
                for part in tabulate_calls(
                    latest.profiles[name], said, speed=order.speed, tokens=latest.tokens.get(name)
                ):
                    console.print(part)
            if log is not None and is_there(log_path):
                write_whole(log, log_path.read_text(errors="replace"))
    return latest


@dataclass(slots=True)
class _Waiting:
    """Says once for what it is waited, where nobody sees the progress."""

    since_s: float | None = None
    is_said: bool = False

    def look(self, report: ProfileReport) -> None:
        """Complain once answers alone have been waited for during `SILENT_WALL_S`."""
        if self.is_said or report.sent < report.planned or not count_open(report):
            return
        now_s = time.monotonic()
        self.since_s = now_s if self.since_s is None else self.since_s
        if now_s - self.since_s >= SILENT_WALL_S:
            complain(f"alertdrill: {say_wait(report)}")
            self.is_said = True


def _find_exit_code(report: ProfileReport) -> int:
    if unanswered := count_open(report):
        said = f"{unanswered} of {say_number(report.planned, 'call')} had no answer"
        complain(f"alertdrill: {said} {ANSWERS_WITHIN_WALL_S:.0f} s after the last was due: given up")
    if report.late:
        return CouldNotTell.exit_code
    return EXIT_UNWELCOME if unanswered or report.unwelcome else 0


def _read_key(variable: str, environ: Mapping[str, str]) -> str:
    key = environ.get(variable, "").strip()
    if not key:
        raise BadInput(f"--key-env {variable}: there is no such environment variable, or it is empty")
    if not (key.isascii() and key.isprintable()):
        raise BadInput(f"--key-env {variable}: it has characters that no header of HTTP may have")
    return key


def _read_controls(text: str) -> dict[str, str]:
    """Return control addresses by provider, from `provider=URL,provider=URL`. Raises BadInput."""
    pairs = [pair.strip().partition("=") for pair in text.split(",") if pair.strip()]
    return {name: check_url(f"{CONTROLS}: {name}", url) for name, _, url in pairs}


def _read_options(options: Sequence[str]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for stated in options:
        name, equals, text = stated.partition("=")
        if not (name and equals):
            raise BadInput(f"--option {stated}: it wants NAME=VALUE")
        if name in read:
            raise BadInput(f"--option {stated}: {name} is stated twice")
        try:
            read[name] = json.loads(text)
        except ValueError:
            read[name] = text
    return read


def _name_flag(option: str) -> str:
    """Return how an option of a scenario is stated."""
    flags = {"models": "--model"} | {
        name: f"--{name.replace('_', '-')}" for name in ("api", "stream_share", "max_tokens", "prompt_chars")
    }
    return flags.get(option, f"--option {option}")


def _check_options(scenario: str, options: Mapping[str, Any], *, is_traced: bool) -> None:
    """Raise BadInput for an option that a scenario of ours does not take or lacks, or asks in vain."""
    what = "this traffic"
    if mistake := find_mistake(what, scenario, options, is_traced=is_traced, beside=()):
        raise BadInput(f"{_name_flag(mistake.option)}: {mistake.why}")
    if needs := find_needs(scenario, options):
        raise BadInput(say_needs(scenario, needs))
    if mistake := find_missing(what, scenario, options):
        raise BadInput(f"{mistake.why}: state it with {_name_flag(mistake.option)}")


def _check_file(path: Path | None) -> Path | None:
    if path is not None and not is_file(path):
        raise BadInput(f"--ca {path}: there is no such file")
    return path
