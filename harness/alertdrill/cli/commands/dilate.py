"""`alertdrill dilate`: a rule file as it must be when everything runs faster."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.core.clock import MAX_INSTANT_S
from alertdrill.errors import BadInput
from alertdrill.rules.dilation.expressions import DEFAULT_STEP_S
from alertdrill.rules.dilation.files import dilate_rules
from alertdrill.rules.files import read_rules


@click.command(
    cls=GroupedCommand,
    groups={"Time": ("speed", "origin_s"), "Rules that cannot be dilated": ("skip_refused",)},
    exit_codes={
        0: "the dilated rules are on standard output",
        2: "bad input or usage, or a rule that cannot be dilated exactly: standard error says which and why",
    },
    examples=(
        Example("alertdrill dilate rules.yml --speed 60", "Rules for a stack that runs sixty times faster"),
        Example(
            "alertdrill dilate rules.yml --speed 60 --origin 1767603600",
            "The same, where rules read the clock, as hour() does",
        ),
        Example(
            "alertdrill dilate rules.yml --speed 7 --skip-refused",
            "All rules that can be divided by 7; the others are named on standard error",
        ),
    ),
)
@click.argument("rules", type=click.Path(path_type=Path))
@click.option(
    "--speed", type=float, required=True, help="How many seconds of rule time pass in a second of wall time."
)
@click.option(
    "--origin",
    "origin_s",
    type=float,
    metavar="EPOCH_S",
    help="The wall-clock instant at which rule time is 0. Needed by rules that read the clock, and by "
    f"subqueries without a step, which then step by {DEFAULT_STEP_S:g} s of rule time.",
)
@click.option(
    "--skip-refused",
    is_flag=True,
    help="Leave out the rules that cannot be dilated, name them on standard error, and exit 0.",
)
def dilate(rules: Path, speed: float, origin_s: float | None, skip_refused: bool) -> None:
    """Write the rule file RULES as it must be when everything runs SPEED times faster."""
    if origin_s is not None and not 0.0 <= origin_s < MAX_INSTANT_S:
        raise BadInput(f"--origin wants seconds since 1970, not {origin_s:g}")
    text, refusals = dilate_rules(read_rules(rules), speed, origin_s)
    for refusal in refusals:
        click.echo(str(refusal), err=True)
    if refusals and not skip_refused:
        sys.exit(BadInput.exit_code)
    click.echo(text, nl=False)
