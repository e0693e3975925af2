"""`alertdrill up`: let a stack stand."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from alertdrill.alertmanager.calendar import Calendar
from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.interruption import Interrupted
from alertdrill.cli.live_page import open_live_page
from alertdrill.cli.options.orders import find_config, list_inputs, make_order, read_rule_files
from alertdrill.cli.options.sites import find_site
from alertdrill.cli.options.stack import PORT_NAMES, read_speed, take_stack_options
from alertdrill.cli.options.systems import take_systems_option
from alertdrill.cli.run_folder import RunFolder, open_folder
from alertdrill.core.clock import Clock
from alertdrill.errors import CouldNotTell
from alertdrill.judging.began_active import find_longest_for_s
from alertdrill.runner.order import Order, make_setup
from alertdrill.runner.standing import StandingWatch
from alertdrill.runtime.files import naming
from alertdrill.runtime.secret_files import make_secret_folder, write_secret
from alertdrill.stacks import CALENDAR_LASTS_S, Endpoints, Setup, Site
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import choose_drills, list_drills, list_rules, override_values

WATCH_WALL_S = 0.5


@click.command(
    cls=GroupedCommand,
    groups={
        "The stack": ("speed", "ports"),
        "Rules": ("system", "system_folders", "rule_paths"),
        "Alertmanager and paging": ("alertmanager_config", "templates_folder", "folder"),
        "What is written": ("out",),
    },
    exit_codes={
        0: "Ctrl-C or a signal stopped the stack",
        2: "bad input or usage, or a file that cannot be written",
        3: "a part did not start, or died",
    },
    examples=(
        Example("alertdrill up", "Start everything, with all systems' rules, sixty times faster"),
        Example(
            "alertdrill up --speed 1 --port prometheus=9090 --port gateway=8000",
            "In real time, on ports that you know",
        ),
        Example("alertdrill up --rules my-rules.yml", "With your own rules"),
    ),
)
@click.option("--system", help="Load only the rules of this system.")
@click.option(
    "--speed",
    type=float,
    callback=read_speed,
    default=60.0,
    show_default=True,
    help="How many seconds of rule time pass in a second of wall time.",
)
@take_systems_option
@take_stack_options
def up(
    system: str | None,
    speed: float,
    out: Path,
    rule_paths: tuple[Path, ...],
    folder: Path | None,
    alertmanager_config: Path | None,
    templates_folder: Path | None,
    ports: dict[str, int],
    system_folders: tuple[Path, ...],
) -> None:
    """Start the stack that drills are held on, and keep it running until Ctrl-C.

    It prints the parts' addresses, and that of a page that shows alerts and incidents as they come. Send
    traffic with Locust.
    """
    systems = find_systems(system_folders)
    values = override_values((), systems)
    drills = choose_drills((), system, list_drills(values, systems), systems)
    rules = read_rule_files(rule_paths, folder) or list_rules(drills, values, systems)
    site = find_site("embedded", None, ports)
    config = find_config(alertmanager_config, folder)
    order = make_order(drills, out, rules, config, templates_folder, site, speed, systems)
    calendar = Calendar(origin=datetime.now(UTC))
    secrets_path = out / "secrets" / "stack.env"
    setup = make_setup(order, speed, calendar, CALENDAR_LASTS_S)
    with open_folder(out, list_inputs(rule_paths, folder, alertmanager_config)) as reports:
        try:
            _stand(site, setup, reports, secrets_path, order)
        except CouldNotTell:
            reports.publish()  # the error names a log
            raise
        except Interrupted:
            click.echo("ended")


def _stand(site: Site, setup: Setup, reports: RunFolder, secrets_path: Path, order: Order) -> NoReturn:
    """Let the stack stand; once it does, the folder is its own, and nothing of the last run is in it.

    What happens on it is shown on a page.
    """
    try:
        with naming(str(secrets_path)):
            secrets_path.unlink(missing_ok=True)
        with site.open(setup) as stack, open_live_page() as page:
            reports.publish()
            _write_secrets(secrets_path, stack.endpoints)
            for name in PORT_NAMES:
                click.echo(f"{name:<14}{getattr(stack.endpoints, name)}")
            click.echo(f"secrets       . {secrets_path}")
            click.echo(f"page          {page.url}")
            click.echo(f"acknowledge   {stack.endpoints.pager}/, with ALERTDRILL_PAGER_TOKEN")
            watch = StandingWatch(
                stack=stack,
                clock=Clock(speed=setup.speed, origin_s=time.time()),
                rules=order.alerts,
                for_s=find_longest_for_s(order.alerts),
            )
            while True:
                stack.check()
                page.show(watch.look())
                time.sleep(WATCH_WALL_S)
    finally:
        with suppress(OSError):
            secrets_path.unlink()


def _write_secrets(path: Path, endpoints: Endpoints) -> None:
    """Write, for the owner only, what Locust needs to drive a stack by hand, as a shell reads it."""
    controls = ",".join(f"{name}={url}" for name, url in endpoints.controls.items())
    with naming(str(path)):
        make_secret_folder(path.parent)
        write_secret(
            path,
            f"export ALERTDRILL_ADMIN_TOKEN={endpoints.admin_token}\n"
            f"export ALERTDRILL_CONTROL_TOKEN={endpoints.control_token}\n"
            f"export ALERTDRILL_PAGER_TOKEN={endpoints.pager_token}\n"
            f"export ALERTDRILL_CONTROLS={controls}\n",
        )
