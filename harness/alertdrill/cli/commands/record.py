"""`alertdrill record`: what a Prometheus had over a range of time, as a file to replay rules on."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from alertdrill.cli.complaining import complain
from alertdrill.cli.help import Example, GroupedCommand
from alertdrill.cli.options.orders import read_rule_files
from alertdrill.cli.options.store import HEADER_OPTION, read_store
from alertdrill.cli.options.written_path import WrittenPath
from alertdrill.core.clock import MAX_INSTANT_S, Clock
from alertdrill.errors import BadInput
from alertdrill.recording.recorder import record
from alertdrill.recording.selecting import list_selectors, read_selector
from alertdrill.recording.store import WHOLE_ANSWERS
from alertdrill.rules.dilation.expressions import MAX_SPEED, MIN_SPEED
from alertdrill.rules.promql.expressions import render_selector
from alertdrill.runtime.files import check_target, find_target
from alertdrill.runtime.http_client import Api


@click.command(
    name="record",
    cls=GroupedCommand,
    groups={
        "The server": ("prometheus", "headers", "tenant"),
        "What is recorded": ("rule_paths", "matches", "start", "end"),
        "Time": ("speed", "origin"),
        "What is written": ("output",),
    },
    exit_codes={
        0: "the recording is written",
        2: "bad input or usage, or a file that cannot be written",
        3: "could not tell: the server did not answer, or not with everything",
    },
    examples=(
        Example(
            "alertdrill record --prometheus http://127.0.0.1:9090 --start 2026-01-05T09:00:00Z "
            "--end 2026-01-05T12:00:00Z --rules rules.yml -o morning.om.gz",
            "Everything that the rules read, over three hours",
        ),
        Example(
            "alertdrill record --prometheus http://127.0.0.1:9090 --start 1767603600 --end 1767607200 "
            "--match http_requests_total -o hour.om",
            "One metric, over an hour",
        ),
    ),
)
@click.option(
    "--prometheus",
    metavar="URL",
    required=True,
    help="The server to read from; it has Prometheus's HTTP API.",
)
@click.option(
    "--start", metavar="T", required=True, help="Where the recording begins: epoch seconds, or RFC 3339."
)
@click.option("--end", metavar="T", required=True, help="Where it ends, inclusive.")
@click.option(
    "--match",
    "matches",
    multiple=True,
    metavar="SELECTOR",
    help="Record the series that this selector finds. May be repeated.",
)
@click.option(
    "--rules",
    "rule_paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Record the series that the rules of this file read. May be repeated.",
)
@click.option(
    "--speed",
    type=float,
    help="How many seconds of rule time passed in a second of the server's time; 1 otherwise.",
)
@click.option(
    "--origin",
    type=float,
    metavar="EPOCH_S",
    help="The server's instant at which rule time is 0; with --speed. Its own times otherwise.",
)
@click.option(
    HEADER_OPTION,
    "headers",
    multiple=True,
    metavar="NAME=VALUE",
    help="Header for the server; NAME=@FILE reads a secret from a file. May be repeated.",
)
@click.option("--tenant", metavar="NAME", help="Tenant at the server, sent as X-Scope-OrgID.")
@click.option(
    "-o",
    "--output",
    type=WrittenPath(path_type=Path),
    required=True,
    metavar="FILE",
    help="The recording to write, gzipped if its name ends in .gz; - is standard output.",
)
def record_(
    prometheus: str,
    start: str,
    end: str,
    matches: tuple[str, ...],
    rule_paths: tuple[Path, ...],
    speed: float | None,
    origin: float | None,
    headers: tuple[str, ...],
    tenant: str | None,
    output: Path,
) -> None:
    """Record the series that rules or selectors ask for, and `up`, as OpenMetrics on rule time."""
    check_target(output, inputs=(*rule_paths, *_list_files(headers)))
    store, _ = read_store(prometheus, headers, tenant)
    selectors = _read_matches(matches) | set(list_selectors(read_rule_files(rule_paths, None)))
    if not matches and not rule_paths:
        raise click.UsageError("say what to record: --rules RULES, or --match SELECTOR")
    if (speed is None) != (origin is None):
        raise click.UsageError(
            "--speed and --origin belong together: --origin EPOCH_S is where rule time is 0"
        )
    clock = _make_clock(speed, origin)
    start_s, end_s = _read_instant("--start", start), _read_instant("--end", end)
    if not start_s < end_s:
        raise BadInput("--start is not before --end")
    if start_s < clock.origin_s:
        raise BadInput("--start is before --origin: rule time begins there")
    api = Api("the server", store.url, headers=store.headers, params=WHOLE_ANSWERS)
    with _show_progress() as show_progress:
        recorded = record(api, sorted(selectors), start_s, end_s, clock, output, show_progress)
    for note in recorded.notes:
        complain(f"note: {note}")
    target = find_target(output)
    said = f"{target.name}: {recorded.samples:,} samples of {recorded.series:,} series"
    click.echo(said, err=target.is_stream)


def _list_files(headers: tuple[str, ...]) -> list[Path]:
    """Return the files that hold headers' values."""
    values = [text.partition("=")[2] for text in headers]
    return [Path(value[1:]) for value in values if value.startswith("@")]


def _read_matches(texts: tuple[str, ...]) -> set[str]:
    read = set()
    for text in texts:
        try:
            read.add(render_selector(read_selector(text)))
        except BadInput as error:
            raise BadInput(f"--match: {error}") from error
    return read


def _make_clock(speed: float | None, origin_s: float | None) -> Clock:
    if speed is None or origin_s is None:
        return Clock(speed=1.0, origin_s=0.0)
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise BadInput(f"--speed wants a number from {MIN_SPEED} to {MAX_SPEED:,}, not {speed:g}")
    if not 0.0 <= origin_s < MAX_INSTANT_S:
        raise BadInput(f"--origin wants seconds since 1970, not {origin_s:g}")
    return Clock(speed=speed, origin_s=origin_s)


def _read_instant(option: str, text: str) -> float:
    """Return the epoch seconds of an instant in either notation."""
    try:
        at_s = float(text)
    except ValueError:
        at_s = math.nan
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            read = None
        if read is not None and read.tzinfo is not None:
            at_s = read.timestamp()
    if not 0.0 <= at_s < MAX_INSTANT_S:
        raise BadInput(
            f"{option} wants epoch seconds or RFC 3339 with its zone, such as 2026-01-05T21:50:00Z"
        )
    return at_s


@contextmanager
def _show_progress() -> Iterator[Callable[[float], None]]:
    """Yield what shows which share of the work is done: a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _share: None
        return
    from rich.console import Console  # a log needs nothing that draws
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("recording"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)
