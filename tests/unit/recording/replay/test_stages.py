"""The order in which groups of different intervals are replayed."""

from __future__ import annotations

import json

import pytest

from alertdrill.errors import BadInput
from alertdrill.recording.replay.stages import Selector, order_stages
from alertdrill.rules.files import parse_rules


def order(*groups: tuple[str, str, str, str]) -> list[list[str]]:
    """Return the names of each stage's groups; a group is a name, an interval, what it records and how."""
    stated = [
        {
            "name": name,
            "interval": interval,
            "rules": [
                {"alert": record[1:], "expr": expr} if record[0] == "!" else {"record": record, "expr": expr}
            ],
        }
        for name, interval, record, expr in groups
    ]
    stages = order_stages(parse_rules(json.dumps({"groups": stated}), "made.yml").groups)
    return [[group.name for group in stage.groups] for stage in stages]


def test_groups_of_one_interval_are_one_stage() -> None:
    """In the order of the file, whatever they read of each other."""
    assert order(("b", "15s", "r", "s"), ("a", "15s", "s", "r")) == [["b", "a"]]


def test_what_records_comes_before_what_reads_it() -> None:
    """Groups that need nothing more are taken along, so that there are few stages."""
    assert order(
        ("reads", "15s", "x", "minute > 1"),
        ("records", "1m", "minute", "up"),
        ("alone", "15s", "y", "up"),
        ("last", "1m", "z", "x"),
    ) == [["alone"], ["records"], ["reads"], ["last"]]


@pytest.mark.parametrize(
    ("expr", "is_after"),
    [
        ('ALERTS{alertname="A"}', True),
        ('ALERTS_FOR_STATE{alertname=~"B|A"}', True),
        ("ALERTS", True),
        ('ALERTS{alertname="B"}', False),
        ('{__name__=~"ALERT.*"}', True),
        ('{__name__=~"other.*"}', False),
        ("up", False),
    ],
)
def test_readers_of_alerts_come_after_them(expr: str, is_after: bool) -> None:
    """As far as the selector may read them."""
    stages = order(("reads", "15s", "x", expr), ("alerts", "1m", "!A", "up"))
    assert (stages == [["alerts"], ["reads"]]) == is_after


def test_a_pattern_that_python_cannot_read_may_read_anything() -> None:
    """Rather a series too many."""
    assert Selector(name="a{1001}(", is_pattern=True).reads({"__name__": "x"})


def test_groups_that_wait_for_a_cycle_are_not_named_with_it() -> None:
    """Only those are that make it."""
    with pytest.raises(BadInput) as raised:
        order(("waits", "15s", "w", "a"), ("one", "15s", "a", "b"), ("two", "1m", "b", "a"))
    assert "'one'" in str(raised.value)
    assert "'two'" in str(raised.value)
    assert "'waits'" not in str(raised.value)
