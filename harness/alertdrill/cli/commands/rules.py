"""`alertdrill rules`: a system's rules with the values that are set."""

from __future__ import annotations

from pathlib import Path

import click

from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options.systems import take_systems_option
from alertdrill.rules.files import parse_rules
from alertdrill.rules.values import override, render_rules, switch_on, write_resource
from alertdrill.runtime.paths import shorten
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import find_system, read_values
from alertdrill.systems.system import read_text


@click.command(
    name="rules",
    cls=GroupedCommand,
    groups={"Values": ("settings",), "What is written": ("form",), "Systems": ("system_folders",)},
    exit_codes={0: "the rules are on standard output", 2: "bad input or usage"},
    examples=(
        Example("alertdrill rules metis --set enabled=true", "metis's rules, with every alert switched on"),
        Example(
            "alertdrill rules metis --set enabled=true --set llmErrorRate.threshold=0.02",
            "The same, with another threshold",
        ),
        Example(
            "alertdrill rules metis --set enabled=true --format prometheusrule",
            "The same as a resource for the Prometheus operator",
        ),
    ),
)
@click.argument("system", metavar="SYSTEM")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a value, as in llmErrorRate.threshold=0.02 or enabled=true. May be repeated.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["prometheus", "prometheusrule"]),
    default="prometheus",
    show_default=True,
    help="A rule file, or a PrometheusRule resource for the Prometheus operator.",
)
@take_systems_option
def rules_(system: str, settings: tuple[str, ...], form: str, system_folders: tuple[Path, ...]) -> None:
    """Write SYSTEM's alert rules with the values that are set.

    The values are in its values.yml; every alert is off until enabled=true is set.
    """
    found = find_system(system, find_systems(system_folders))
    values = override(read_values(found), settings)
    path = found.template_path
    text = render_rules(read_text(path), values, str(shorten(path)))
    parse_rules(render_rules(read_text(path), switch_on(values), str(path)), str(shorten(path)))
    if not values.enabled:
        click.echo(f"every alert of {system} is off: --set enabled=true switches them on", err=True)
    click.echo(write_resource(text, system) if form == "prometheusrule" else text, nl=False)
