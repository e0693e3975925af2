"""`alertdrill lint`: what can be known of rules without traffic."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from alertdrill.alertmanager.config import read_config
from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options.project import (
    MISSING,
    open_project,
)
from alertdrill.cli.options.project_file import take_project_option
from alertdrill.cli.options.read_path import ReadPath
from alertdrill.cli.target_metrics import ask_metrics, is_url, read_metrics_file
from alertdrill.core.wording import say_number
from alertdrill.errors import BadInput, BadRules
from alertdrill.linting.dashboards import LintedDashboard, read_dashboard
from alertdrill.linting.finding import SEVERITIES, Severity, reaches
from alertdrill.linting.formats import FORMATS
from alertdrill.linting.grafana_variables import has_variable
from alertdrill.linting.links import list_anchors, list_linked
from alertdrill.linting.linter import lint as find
from alertdrill.linting.surroundings import Known, LintedFile, find_nodes
from alertdrill.project.drafting.metrics import Metrics
from alertdrill.project.finding import find_project
from alertdrill.project.project import Project, Secret
from alertdrill.rules.files import EVALUATION_INTERVAL_S, MAX_BYTES, parse_rules, read_text
from alertdrill.runner.project_files import read_project_rules
from alertdrill.runtime.looking import is_there
from alertdrill.runtime.paths import shorten
from alertdrill.runtime.reading import decode_text, read_bytes

MAX_DASHBOARD_BYTES = 8 * 1024 * 1024


@click.command(
    cls=GroupedCommand,
    groups={
        "What is known beside the rules": (
            "metrics_source",
            "key_env",
            "alertmanager_config",
            "dashboard_paths",
            "is_about_project",
            "project_file",
        ),
        "What is written": ("form",),
        "What fails": ("fail_on",),
    },
    exit_codes={
        0: "no finding is as severe as --fail-on says",
        1: "some finding is",
        2: "bad input or usage: a file cannot be read, or is none of rules; findings in others are written",
        3: "could not tell: the address of --metrics does not answer",
    },
    examples=(
        Example(
            "alertdrill lint rules/*.yml", "What is wrong with rules, as far as they tell it themselves?"
        ),
        Example(
            "alertdrill lint rules.yml --dashboard grafana/api.json --metrics http://127.0.0.1:4000/metrics",
            "The same, with the names and labels that a target shows, in the panels of a dashboard, too",
        ),
        Example(
            "alertdrill lint --project --format sarif --fail-on error",
            "In the folder of a project: its rules and its Alertmanager config, as SARIF for code scanning",
        ),
    ),
)
@click.argument("rules", nargs=-1, type=click.Path(path_type=Path), metavar="[RULES]...")
@click.option(
    "--metrics",
    "metrics_source",
    metavar="URL|FILE|RECORDING",
    help="The metrics that there are: the address of a target's metrics, a file of them, or a recording.",
)
@click.option(
    "--key-env", metavar="NAME", help="The environment variable with the key that the address wants."
)
@click.option(
    "--alertmanager-config",
    type=ReadPath(),
    metavar="FILE",
    help="The Alertmanager config that routes the alerts; otherwise the project's, with --project.",
)
@click.option(
    "--dashboard",
    "dashboard_paths",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A dashboard of Grafana's, as JSON, whose panels are looked at beside the rules. May be repeated.",
)
@click.option(
    "--project",
    "is_about_project",
    is_flag=True,
    help="Take what the project states: its rules unless RULES are given, its Alertmanager config, and how "
    "often it scrapes. Without RULES this is so anyway.",
)
@take_project_option
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="How findings are written.",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="warning",
    show_default=True,
    help="Exit with 1 if a finding is of this severity or worse.",
)
def lint(
    rules: tuple[Path, ...],
    metrics_source: str | None,
    key_env: str | None,
    alertmanager_config: Path | None,
    dashboard_paths: tuple[Path, ...],
    is_about_project: bool,
    project_file: Path | None,
    form: str,
    fail_on: Severity,
) -> None:
    """Say what is wrong with RULES that can be known without traffic.

    Each finding has a place, a severity, what happens, and what to write instead. A comment ignores a check:
    `# alertdrill ignore CHECK until 2027-01-31: why`. docs/reference/checks.md has all checks.
    """
    project = _find_project((*rules, *dashboard_paths), project_file, is_about_project=is_about_project)
    paths = rules or tuple(map(shorten, project.rules if project is not None else ()))
    packed = () if rules or project is None else _read_packed(project)
    if not paths and not packed and not dashboard_paths:
        raise click.UsageError("name rule files, or a project that states some (--project)")
    metrics = None if metrics_source is None else _read_metrics(metrics_source, key_env)
    config = alertmanager_config or (None if project is None else project.alertmanager)
    files, refused = _read_files(paths)
    dashboards, unread = _read_dashboards(dashboard_paths)
    refused += unread
    intervals = [] if project is None else [scrape.interval_s for scrape in project.scrapes]
    files += packed
    known = Known(
        files=tuple(files),
        dashboards=tuple(dashboards),
        metrics=metrics,
        alertmanager=None if config is None else read_config(shorten(config)),
        headings=dict(_read_headings(files)),
        scrape_interval_s=min(intervals, default=EVALUATION_INTERVAL_S),
        states_interval=bool(intervals),
    )
    findings = find(known, datetime.now(tz=UTC).date())
    if form != "text" or files or dashboards:  # of nothing that could be read, nothing is said
        click.echo(FORMATS[form](findings, [*map(str, refused)]), nl=False)
    for line in (line for one in dashboards for line in _say_unread(one)):
        click.echo(line, err=True)
    for error in refused:
        click.echo(f"alertdrill: {error}", err=True)
    if refused:
        sys.exit(BadInput.exit_code)
    sys.exit(1 if any(reaches(finding, fail_on) for finding in findings) else 0)


def _find_project(rules: Sequence[Path], named: Path | None, *, is_about_project: bool) -> Project | None:
    """Return the project that is meant; None where rules are given alone."""
    if named is not None or is_about_project:
        return open_project(named)
    if rules:
        return None
    if find_project(Path()) is None:
        raise BadInput(f"there are no RULES, and {MISSING}")
    return open_project(None)


def _read_packed(project: Project) -> tuple[LintedFile, ...]:
    """Return the rules of a project's packs, which are made of values."""
    if not project.packs:
        return ()
    own = {str(shorten(path)) for path in project.rules}
    files = read_project_rules(project).files
    return tuple(find_nodes(file, file.text) for file in files if file.name not in own)


