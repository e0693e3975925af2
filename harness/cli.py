"""The command line: arguments and environment are read here, reports are written, exit codes are decided.

Exit codes: 0 every expectation met, 1 some expectation not met, 2 bad input or usage, 3 could not tell.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.live import Live

from harness.catalogue import (
    choose_drills,
    list_dashboards,
    list_drills,
    list_rules,
    override_values,
    read_text,
    read_values,
    shorten,
)
from harness.dilation import dilate_duration, dilate_rules
from harness.engines import find_engines
from harness.errors import AlertdrillError, BadInput, CouldNotTell
from harness.model import Drill
from harness.reports import RunRecord, html, junit, timeline_json
from harness.reports.terminal import BoardState, board, progress_line, summary
from harness.rules import RuleFile, parse_rules, read_rules
from harness.run import Order, hold, make_setup
from harness.stacks import PARTS, SCRAPE_INTERVAL_S, Endpoints, Site
from harness.stacks.compose.site import ComposeSite
from harness.stacks.configfolder import (
    find_alertmanager_config,
    read_alertmanager_config,
    read_rule_folder,
)
from harness.stacks.configs import make_alertmanager_config
from harness.stacks.embedded import EmbeddedSite
from harness.stacks.remote_write import RemoteWrite
from harness.store_options import make_store, take_store_options
from harness.systems import find_systems
from harness.traffic import MAX_WORKERS
from harness.values import override, render_rules, switch_on, write_resource

MAX_SPEED = 300.0
"""At 300, scrapes are 50 ms apart; beyond, no machine keeps the clock."""
LOG_LINE_EVERY_S = 10.0
LOG_COLUMNS = 220
WATCH_WALL_S = 0.5
REPORTS = ("timeline.json", "junit.xml", "report.html")
LOGS = (
    *(f"{part}.log" for part in (*PARTS, "locust", "prepare", "compose")),
    *(f"locust-worker-{number}.log" for number in range(1, MAX_WORKERS + 1)),
    "traffic.json",
    "traffic-plan.json",
)
"""The files that a run writes; the next one removes exactly these."""

PORT_NAMES = tuple(part for part in PARTS if not part.startswith("provider-"))


class _Interrupted(BaseException):
    """A signal asked for the end; unlike an error it passes every `except Exception`, and click too."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Hold fire drills for Prometheus alerts: from traffic to the pager and back, asserted at every hop."""


