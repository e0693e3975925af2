"""`alertdrill page`: one synthetic alert, or every alert of a file, through an Alertmanager and back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from alertdrill.alertmanager.config import AlertmanagerConfig, read_config
from alertdrill.alertmanager.original_check import check_original
from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options import page_modes
from alertdrill.cli.options.junit import check_junit, take_junit_option
from alertdrill.cli.options.moment import Moment, Year
from alertdrill.cli.options.project import find_nobody, find_project_of
from alertdrill.cli.options.stack import take_templates_option
from alertdrill.cli.options.systems import take_systems_option
from alertdrill.cli.page_showing import Show
from alertdrill.cli.routing_questions import Questions, answer_of_alerts, prove_label_sets
from alertdrill.cli.sentences import say
from alertdrill.core.rule import AlertRule, Labels
from alertdrill.errors import BadInput
from alertdrill.rules.files import read_rules
from alertdrill.runner.routing.reach import find_places
from alertdrill.runner.synthetic.apart import set_apart
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.build import build_alerts, guess_external_url
from alertdrill.runner.synthetic.choice import choose_rule, read_labels
from alertdrill.runner.synthetic.destination import list_objections
from alertdrill.runner.synthetic.durations import MIN_SPEED, choose_speed
from alertdrill.runner.synthetic.every import Exercise, plan_sending
from alertdrill.runner.synthetic.html import Rehearsal
from alertdrill.runner.synthetic.inhibition import read_inhibit_rules
from alertdrill.runner.synthetic.integrations import list_senders
from alertdrill.runner.synthetic.local import open_path
from alertdrill.runner.synthetic.pages import look_at
from alertdrill.runner.synthetic.remote import Remote
from alertdrill.runner.synthetic.route import bind
from alertdrill.runner.synthetic.switch import Switch, find_switch
from alertdrill.runner.synthetic.synthetic import SyntheticAlert
from alertdrill.runner.synthetic.watchdog import ALERT, RULE, WatchdogDrill, choose_beating_speed
from alertdrill.runtime.binaries import Engines, find_engines
from alertdrill.runtime.limits import LEAST_FILES_OF_ONE, demand_files
from alertdrill.runtime.paths import shorten
from alertdrill.runtime.server_options import check_url, read_headers
from alertdrill.systems import find_systems

HEADER_OPTION = "--header"
DELIVERED = "delivered, and resolved"
FOR_NOBODY = "notifies nobody, as is meant"
PAGES_WHEN_STOPPED = "the dead-man's switch pages when Alertmanager stops, and closes when it is back"


@click.command(
    cls=GroupedCommand,
    groups={
        "Which alert": ("rule_paths", "name", "labels", "all_alerts", "within_s", "watchdog", "external_url"),
        "The routing of a config, nothing is sent": ("table_path", "at", "year", "inhibitions", "coverage"),
        "Your Alertmanager": ("alertmanager", "headers", "receivers", "nobody"),
        "An Alertmanager on this machine": ("config_path", "templates_folder", "system_folders"),
        "What is sent, printed and written": ("dry_run", "out", "junit", "as_json"),
    },
    exit_codes={
        0: "delivered and resolved at every receiver; routed as expected; with --dry-run: shown",
        1: "a notification did not arrive, or not its end; a label set goes elsewhere than expected; no "
        "receiver of the heartbeat can be a switch",
        2: "bad input or usage; nothing was sent",
        3: "could not tell",
    },
    examples=(
        Example(
            "alertdrill page --alertmanager http://127.0.0.1:9093 --rules rules.yml --alert KeyCostSpike "
            "--label key=drill --dry-run",
            "Where would this alert go?",
        ),
        Example(
            "alertdrill page --all --rules rules.yml --alertmanager-config alertmanager.yml",
            "Does every alert page, by this config?",
        ),
        Example(
            "alertdrill page --labels routes.csv --alertmanager-config alertmanager.yml",
            "Do these label sets go to the receivers that I expect?",
        ),
    ),
)
@click.option("--alertmanager", metavar="URL", help="The Alertmanager to send the alert to.")
@click.option(
    HEADER_OPTION,
    "headers",
    multiple=True,
    metavar="NAME=VALUE",
    help="Header for it; NAME=@FILE reads a secret from a file. May be repeated.",
)
@click.option(
    "--rules",
    "rule_paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Rule file with the alert. May be repeated.",
)
@click.option(
    "--alert",
    "name",
    metavar="NAME[:LINE]",
    help="The alert to send; the line of its rule tells apart rules of one name and the same labels.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME=VALUE",
    help="Label of the series that the rule would find; also chooses among rules of one name.",
)
@click.option(
    "--receiver",
    "receivers",
    multiple=True,
    metavar="NAME",
    help="Receiver that may be notified; required unless Alertmanager is on this machine. May be repeated.",
)
@click.option(
    "--nobody",
    "nobody",
    multiple=True,
    metavar="RECEIVER",
    help="Receiver that notifies nobody on purpose, such as null; an alert that goes there alone is as it "
    "should be. May be repeated.",
)
@click.option(
    "--alertmanager-config",
    "config_path",
    type=click.Path(path_type=Path),
    help="Config of an Alertmanager that is started here, with a pager in place of all its receivers; "
    "the built-in config otherwise.",
)
@take_templates_option
@take_systems_option
@click.option("--all", "all_alerts", is_flag=True, help="Send every alert of the rule files.")
@click.option(
    "--within",
    "within_s",
    callback=page_modes.read_within,
    metavar="DURATION",
    help="With --all: how long it may take, such as 2m; what is not sent by then is unobserved. With "
    "--watchdog: how soon after the last heartbeat somebody has to be paged.",
)
@click.option(
    "--watchdog", is_flag=True, help="Prove that the dead-man's switch pages when its heartbeat stops."
)
@click.option(
    "--labels",
    "table_path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Table of label sets, in CSV or YAML, each with the receivers that it is expected to reach.",
)
@click.option(
    "--at",
    type=Moment(),
    metavar="TIME",
    help="Say which routes are muted then, and by which time interval: 2027-01-04T03:00, in UTC, or with Z, "
    "+01:00 or [Europe/Berlin] after it.",
)
@click.option(
    "--calendar",
    "year",
    type=Year(),
    metavar="YEAR",
    help="Which routes of the alerts are muted when in that year, as weeks and the days that differ.",
)
@click.option("--inhibitions", is_flag=True, help="Say which alert inhibits which, by which inhibit rule.")
@click.option(
    "--coverage", is_flag=True, help="Say what of the config none of the alerts or label sets reaches."
)
@click.option("--external-url", metavar="URL", help="Prometheus's external URL, for the alert's link to it.")
@click.option(
    "--dry-run", is_flag=True, help="Show the alert, its route and its receivers, and send nothing."
)
@page_modes.take_out_option
@take_junit_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def page(
    alertmanager: str | None,
    headers: tuple[str, ...],
    rule_paths: tuple[Path, ...],
    name: str | None,
    labels: tuple[str, ...],
    receivers: tuple[str, ...],
    nobody: tuple[str, ...],
    config_path: Path | None,
    templates_folder: Path | None,
    system_folders: tuple[Path, ...],
    all_alerts: bool,
    within_s: float | None,
    watchdog: bool,
    table_path: Path | None,
    at: datetime | None,
    year: int | None,
    inhibitions: bool,
    coverage: bool,
    external_url: str | None,
    dry_run: bool,
    out: Path | None,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Send a synthetic alert through an Alertmanager, and follow it to delivery and back.

    With --alertmanager, through that one. Otherwise through one that is started here, sixty times as fast
    or more, with a pager in place of all receivers: one alert, every alert of the rule files (--all), or the
    heartbeat of the dead-man's switch (--watchdog).

    A table of label sets (--labels) is routed, and sent to nobody; nor is anything where it is only asked
    about routing (--at, --calendar, --inhibitions, --coverage).
    """
    questions = Questions(at=at, year=year, inhibitions=inhibitions, coverage=coverage)
    if junit is not None:
        check_junit(
            junit,
            [*rule_paths, config_path, table_path],
            is_judged=not dry_run and (not questions or table_path is not None),
        )
    page_modes.check_out(out, is_sent=all_alerts and not (dry_run or questions))
    is_remote = alertmanager is not None
    if table_path is not None:
        page_modes.check_label_sets(
            table_path,
            config_path,
            {
                "--all": all_alerts,
                "--alert": name,
                "--watchdog": watchdog,
                "--rules": rule_paths,
                "--label": labels,
                "--alertmanager": is_remote,
                "--receiver": receivers,
                "--nobody": nobody,
                "--within": within_s,
                "--external-url": external_url,
            },
        )
    else:
        page_modes.check_mode(name, all_alerts=all_alerts, watchdog=watchdog, is_remote=is_remote)
    page_modes.check_questions(questions, config_path, watchdog=watchdog, is_remote=is_remote)
    if within_s is not None and not (all_alerts or watchdog):
        raise BadInput("--within is for --all and --watchdog: one alert takes as long as its config says")
    page_modes.check_companions(
        headers,
        receivers,
        config_path,
        templates_folder,
        system_folders,
        is_single=not (all_alerts or watchdog),
        is_remote=is_remote,
    )
    if alertmanager is None:
        demand_files("pager", LEAST_FILES_OF_ONE)
    given = read_labels(labels)
    secret, _ = read_headers(HEADER_OPTION, headers)
    url = None if alertmanager is None else check_url("--alertmanager", alertmanager, HEADER_OPTION)
    own_url = guess_external_url() if external_url is None else check_url("--external-url", external_url)
    rules = () if table_path else _choose_rules(rule_paths, name, given, watchdog=watchdog)
    project = find_project_of(config_path)
    nobody, stated = find_nobody(project, nobody)
    templates_folder = templates_folder or (None if project is None else project.templates)
    config = _read_config(config_path, templates_folder, system_folders) if url is None else None
    engines = find_engines(os.environ, say=_say)
    show = Show(as_json=as_json, junit=junit, out=out)
    if config is not None:
        check_original(engines.amtool, engines.versions["alertmanager"], config)
        if table_path is not None:
            prove_label_sets(shorten(table_path), config, engines, questions, as_json=as_json, junit=junit)
    alerts = build_alerts(rules, given, engines=engines, external_url=own_url)
    if config is None:
        remote = Remote(url or "", secret, engines.amtool)
        _send(remote, alerts[0], receivers, nobody, dry_run=dry_run, show=show)
    if questions:
        answer_of_alerts(alerts, config, engines, questions, as_json=as_json)
    bound = bind(alerts, config, engines, nobody, stated)
    if watchdog:
        switch = find_switch(bound[0].destination, bound[0].alert.name, within_s)
        _watch(bound[0], switch, config, engines, dry_run=dry_run, show=show)
    if not all_alerts:
        _demand_receivers(bound[0], receivers, config)
    show.make_folder([*rule_paths, config_path])
    _rehearse(bound, config, engines, within_s, dry_run=dry_run, show=show)