def _read_metrics(source: str, key_env: str | None) -> Metrics:
    if not is_url(source):
        return read_metrics_file(Path(source))
    token = None if key_env is None else Secret(env=key_env, source="--key-env").read(os.environ)
    return ask_metrics(source, source, token).metrics


def _read_headings(files: Sequence[LintedFile]) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Yield the anchors of each Markdown file that an annotation links to, None where it is not there."""
    folders = dict.fromkeys([Path(), *(Path(file.name).parent for file in files)])
    for name in dict.fromkeys(list_linked(files)):
        path = next((folder / name for folder in folders if is_there(folder / name)), None)
        if path is None:
            yield name, None
            continue
        try:
            content = read_bytes(path, MAX_BYTES)
        except OSError:
            continue  # nothing is said of what nobody may read
        yield name, list_anchors(content.decode(errors="replace"))


def _read_dashboards(paths: Sequence[Path]) -> tuple[list[LintedDashboard], list[BadInput]]:
    """Return the dashboards that can be read, and why the others cannot."""
    dashboards: list[LintedDashboard] = []
    refused: list[BadInput] = []
    for path in dict.fromkeys(paths):
        try:
            content = read_bytes(path, MAX_DASHBOARD_BYTES)
            if len(content) > MAX_DASHBOARD_BYTES:
                raise BadInput(f"{path}: it is larger than {MAX_DASHBOARD_BYTES} bytes")
            dashboards.append(read_dashboard(decode_text(content, str(path)), str(path)))
        except OSError as error:
            refused.append(BadInput(f"{path}: the file cannot be read: {error.strerror}"))
        except BadInput as error:
            refused.append(error)
    return dashboards, refused


def _say_unread(dashboard: LintedDashboard) -> Iterator[str]:
    """Yield a line for the queries that only Grafana understands, and one for those that nobody does."""
    for why, has_variables in (("no PromQL that can be read without Grafana", True), ("no PromQL", False)):
        unread = [one for one in dashboard.unread if has_variable(one) is has_variables]
        if unread:
            shown = f"{', such as' if len(unread) > 1 else ':'} {unread[0]}"
            yield f"{dashboard.name}: {say_number(len(unread), 'expression')} left out, {why}{shown}"


def _read_files(paths: Sequence[Path]) -> tuple[list[LintedFile], list[BadInput]]:
    """Return the files that can be read, and why the others cannot."""
    files: list[LintedFile] = []
    refused: list[BadInput] = []
    for path in dict.fromkeys(paths):
        source = ""
        try:
            source = read_text(path)
            files.append(find_nodes(parse_rules(source, str(path)), source))
        except BadRules as error:
            refused.append(_explain(error, path, source))
    return files, refused


def _explain(error: BadRules, path: Path, source: str) -> BadInput:
    """Return why rules cannot be read; where they are a dashboard, that it has an option of its own."""
    try:
        read_dashboard(source, str(path))
    except BadInput:
        return error
    return BadInput(f"{path}: this is a dashboard, and no rules: give it as --dashboard {path}")
