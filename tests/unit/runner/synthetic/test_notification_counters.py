"""Tests of reading what Alertmanager counts."""

from __future__ import annotations

import pytest

from alertdrill.errors import CouldNotTell
from alertdrill.runner.synthetic.counters import Counts, read_counters

HEAD = """\
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.7e9
# TYPE alertmanager_dispatcher_aggregation_groups gauge
alertmanager_dispatcher_aggregation_groups 3
"""
NAMES = (
    "alertmanager_notifications_total",
    "alertmanager_notification_requests_total",
    "alertmanager_notification_requests_failed_total",
)


def write(labels: str, *numbers: float) -> str:
    """Return the three counters that have the same labels in every version."""
    return "".join(
        f"# TYPE {name} counter\n{name}{{{labels}}} {number}\n"
        for name, number in zip(NAMES, numbers, strict=True)
    )


def test_reasons_are_added_up() -> None:
    """From 0.26 on a failure has a reason; before, it is one number."""
    failed = "# TYPE alertmanager_notifications_failed_total counter\n"
    old = failed + 'alertmanager_notifications_failed_total{integration="slack"} 3\n'
    new = failed + "".join(
        f'alertmanager_notifications_failed_total{{integration="slack",reason="{reason}"}} {count}\n'
        for reason, count in (("clientError", 1), ("serverError", 2))
    )
    for text, reasons in ((old, {}), (new, {"clientError": 1.0, "serverError": 2.0})):
        reading = read_counters(HEAD + write('integration="slack"', 5, 9, 4) + text)
        assert reading.at(("slack", "")) == Counts(
            started=5, given_up=3, attempts=9, refused=4, reasons=reasons
        )
        assert reading.at(("slack", "")).delivered == 5
        assert (reading.groups, reading.started_s) == (3, 1.7e9)


def test_receivers_are_told_apart_where_they_are_counted_apart() -> None:
    """With Alertmanager's feature flag each receiver is an outlet of its own."""
    failed = (
        "# TYPE alertmanager_notifications_failed_total counter\n"
        'alertmanager_notifications_failed_total{integration="slack",receiver_name="a"} 0\n'
    )
    reading = read_counters(HEAD + write('integration="slack",receiver_name="a"', 1, 1, 0) + failed)
    assert reading.name_outlet("slack", "a") == ("slack", "a")
    assert reading.at(("slack", "a")).delivered == 1
    assert reading.at(("slack", "b")).delivered == 0


def test_only_what_came_since_counts() -> None:
    """The difference of two readings, reasons included."""
    before = Counts(started=5, given_up=1, attempts=9, refused=4, reasons={"a": 1})
    after = Counts(started=6, given_up=2, attempts=11, refused=5, reasons={"a": 1, "b": 1})
    assert after.since(before) == Counts(started=1, given_up=1, attempts=2, refused=1, reasons={"b": 1})


@pytest.mark.parametrize("text", ["", "<html>log in</html>", HEAD])
def test_what_is_no_page_of_such_metrics_is_refused(text: str) -> None:
    """Without the counters nothing can be followed, and nothing is sent."""
    with pytest.raises(CouldNotTell, match="what it delivers cannot be followed"):
        read_counters(text)
