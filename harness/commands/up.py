"""`alertdrill up`: let a stack stand."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from harness.alertmanager.calendar import Calendar
from harness.catalogue import choose_drills, list_drills, list_rules, override_values
from harness.commands.folders import prepare_folder
from harness.commands.interruption import Interrupted
from harness.commands.orders import find_config, make_order, read_rule_files
from harness.commands.sites import find_site
from harness.commands.stack_options import PORT_NAMES, read_speed, take_stack_options
from harness.run import make_setup
from harness.secret_files import make_secret_folder, write_secret
from harness.stacks import CALENDAR_LASTS_S, Endpoints

WATCH_WALL_S = 0.5


@click.command()
@click.option("--system", help="Only the rules of this system.")
@click.option("--speed", type=float, callback=read_speed, default=60.0, show_default=True)
@take_stack_options
def up(
    system: str | None,
    speed: float,
    out: Path,
    rule_paths: tuple[Path, ...],
    folder: Path | None,
    alertmanager_config: Path | None,
    ports: dict[str, int],
) -> None:
    """Start the stack that drills are held on, and let it stand until it is interrupted."""
    values = override_values(())
    drills = choose_drills((), system, list_drills(values))
    prepare_folder(out)
    rules = read_rule_files(rule_paths, folder) or list_rules(drills, values)
    site = find_site("embedded", None, ports)
    order = make_order(drills, out, rules, find_config(alertmanager_config, folder), site, speed)
    calendar = Calendar(origin=datetime.now(UTC))
    secrets_path = out / "secrets" / "stack.env"
    try:
        with site.open(make_setup(order, speed, calendar, CALENDAR_LASTS_S)) as stack:
            _write_secrets(secrets_path, stack.endpoints)
            for name in PORT_NAMES:
                click.echo(f"{name:<14}{getattr(stack.endpoints, name)}")
            click.echo(f"secrets       . {secrets_path}")
            click.echo(f"incidents     {stack.endpoints.pager}/ shows them, with ALERTDRILL_PAGER_TOKEN")
            while True:
                stack.check()
                time.sleep(WATCH_WALL_S)
    except Interrupted:
        click.echo("ended")
    finally:
        secrets_path.unlink(missing_ok=True)


def _write_secrets(path: Path, endpoints: Endpoints) -> None:
    """Write, for the owner only, what Locust needs to drive a stack by hand, as a shell reads it."""
    controls = ",".join(f"{name}={url}" for name, url in endpoints.controls.items())
    make_secret_folder(path.parent)
    write_secret(
        path,
        f"export ALERTDRILL_ADMIN_TOKEN={endpoints.admin_token}\n"
        f"export ALERTDRILL_CONTROL_TOKEN={endpoints.control_token}\n"
        f"export ALERTDRILL_PAGER_TOKEN={endpoints.pager_token}\n"
        f"export ALERTDRILL_CONTROLS={controls}\n",
    )
