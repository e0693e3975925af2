"""What commands show in a terminal of 80 columns: sentences are wrapped, and names stay whole."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text
from support.page_records import bind_alert, make_alert, make_config

from alertdrill.cli import output
from alertdrill.cli.commands import list as command
from alertdrill.cli.events import show
from alertdrill.cli.main import call
from alertdrill.core.timeline import Event, Timeline
from alertdrill.gating.terminal import _indent
from alertdrill.reports.terminal.lines import flow
from alertdrill.runner.silent_alerts import SilentAlert
from alertdrill.runner.synthetic.pages import Page, Row
from alertdrill.runner.synthetic.report import show_rows

NAMES = ("MetisLLMCallLatencyP99High", "MetisLLMErrorRateHigh")
LONG_NAME = "MetisGatewayAuthFailureRateHighOfAnyTenantAtAll"


class Terminal(io.StringIO):
    """Standard output that says that it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def list_drills(monkeypatch: pytest.MonkeyPatch, columns: int, stdout: io.StringIO) -> list[str]:
    """Return the lines of `alertdrill list` on a console this wide."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(command.sys, "stdout", stdout)
    call(["list"])
    return stdout.getvalue().splitlines()


def test_list_is_wrapped_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line fits, and a sentence goes on below its beginning."""
    lines = list_drills(monkeypatch, 80, Terminal())
    assert max(map(len, lines)) <= 80
    (first,) = (number for number, line in enumerate(lines) if "gatewayz-provider-paused " in line)
    start = lines[first].index("A provider stands still")
    assert lines[first + 1][:start].isspace()
    assert lines[first + 1][start] != " "


def test_list_puts_sentences_below_names_where_there_is_no_room_beside_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On 50 columns a name has a line of its own."""
    lines = list_drills(monkeypatch, 50, Terminal())
    assert "  gatewayz-provider-paused" in lines
    assert max(map(len, lines)) <= 50


def test_list_is_a_line_for_each_drill_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs such as grep get a drill and its sentence together, however long."""
    lines = list_drills(monkeypatch, 80, io.StringIO())
    assert any("gatewayz-provider-paused" in line and line.endswith(" long enough.") for line in lines)


def make_row(name: str) -> Row:
    """Return what became of an alert that was paged and closed, with a title."""
    config = make_config({"receiver": "the-oncall-engineers"}, **{"the-oncall-engineers": ["slack"]})
    page = Page(
        receiver="the-oncall-engineers",
        integration="slack",
        title=f"[FIRING:1] {name} of the gateway in production",
        opened_after_s=62.0,
        closed_after_s=125.0,
        flaws=(),
    )
    return Row(bound=bind_alert(make_alert(name, severity="page"), config), outcome="paged", pages=(page,))


def test_pages_are_told_apart_in_80_columns() -> None:
    """Each alert has its whole name, and its page's title stands whole below it."""
    console = Console(file=io.StringIO(), width=80, color_system=None)
    with console.capture() as captured:
        console.print(show_rows([make_row(name) for name in NAMES], speed=60))
    shown = captured.get()
    for name in NAMES:
        assert f"{name}  page\n" in shown
        assert f"title: [FIRING:1] {name} of the gateway in production" in shown
    assert "delivered: yes\n    paged: within 1:10 (1.0 s)  closed: within 2:10 (2.1 s)" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_what_is_said_of_an_alert_goes_on_below_its_name() -> None:
    """A long title too: whatever begins at the left is an alert."""
    console = Console(file=io.StringIO(), width=80, color_system=None)
    row = make_row(NAMES[0])
    long = replace(row.pages[0], title="word " * 40)
    with console.capture() as captured:
        console.print(show_rows([replace(row, pages=(long,), evidence="why " * 40)], speed=60))
    *lines, total = captured.get().splitlines()
    at_left = [line for line in lines if line.strip() and not line.startswith(" ")]
    assert [line.split()[0].rstrip(":") for line in at_left] == [NAMES[0]] * 3
    assert max(map(len, lines)) <= 80
    assert total == "1 alert: 1 paged"


