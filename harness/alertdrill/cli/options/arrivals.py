"""Options of `alertdrill traffic` that say how many calls come when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

import click
from click.core import ParameterSource

from alertdrill.cli.options.quantities import DURATION, RATE
from alertdrill.core.drill import LEAST_BURSTINESS, MOST_BURSTINESS, Arrivals, LoadStage, TracedCall
from alertdrill.errors import BadInput
from alertdrill.systems.drill_building.traces import read_trace
from alertdrill.systems.drill_building.traffic import sum_up

NAMES = ("rates", "lasts", "arrivals", "burstiness", "trace", "seed")
_OPTIONS = (
    click.option(
        "--rate",
        "rates",
        multiple=True,
        type=RATE,
        metavar="RATE",
        default=(1.0,),
        help="Calls a second, minute or hour, as 0.4/s or 24/m; 1/s otherwise. With --lasts again: a stage.",
    ),
    click.option(
        "--lasts",
        multiple=True,
        type=DURATION,
        metavar="DURATION",
        default=(60.0,),
        help="How long they are sent, as 10m; 1m otherwise. As often as --rate.",
    ),
    click.option(
        "--arrivals",
        type=click.Choice(get_args(Arrivals)),
        default="uniform",
        show_default=True,
        help="When they come: evenly spaced, at random, or at random and in bursts.",
    ),
    click.option(
        "--burstiness",
        type=float,
        metavar="N",
        help="Of --arrivals gamma: 1 is poisson, less comes in bursts, more comes more evenly.",
    ),
    click.option(
        "--trace",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Send calls when, and as long as, those of a trace came: CSV with the columns of Azure's LLM "
        "inference traces or of BurstGPT. With --lasts: so much of its beginning.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, 2**53),
        default=1,
        show_default=True,
        metavar="N",
        help="The same seed draws the same arrivals.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedArrivals:
    """What the options say of arrivals: the fields of a load profile."""

    stages: tuple[LoadStage, ...]
    arrivals: Arrivals = "uniform"
    burstiness: float | None = None
    trace: tuple[TracedCall, ...] = ()
    seed: int


def offer_arrivals(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_arrivals(values: dict[str, Any], context: click.Context) -> AskedArrivals:
    """Return what the options say. Raises BadInput for what contradicts itself, and for a bad trace."""
    stated = {name for name in NAMES if context.get_parameter_source(name) is not ParameterSource.DEFAULT}
    if values["trace"] is not None:
        return _read_trace(values, stated)
    arrivals, burstiness = cast("Arrivals", values["arrivals"]), values["burstiness"]
    if (arrivals == "gamma") != (burstiness is not None):
        raise BadInput(
            "--arrivals gamma wants --burstiness N: 1 is poisson, less comes in bursts"
            if burstiness is None
            else "--burstiness is of --arrivals gamma alone"
        )
    # Not the other way round, so that what is no number is refused, too.
    if burstiness is not None and not LEAST_BURSTINESS <= burstiness <= MOST_BURSTINESS:
        raise BadInput(
            f"--burstiness {burstiness:g}: it wants a number from {LEAST_BURSTINESS:g} to {MOST_BURSTINESS:g}"
        )
    return AskedArrivals(
        stages=_pair_stages(values["rates"], values["lasts"]),
        arrivals=arrivals,
        burstiness=burstiness,
        seed=values["seed"],
    )


def _read_trace(values: dict[str, Any], stated: set[str]) -> AskedArrivals:
    for name, option in (("rates", "--rate"), ("arrivals", "--arrivals"), ("burstiness", "--burstiness")):
        if name in stated:
            raise BadInput(
                f"{option} and --trace: a trace says itself when calls come, so leave out {option}"
            )
    lasts_s = None
    if "lasts" in stated:
        if len(values["lasts"]) > 1 or values["lasts"][0] <= 0:
            raise BadInput(
                "--lasts, with --trace, is how much of its beginning is sent: one duration above 0"
            )
        (lasts_s,) = values["lasts"]
    trace = read_trace(values["trace"], lasts_s=lasts_s)
    return AskedArrivals(stages=(sum_up(trace, lasts_s),), trace=trace, seed=values["seed"])


def _pair_stages(rates: Sequence[float], lasts: Sequence[float]) -> tuple[LoadStage, ...]:
    if len(rates) != len(lasts):
        given = f"--rate is given {_say_times(rates)} and --lasts {_say_times(lasts)}"
        raise BadInput(f"{given}: each stage has one of both")
    return tuple(
        LoadStage(rate_per_s=rate, duration_s=duration_s)
        for rate, duration_s in zip(rates, lasts, strict=True)
    )


def _say_times(values: Sequence[float]) -> str:
    return "once" if len(values) == 1 else f"{len(values)} times"
