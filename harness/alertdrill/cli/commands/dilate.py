"""`alertdrill dilate`: a rule file as it must be when everything runs faster."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from alertdrill.core.clock import MAX_INSTANT_S
from alertdrill.errors import BadInput
from alertdrill.rules.dilation.expressions import DEFAULT_STEP_S
from alertdrill.rules.dilation.files import dilate_rules
from alertdrill.rules.files import read_rules


@click.command()
@click.argument("rules", type=click.Path(path_type=Path))
@click.option("--speed", type=float, required=True, help="Seconds of rule time per second of wall time.")
@click.option(
    "--origin",
    "origin_s",
    type=float,
    metavar="EPOCH_S",
    help="The wall instant of rule time 0; with it, rules may read the clock. Subqueries without a step are "
    f"taken to step by {DEFAULT_STEP_S:g} s of rule time.",
)
@click.option("--skip-refused", is_flag=True, help="Leave out the rules that cannot be dilated, and exit 0.")
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