def test_pages_are_a_table_where_it_fits() -> None:
    """A wide console has a row for each integration, below the names of the columns."""
    console = Console(file=io.StringIO(), width=220, color_system=None)
    with console.capture() as captured:
        console.print(show_rows([make_row(NAMES[0])], speed=60))
    header, row, *_ = captured.get().splitlines()
    assert header.split()[:3] == ["alert", "severity", "route"]
    assert row.startswith(f"{NAMES[0]}  page ")


def test_a_replay_keeps_names_whole_in_a_narrow_terminal() -> None:
    """Labels go on below their beginning before an alert's name does."""
    labels = {"severity": "warning", "system": "metis", "team": "gateway"}
    timeline = Timeline(
        mode="replay",
        speed=1,
        until_s=600,
        observed=frozenset({"firing"}),
        events=(Event(at_s=60, kind="firing", alert=LONG_NAME, labels=labels),),
    )
    silent = SilentAlert(alert=LONG_NAME, source="rules.yml:3", reached=None, said="its value " + "x " * 60)
    console = Console(file=io.StringIO(), width=100, color_system=None)
    with console.capture() as captured:
        show(timeline, console, silent=[silent])
    assert captured.get().count(LONG_NAME) == 2


def test_a_gates_expressions_go_on_below_their_beginnings() -> None:
    """Each side of a change keeps to its own column."""
    console = Console(file=io.StringIO(), width=80, color_system=None)
    with console.capture() as captured:
        console.print(_indent(Text("- sum by (model) (rate(a_total[5m])) / " + "sum(b) + " * 12), 4))
    first, *rest = captured.get().splitlines()
    assert first.startswith("    - sum by (model)")
    assert rest
    assert all(line.startswith("      ") and not line[6].isspace() for line in rest)
    assert max(map(len, [first, *rest])) <= 80


def test_verdicts_with_long_labels_are_wrapped() -> None:
    """A line of parts of which one alone does not fit goes on further to the right."""
    labels = ", ".join(f'label_{number}="some value of it"' for number in range(8))
    console = Console(file=io.StringIO(), width=80, color_system=None)
    with console.capture() as captured:
        console.print(*flow([Text("✓ a-drill"), Text(f"Alert{{{labels}}}"), Text("fired")], 80), sep="")
    lines = captured.get().splitlines()
    assert [line[:6].isspace() for line in lines] == [False, False, *[True] * (len(lines) - 3), False]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(("columns", "widest"), [("80", 80), (None, 220)])
def test_what_is_printed_elsewhere_is_as_wide_as_columns_says(
    monkeypatch: pytest.MonkeyPatch, columns: str | None, widest: int
) -> None:
    """Without it each line stays a line; with blanks at its end none is printed."""
    stdout = io.StringIO()
    monkeypatch.setattr(output.sys, "stdout", stdout)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    table = Table("a", "b", box=None)
    table.add_row("word " * 100, "x")
    console = output.open_console()
    console.print(table, Text("no end"), end="")
    assert console.width == widest
    lines = stdout.getvalue().split("\n")
    assert max(map(len, lines)) > widest - 10
    assert all(line == line.rstrip() for line in lines)
    assert lines[-1] == "no end"


@pytest.mark.parametrize(
    ("has_routes", "said"),
    [(True, "A, B: no route takes them: they end at the default receiver only"), (False, "")],
)
def test_what_no_route_takes_is_said_where_there_are_routes(has_routes: bool, said: str) -> None:
    """Of a config that has only the root it says nothing; in one line for all alerts."""
    console = Console(file=io.StringIO(), width=220, color_system=None)
    rows = [make_row(name) for name in ("A", "B")]
    rows = [replace(row, bound=replace(row.bound, has_routes=has_routes)) for row in rows]
    with console.capture() as captured:
        console.print(show_rows(rows, speed=60))
    assert [line.rstrip() for line in captured.get().splitlines() if "no route" in line] == [said][
        : bool(said)
    ]


@pytest.mark.parametrize(("speed", "paged"), [(1, "within 1:02 (62.0 s)"), (1000, "within 2:00 (0.1 s)")])
def test_a_time_is_a_bound_as_fine_as_it_is_known(speed: float, paged: str) -> None:
    """The faster, the more of rule time is what this machine takes."""
    console = Console(file=io.StringIO(), width=220, color_system=None)
    with console.capture() as captured:
        console.print(show_rows([make_row("A")], speed=speed))
    assert paged in captured.get()
