"""The live board, and its line for logs."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from alertdrill.reports.progress import AlertRow, BoardState, ProfileRow
from alertdrill.reports.terminal.board import board, progress_line

STATE = BoardState(
    drills=18,
    stack="embedded",
    speed=60,
    until_s=4200,
    now_rule_s=1880,
    wall_s=31.3,
    engines={"prometheus": "3.5.0", "alertmanager": "0.28.1"},
    components={"prometheus": "up", "locust": "starting", "anthropic": "failed"},
    profiles=tuple(ProfileRow(name=f"act-{number}", scenario="burst", rate_per_s=2.5) for number in range(9)),
    alerts=(
        AlertRow(alert="Calm", labels={"model": "a"}),
        AlertRow(alert="Waiting", labels={"model": "b"}, state="pending", since_s=1800),
        AlertRow(
            alert="Burning", labels={"model": "c"}, state="firing", since_s=1700, paged_s=1741, receiver="ops"
        ),
        AlertRow(alert="Over", labels={}, since_s=600, paged_s=641, page_closed_s=905, receiver="ops"),
    ),
    message="waiting for Burning to resolve",
)


def _draw(state: BoardState, *, width: int = 120, height: int = 40, encoding: str = "utf-8") -> list[str]:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    Console(file=file, width=width, height=height, color_system=None).print(board(state))
    file.flush()
    return [line.rstrip() for line in raw.getvalue().decode(encoding).splitlines()]


def _row(lines: list[str], word: str) -> str:
    (line,) = [line for line in lines if word in line and "waiting for" not in line]
    return line


def test_header_and_progress() -> None:
    """The board says what runs, how far it is in rule time, and how much wall time is gone and left."""
    lines = _draw(STATE)
    assert (
        lines[0] == "  alertdrill  18 drills · embedded · speed 60 · prometheus 3.5.0 · alertmanager 0.28.1"
    )
    assert lines[2].endswith("31:20 of 1:10:00")
    assert lines[3].endswith("wall time 0:31 gone · 0:39 left")


def test_versions_are_whole_at_80_columns() -> None:
    """They have a line of their own there, and none where there are none."""
    long = replace(STATE, engines={"prometheus": "3.5.3+ds1", "alertmanager": "0.28.1+ds"})
    lines = _draw(long, width=80)
    assert lines[:3] == [
        "  alertdrill  18 drills · embedded · speed 60",
        "              prometheus 3.5.3+ds1 · alertmanager 0.28.1+ds",
        "",
    ]
    stack = "a stack with a name that is long enough to reach the end of a line of 80 columns"
    assert _draw(replace(STATE, engines={}, stack=stack), width=80)[1] == ""


def test_stack_and_traffic() -> None:
    """Each component has its mark and its status unless it is up; acts beyond the cap are counted."""
    lines = _draw(STATE)
    assert "● prometheus  ◌ locust starting  ✗ anthropic failed" in _row(lines, "prometheus  ")
    assert "act-0  burst  2.5/s" in _row(lines, "traffic")
    assert any(line.strip() == "and 5 more" for line in lines)


def test_alert_rows() -> None:
    """An alert's row has its labels, its state and since when, and its page and receiver."""
    lines = _draw(STATE)
    assert 'Calm{model="a"}' in _row(lines, "Calm")
    assert "○ inactive" in _row(lines, "Calm")
    assert "◌ pending 30:00" in _row(lines, "Waiting")
    assert "● firing 28:20" in _row(lines, "Burning")
    assert _row(lines, "Burning").endswith("paged 29:01 → ops")
    assert _row(lines, "Over").endswith("closed 15:05 → ops")


@pytest.mark.parametrize("height", [24, 40])
@pytest.mark.parametrize("width", [80, 120])
def test_board_fits_the_screen(width: int, height: int) -> None:
    """However many alerts there are, the board fits, firing ones stay, and the rest is counted."""
    crowd = tuple(AlertRow(alert=f"Quiet{number}", labels={"model": "x" * 60}) for number in range(50))
    lines = _draw(replace(STATE, alerts=(*crowd, *STATE.alerts)), width=width, height=height)
    assert len(lines) < height
    assert max(map(len, lines)) <= width
    assert "firing 28:20" in _row(lines, "Burning")
    shown = sum(" inactive" in line or " firing " in line or " pending " in line for line in lines)
    assert any(line.strip() == f"and {len(crowd) + len(STATE.alerts) - shown} more" for line in lines)


def test_rows_keep_their_order() -> None:
    """Rows do not jump about when one of them starts to fire."""
    names = ["Calm", "Waiting", "Burning", "Over"]
    lines = _draw(STATE)
    found = [line.split("{")[0].split()[0] for line in lines if line.strip().startswith(tuple(names))]
    assert found == names


def test_narrow_board_keeps_label_values() -> None:
    """At 80 columns labels shrink to their values, and the receiver goes."""
    line = _row(_draw(STATE, width=80), "Burning")
    assert "Burning c" in line
    assert line.endswith("paged 29:01")


def test_ascii() -> None:
    """A console that cannot write Unicode gets a board in ASCII, cut lines included."""
    lines = _draw(replace(STATE, message="→ " + "long " * 40), width=80, encoding="ascii")
    assert "x anthropic failed" in _row(lines, "prometheus  ")
    assert "* firing 28:20" in _row(lines, "Burning")


def test_board_before_the_run_starts() -> None:
    """With nothing known yet the board says so, and no time is divided by."""
    state = BoardState(drills=1, stack="embedded", speed=60, until_s=0, message="starting prometheus")
    lines = _draw(state)
    assert "1 drill · embedded" in lines[0]
    assert any("none yet" in line for line in lines)
    assert state.share == 0.0
    assert state.left_wall_s == 0.0


def test_what_is_left_before_the_first_drill_counts() -> None:
    """It goes down while nothing is drilled yet, and no time is negative."""
    line = progress_line(replace(STATE, now_rule_s=-3720.0))
    assert line.startswith("1:02:00 until the first drill, then 1:10:00 (0%), 2:12 of wall time left: ")
    assert replace(STATE, now_rule_s=-60.0).left_wall_s == 70 + 1
    assert any("1:02:00 until the first drill" in one for one in _draw(replace(STATE, now_rule_s=-3720.0)))


def test_progress_line() -> None:
    """The line for logs is short, one line, and ASCII."""
    line = progress_line(replace(STATE, message="waiting\nfor → é"))
    assert line == (
        "31:20 of 1:10:00 (45%), 0:39 of wall time left: 1 pending, 1 firing, 2 paged, "
        "9 load profiles running; waiting for > \\xe9"
    )
