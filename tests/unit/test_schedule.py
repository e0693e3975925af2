"""Tests of which drills share time."""

from __future__ import annotations

from harness.model import Drill
from harness.schedule import place


def make_drill(name: str, lasts_s: float, *uses: str) -> Drill:
    """Return a drill without traffic."""
    return Drill(
        name=name, system="metis", traffic=(), expects=(), why="", lasts_s=lasts_s, uses=frozenset(uses)
    )


def test_drills_with_nothing_in_common_start_together() -> None:
    """Drills that use nothing in common all start at 0."""
    placements = place([make_drill("a", 10), make_drill("b", 20, "x"), make_drill("c", 30, "y")])
    assert [placement.start_s for placement in placements] == [0, 0, 0]


def test_drills_that_disturb_each_other_queue() -> None:
    """A drill starts when all that it uses is free."""
    placements = place(
        [
            make_drill("a", 10, "x"),
            make_drill("b", 25, "y"),
            make_drill("c", 5, "x", "y"),
            make_drill("d", 1, "x"),
        ]
    )
    assert [(placement.drill.name, placement.start_s) for placement in placements] == [
        ("a", 0),
        ("b", 0),
        ("c", 25),
        ("d", 30),
    ]
