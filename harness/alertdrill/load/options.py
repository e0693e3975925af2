"""The scenarios' own options, on Locust's command line and on its web page."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from locust import events
from locust.argument_parser import LocustArgumentParser


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """An option `--name` with a default, whose type it has; `choices` restrict it."""

    name: str
    default: str | float | int
    help: str
    choices: tuple[str, ...] | None = None


_declared: dict[str, Flag] = {}


def declare(flags: tuple[Flag, ...]) -> None:
    """Offer these options too; a name that several scenarios have keeps the default of the first."""
    for flag in flags:
        _declared.setdefault(flag.name, flag)


def offer_load_flags(*, rate: float, duration_s: float) -> tuple[Flag, ...]:
    """Return the options that say how much traffic is sent for how long."""
    return (
        Flag(name="rate", default=rate, help="requests a second (rule time)"),
        Flag(name="duration-s", default=duration_s, help="how long, in seconds (rule time)"),
        *offer_arrival_flags(),
    )


def offer_arrival_flags() -> tuple[Flag, ...]:
    """Return the options that say how arrivals are spaced."""
    return (
        Flag(
            name="arrivals",
            default="uniform",
            help="evenly spaced, at random, or at random and in bursts",
            choices=("uniform", "poisson", "gamma"),
        ),
        Flag(name="burstiness", default=1.0, help="of gamma: 1 is Poisson, less comes in bursts"),
        Flag(name="seed", default=1, help="the same seed gives the same random arrivals"),
    )


def offer_call_flags(
    *,
    models: str = "openai:gpt-4o-mini,anthropic:claude-haiku-4-5",
    max_tokens: int = 256,
    stream_share: float = 0.0,
) -> tuple[Flag, ...]:
    """Return the options that say what is asked."""
    return (
        Flag(name="models", default=models, help="provider:model, several with commas, taken in turn"),
        Flag(name="key", default="", help="id for the gateway key to issue; empty: a new one for each test"),
        Flag(name="stream-share", default=stream_share, help="share of streamed answers, 0 to 1"),
        Flag(name="max-tokens", default=max_tokens, help="most tokens in an answer"),
        Flag(name="prompt-chars", default=400, help="length of the prompt in characters"),
    )


def offer_embedding_flags() -> tuple[Flag, ...]:
    """Return the options that say what is embedded."""
    return (
        Flag(
            name="models",
            default="openai:text-embedding-3-small",
            help="provider:model, several with commas, taken in turn",
        ),
        Flag(name="key", default="", help="id for the gateway key to issue; empty: a new one for each test"),
        Flag(name="prompt-chars", default=400, help="length of the text in characters"),
    )


def offer_run_flags(*, steps: int) -> tuple[Flag, ...]:
    """Return the options that say what is run over the predict API."""
    return (
        Flag(name="models", default="openai:o1-mini", help="provider:model, several with commas, in turn"),
        Flag(name="key", default="", help="id for the gateway key to issue; empty: a new one for each test"),
        Flag(name="steps", default=steps, help="calls that a run is made of"),
        Flag(name="max-tokens", default=256, help="most tokens in a step's answer"),
        Flag(name="prompt-chars", default=400, help="length of the prompt in characters"),
    )


def read_run_options(options: Namespace) -> dict[str, Any]:
    """Return a load profile's options for its runs, from the command line or the web page; no key yet."""
    return {
        "models": [model.strip() for model in options.models.split(",")],
        "key": "",
        "steps": options.steps,
        "max_tokens": options.max_tokens,
        "prompt_chars": options.prompt_chars,
    }


def read_call_options(options: Namespace) -> dict[str, Any]:
    """Return a load profile's options for its calls, from the command line or the web page; no key yet."""
    return {
        "models": [model.strip() for model in options.models.split(",")],
        "stream_share": options.stream_share,
        "max_tokens": options.max_tokens,
        "prompt_chars": options.prompt_chars,
    }


def read_embedding_options(options: Namespace) -> dict[str, Any]:
    """Return a load profile's options for embeddings, from the command line or the web page; no key yet."""
    return {
        "models": [model.strip() for model in options.models.split(",")],
        "prompt_chars": options.prompt_chars,
    }


@events.init_command_line_parser.add_listener
def _add_flags(parser: LocustArgumentParser, **_: Any) -> None:
    group = parser.add_argument_group("Scenario options")
    group.add_argument(
        "--plan",
        default="",
        metavar="FILE",
        help="Perform the profiles of this plan (JSON) instead of one profile made from the options",
    ).include_in_web_ui = False
    for flag in _declared.values():
        parser.add_argument(
            f"--{flag.name}",
            type=type(flag.default),
            default=flag.default,
            choices=flag.choices,
            help=f"{flag.help} (default: {flag.default})" if flag.default != "" else flag.help,
        )
