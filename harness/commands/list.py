"""`alertdrill list`: which drill covers which alert."""

from __future__ import annotations

import json

import click

from harness.catalogue import list_drills, list_rules, override_values


@click.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def list_(as_json: bool) -> None:
    """List the drills and the alerts, and which drill covers which alert."""
    values = override_values(())
    drills = list_drills(values)
    alerts = {rule.name: rule for file in list_rules(drills, values) for rule in file.alerts}
    covering = {
        name: [drill.name for drill in drills if any(expected.alert == name for expected in drill.expects)]
        for name in alerts
    }
    if as_json:
        document = {
            "drills": [
                {"name": drill.name, "system": drill.system, "why": drill.why, "lasts_s": drill.lasts_s}
                for drill in drills
            ],
            "alerts": [
                {"name": name, "source": rule.source, "drills": covering[name]}
                for name, rule in alerts.items()
            ],
        }
        click.echo(json.dumps(document, indent=2))
        return
    width = max(len(drill.name) for drill in drills)
    for name, names in covering.items():
        click.echo(name)
        for drill in drills:
            if drill.name in names:
                click.echo(f"  {drill.name:<{width}} {drill.why}")
    click.echo("no alert may fire")
    for drill in drills:
        if not drill.expects:
            click.echo(f"  {drill.name:<{width}} {drill.why}")