def _choose_rules(
    paths: tuple[Path, ...], name: str | None, given: Labels, *, watchdog: bool
) -> Sequence[AlertRule]:
    files = [read_rules(shorten(path)) for path in paths]
    if watchdog:
        return [choose_rule(files, name or ALERT, given) if files else replace(RULE, name=name or ALERT)]
    if not files:
        raise BadInput("--rules FILE says where the alerts are")
    rules = [rule for file in files for rule in file.alerts]
    if not rules:
        raise BadInput(f"{', '.join(file.name for file in files)}: there are no alerts")
    return rules if name is None else [choose_rule(files, name, given)]


def _read_config(
    path: Path | None, templates_folder: Path | None, system_folders: Sequence[Path]
) -> AlertmanagerConfig:
    if path is None:
        return make_reference_config(system.name for system in find_systems(system_folders))
    config = read_config(shorten(path), templates_folder)
    for note in config.notes:
        _say(note)
    return config


def _send(
    remote: Remote,
    alert: SyntheticAlert,
    receivers: Sequence[str],
    nobody: Sequence[str],
    *,
    dry_run: bool,
    show: Show,
) -> NoReturn:
    """Send an alert through somebody's Alertmanager, or show what would be sent; exit accordingly."""
    plan = remote.plan(alert, receivers, nobody)
    show.alert(Bound(alert=alert, destination=plan.destination))
    if plan.objections:
        raise BadInput(f"nothing is sent: {'; '.join(plan.objections)}")
    proved = FOR_NOBODY if plan.destination.is_meant_for_nobody else DELIVERED
    show.hops(remote.check(plan) if dry_run else remote.send(plan, _say), proved)


