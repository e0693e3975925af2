"""Rule groups look where no scrape might as well be late, and their files say so."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.whole_runs import run_tool

from alertdrill.runtime.binaries import Engines
from alertdrill.stacks.configs import QUERY_OFFSET_S
from alertdrill.stacks.query_offsets import AHEAD_S, BEHIND_S, MOST_S, Beat, choose_offset_s, state_offsets

RULES = """\
groups:
  # the first
  - name: block  # whose name has a comment
    interval: 250ms
    rules: [{alert: A, expr: "up < 1"}]
  - {name: flow, rules: [{alert: B, expr: "up < 1", labels: {on: yes}}]}
  - rules:
      - {alert: C, expr: "up < 1"}
    name: own
    query_offset: 1s
  - {name: not told, rules: []}
"""


def beats(*phases_ms: float, every_s: float = 0.25) -> list[Beat]:
    """Return what happens so many milliseconds into each interval."""
    return [Beat(phase_s=7 + ms / 1000, every_s=every_s) for ms in phases_ms]


@pytest.mark.parametrize(
    ("evaluated_ms", "scraped_ms", "every_s", "offset_s"),
    [
        (100, [], 0.25, 0.03),  # a scrape may take as long
        (100, [30], 0.25, 0.03),
        (100, [70], 0.25, 0.035),  # 5 ms ahead of the next
        (100, [51], 0.25, 0.054),
        (100, [49], 0.25, 0.03),  # 21 ms behind
        (100, [5, 35, 65, 95], 0.25, 0.04),  # between two that are 30 ms apart
        (100, [820], 1.0, 0.035),  # a group that comes four times as often
        (100, [70], 0.5, 0.035),
        (100, range(0, 250, 10), 0.25, 0.03),  # nowhere is room, and here as much as anywhere
    ],
)
def test_the_least_offset_that_is_clear_of_scrapes(
    evaluated_ms: float, scraped_ms: Iterable[float], every_s: float, offset_s: float
) -> None:
    """Behind each scrape by what it may be late, and ahead of the next by a little."""
    (group,) = beats(evaluated_ms)
    assert choose_offset_s(group, beats(*scraped_ms, every_s=every_s)) == pytest.approx(offset_s)


@given(evaluated_ms=st.integers(0, 249), scraped_ms=st.lists(st.integers(0, 249), min_size=1, max_size=5))
def test_five_jobs_leave_room_for_every_group(evaluated_ms: int, scraped_ms: list[int]) -> None:
    """Wherever they stand: five times 25 ms are half of an interval."""
    (group,) = beats(evaluated_ms)
    offset_s = choose_offset_s(group, beats(*scraped_ms))
    assert QUERY_OFFSET_S <= offset_s <= MOST_S + 0.0005
    for scraped in scraped_ms:
        behind_ms = round(evaluated_ms - 1000 * offset_s - scraped) % 250
        assert 1000 * BEHIND_S <= behind_ms <= 250 - 1000 * AHEAD_S


def test_files_state_the_offsets_of_their_groups() -> None:
    """All else stays as it is, and a group that states its own keeps it."""
    told = {("rules-0.yml", "block"): 0.055, ("rules-0.yml", "flow"): 0.03, ("rules-0.yml", "own"): 0.04}
    told |= {("rules-1.yml", "not told"): 0.05}
    stated = state_offsets({"rules-0.yml": RULES}, told)
    expected = RULES.replace("- name: block", "- query_offset: 55ms\n    name: block")
    assert stated == {"rules-0.yml": expected.replace("{name: flow", "{query_offset: 30ms, name: flow")}


def test_prometheus_takes_what_is_stated(engines: Engines, tmp_path: Path) -> None:
    """Prometheus's own tool finds the rules of all groups."""
    path = tmp_path / "rules-0.yml"
    (text,) = state_offsets({path.name: RULES}, {(path.name, "block"): 0.055}).values()
    path.write_text(text)
    assert "3 rules found" in run_tool(engines.promtool, "check", "rules", str(path))