def _read_speed(_context: click.Context, _parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 1.0 <= value <= MAX_SPEED:
        raise click.BadParameter(
            f"a drill can be held at 1 to {MAX_SPEED:g} times real time, not at {value:g}"
        )
    if value is not None:
        dilate_duration(SCRAPE_INTERVAL_S, value)
    return value


def _read_ports(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, int]:
    ports = {}
    for value in values:
        name, _, port = value.partition("=")
        if name not in PORT_NAMES or not port.isdecimal() or not 0 < int(port) < 65536:
            raise click.BadParameter(f"{value!r} is not NAME=PORT; NAME is one of {', '.join(PORT_NAMES)}")
        ports[name] = int(port)
    return ports


def _take_stack_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what an embedded stack is made of."""
    options = (
        click.option(
            "--out",
            type=click.Path(path_type=Path),
            default=Path("out"),
            show_default=True,
            help="Folder for the reports and the logs.",
        ),
        click.option(
            "--rules",
            "rule_paths",
            multiple=True,
            type=click.Path(path_type=Path),
            help="Rule file to load instead of the systems' own. May be repeated.",
        ),
        click.option(
            "--config",
            "folder",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            help="Folder with rules/*.yml and alertmanager.yml, for --rules and --alertmanager-config.",
        ),
        click.option(
            "--alertmanager-config",
            type=click.Path(path_type=Path),
            help="Alertmanager config in rule time, instead of our own; its webhooks go to the pager.",
        ),
        click.option(
            "--port",
            "ports",
            multiple=True,
            callback=_read_ports,
            metavar="NAME=PORT",
            help=f"Port for one of {', '.join(PORT_NAMES)}; a free one otherwise. May be repeated.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@cli.command()
@click.argument("names", nargs=-1, metavar="[DRILL]...")
@click.option("--system", help="Only the drills of this system.")
@click.option(
    "--stack",
    type=click.Choice(["embedded", "compose"]),
    default="embedded",
    show_default=True,
    help="Local processes, or containers: brought up and taken down, or left if they were up already.",
)
@click.option(
    "--project",
    metavar="NAME",
    help="Docker compose's project name; COMPOSE_PROJECT_NAME or 'alertdrill' otherwise.",
)
@click.option(
    "--speed",
    type=float,
    envvar="ALERTDRILL_SPEED",
    callback=_read_speed,
    help="Seconds of rule time per second of wall time, or ALERTDRILL_SPEED; found by calibration otherwise.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="SYSTEM.NAME=VALUE",
    help="Change a value, as in metis.llmErrorRate.threshold=0.02; the drills follow. May be repeated.",
)
@click.option(
    "--workers",
    type=click.IntRange(0, MAX_WORKERS),
    default=0,
    show_default=True,
    help="How many Locust workers share the traffic; 0: one process sends it all.",
)
@_take_stack_options
@take_store_options
def run(
    names: tuple[str, ...],
    system: str | None,
    stack: str,
    project: str | None,
    speed: float | None,
    settings: tuple[str, ...],
    workers: int,
    out: Path,
    rule_paths: tuple[Path, ...],
    folder: Path | None,
    alertmanager_config: Path | None,
    ports: dict[str, int],
    prometheus: str | None,
    headers: tuple[str, ...],
    tenant: str | None,
    remote_write: str | None,
) -> None:
    """Hold drills: all of them, or those named, and report to OUT."""
    store, target = make_store(prometheus, headers, tenant, remote_write)
    values = override_values(settings)
    drills = choose_drills(names, system, list_drills(values))
    site = _find_site(stack, project, ports, target)
    obstacles = _find_obstacles(drills, names, site)
    drills = tuple(drill for drill in drills if drill.name not in obstacles)
    _prepare_folder(out)
    rules = _read_rules(rule_paths, folder) or list_rules(drills, values)
    order = _make_order(drills, out, rules, _find_config(alertmanager_config, folder), site, speed)
    dashboards = list_dashboards(drills, values)
    order = replace(order, dashboards=dashboards, store=store, workers=workers)
    for name, obstacle in obstacles.items():
        click.echo(f"left out: {name}: {obstacle}", err=True)
    # In a log each expectation has a line of its own, however long.
    console = Console(width=None if sys.stdout.isatty() else LOG_COLUMNS)
    try:
        with _show_progress(console) as show:
            record = hold(order, show)
    except CouldNotTell as error:
        (out / "junit.xml").write_text(junit.render_error(str(error)))
        raise
    _write_reports(record, out)
    console.print(summary(record))
    console.print(f"Report: {out / 'report.html'}")
    sys.exit(record.exit_code)


@cli.command()
@click.option("--system", help="Only the rules of this system.")
@click.option("--speed", type=float, callback=_read_speed, default=60.0, show_default=True)
@_take_stack_options
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
    _prepare_folder(out)
    rules = _read_rules(rule_paths, folder) or list_rules(drills, values)
    site = _find_site("embedded", None, ports)
    order = _make_order(drills, out, rules, _find_config(alertmanager_config, folder), site, speed)
    secrets_path = out / "stack.env"
    try:
        with site.open(make_setup(order, speed)) as stack:
            _write_secrets(secrets_path, stack.endpoints)
            for name in PORT_NAMES:
                click.echo(f"{name:<14}{getattr(stack.endpoints, name)}")
            click.echo(f"secrets       . {secrets_path}")
            while True:
                stack.check()
                time.sleep(WATCH_WALL_S)
    except _Interrupted:
        click.echo("ended")
    finally:
        secrets_path.unlink(missing_ok=True)


@cli.command(name="list")
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


@cli.command()
@click.argument("rules", type=click.Path(path_type=Path))
@click.option("--speed", type=float, required=True, help="Seconds of rule time per second of wall time.")
@click.option("--skip-refused", is_flag=True, help="Leave out the rules that cannot be dilated, and exit 0.")
def dilate(rules: Path, speed: float, skip_refused: bool) -> None:
    """Write the rule file RULES as it must be when everything runs SPEED times faster."""
    text, refusals = dilate_rules(read_rules(rules), speed)
    for refusal in refusals:
        click.echo(str(refusal), err=True)
    if refusals and not skip_refused:
        sys.exit(BadInput.exit_code)
    click.echo(text, nl=False)


@cli.command(name="rules")
@click.argument("system", metavar="SYSTEM")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a value, as in llmErrorRate.threshold=0.02 or enabled=true. May be repeated.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["prometheus", "prometheusrule"]),
    default="prometheus",
    show_default=True,
    help="A rule file, or the Prometheus operator's resource.",
)
def rules_(system: str, settings: tuple[str, ...], form: str) -> None:
    """Write SYSTEM's alert rules with the values that are set."""
    systems = {found.name: found for found in find_systems()}
    if system not in systems:
        raise BadInput(f"there is no system {system!r}; there are: {', '.join(systems)}")
    values = override(read_values(systems[system]), settings)
    path = systems[system].template_path
    text = render_rules(read_text(path), values, str(shorten(path)))
    parse_rules(render_rules(read_text(path), switch_on(values), str(path)), str(shorten(path)))
    if not values.enabled:
        click.echo(f"every alert of {system} is off: --set enabled=true switches them on", err=True)
    click.echo(write_resource(text, system) if form == "prometheusrule" else text, nl=False)


def _find_site(
    stack: str, project: str | None, ports: dict[str, int], remote_write: RemoteWrite | None = None
) -> Site:
    """Return where the drills are to be held; raises BadInput when that cannot be had."""
    if stack == "compose":
        if ports:
            raise BadInput(
                "--port is for --stack embedded: containers take ALERTDRILL_GATEWAY_PORT and the like"
            )
        if remote_write is not None:
            raise BadInput("--remote-write is for --stack embedded: the containers' Prometheus sends nothing")
        return ComposeSite.find(project, os.environ)
    if project is not None:
        raise BadInput("--project is for --stack compose")
    engines = find_engines(os.environ, say=lambda text: click.echo(text, err=True))
    return EmbeddedSite(engines=engines, ports=ports, remote_write=remote_write)


def _find_obstacles(drills: tuple[Drill, ...], names: tuple[str, ...], site: Site) -> dict[str, str]:
    """Say why drills cannot be held here, by name; raises BadInput when they were asked for by name."""
    obstacles = {
        drill.name: obstacle
        for drill in drills
        for outage in drill.outages
        if (obstacle := site.find_obstacle(outage)) is not None
    }
    for name, obstacle in obstacles.items():
        if names:
            raise BadInput(f"{name} cannot be held: {obstacle}")
    return obstacles


def _prepare_folder(out: Path) -> None:
    """Make the folder for reports and logs, without any of an earlier run.

    Raises BadInput when it cannot be written.
    """
    try:
        logs = out / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        for path in [*(logs / name for name in LOGS), *(out / name for name in REPORTS)]:
            path.unlink(missing_ok=True)
        probe = out / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise BadInput(f"{out}: cannot be written to: {error.strerror}") from error


def _write_secrets(path: Path, endpoints: Endpoints) -> None:
    """Write, for the owner only, what Locust needs to drive a stack by hand, as a shell reads it."""
    controls = ",".join(f"{name}={url}" for name, url in endpoints.controls.items())
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(
        f"export ALERTDRILL_ADMIN_TOKEN={endpoints.admin_token}\n"
        f"export ALERTDRILL_CONTROL_TOKEN={endpoints.control_token}\n"
        f"export ALERTDRILL_CONTROLS={controls}\n"
    )


def _make_order(
    drills: tuple[Drill, ...],
    out: Path,
    rules: tuple[RuleFile, ...],
    alertmanager_config: Path | None,
    site: Site,
    speed: float | None,
) -> Order:
    config: Mapping[str, Any] = make_alertmanager_config(system.name for system in find_systems())
    if alertmanager_config is not None:
        config = read_alertmanager_config(alertmanager_config)
    return Order(
        drills=drills,
        rules=rules,
        site=site,
        alertmanager=config,
        alertmanager_source=str(alertmanager_config or "our own Alertmanager config"),
        out=out.resolve(),
        speed=speed,
    )


def _find_config(named: Path | None, folder: Path | None) -> Path | None:
    """Return the Alertmanager config that was named, or the folder's."""
    return find_alertmanager_config(folder) if named is None and folder is not None else named


def _read_rules(paths: tuple[Path, ...], folder: Path | None) -> tuple[RuleFile, ...]:
    named = tuple(read_rules(shorten(path)) for path in paths)
    return named or (read_rule_folder(folder) if folder is not None else ())


@contextmanager
def _show_progress(console: Console) -> Iterator[Callable[[BoardState], None]]:
    """Yield what shows the state of a run: a live board on a terminal, a line every ten seconds elsewhere."""
    if console.is_terminal:
        with Live(console=console, refresh_per_second=5, transient=True) as live:
            yield lambda state: live.update(board(state))
        return
    last_s = -LOG_LINE_EVERY_S
    last_message = ""

    def show(state: BoardState) -> None:
        nonlocal last_s, last_message
        now_s = time.monotonic()
        if now_s - last_s >= LOG_LINE_EVERY_S or state.message != last_message:
            last_s, last_message = now_s, state.message
            console.print(progress_line(state), soft_wrap=True, markup=False, highlight=False)

    yield show


def _write_reports(record: RunRecord, out: Path) -> None:
    (out / "timeline.json").write_text(timeline_json.render(record))
    (out / "junit.xml").write_text(junit.render(record))
    (out / "report.html").write_text(html.render(record))


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    """Leave every `with` block in order; further signals do not disturb that."""
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise _Interrupted(signal.Signals(number).name)


def main() -> None:
    """Run the command line; every error of ours is one sentence on standard error."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"alertdrill: {error.format_message()}", err=True)
        sys.exit(BadInput.exit_code)
    except AlertdrillError as error:
        click.echo(f"alertdrill: {error}", err=True)
        sys.exit(error.exit_code)
    except _Interrupted as interrupted:
        click.echo(f"alertdrill: interrupted by {interrupted}; nothing was judged", err=True)
        sys.exit(CouldNotTell.exit_code)