def _demand_receivers(bound: Bound, receivers: Sequence[str], config: AlertmanagerConfig) -> None:
    known = list_senders(config.document)
    objections = list_objections(
        bound.alert, bound.destination, (), named=receivers, known=known, is_loopback=True
    )
    if objections:
        raise BadInput(f"nothing is sent: {'; '.join(objections)}")


def _watch(
    bound: Bound, switch: Switch, config: AlertmanagerConfig, engines: Engines, *, dry_run: bool, show: Show
) -> NoReturn:
    """Hold the drill of the dead-man's switch, and exit accordingly."""
    show.alert(bound)
    if dry_run:
        show.hops((), PAGES_WHEN_STOPPED)
    hops = switch.findings
    if switch.destination.legs:
        beating = replace(bound, destination=switch.destination)
        with open_path(config, engines=engines, speed=choose_beating_speed(beating)) as path:
            hops += WatchdogDrill(path, beating, _say).hold()
    show.hops(hops, PAGES_WHEN_STOPPED, switch.assumed)


def _rehearse(
    bound: Sequence[Bound],
    config: AlertmanagerConfig,
    engines: Engines,
    within_s: float | None,
    *,
    dry_run: bool,
    show: Show,
) -> NoReturn:
    """Send alerts through an Alertmanager of our own; exit with 1 unless each has its pages."""
    if dry_run:
        show.rows([look_at(one) for one in bound], MIN_SPEED)
    rules = read_inhibit_rules(config.document)
    started_at = datetime.now(tz=UTC)
    sent, document = set_apart(bound, config.document)
    speed = choose_speed(plan_sending(sent, rules))
    with open_path(replace(config, document=document), engines=engines, speed=speed) as path:
        rows = Exercise(path, rules, _say).hold(sent, within_s)
    show.rehearsal(
        Rehearsal(
            rows=rows,
            places=find_places(config, [one.alert for one in bound]),
            speed=speed,
            source=config.source,
            engines=engines.versions,
            started_at=started_at,
        )
    )


def _say(text: str) -> None:
    say(text, to_stderr=True)
