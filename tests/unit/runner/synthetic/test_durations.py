"""How long it takes to send every alert, by what the config says."""

from __future__ import annotations

import pytest
from support.page_records import bind_alert, make_alert, make_config

from alertdrill.runner.synthetic.durations import (
    SEEN_WITHIN_WALL_S,
    WAITS_WALL_S,
    choose_speed,
    estimate_wall_s,
    say_why_long,
)

ROUTE = {"receiver": "x", "group_wait": "1m", "group_interval": "10m"}
ALERTS = (make_alert("A"), make_alert("B"))


@pytest.mark.parametrize(
    ("kinds", "first_s", "second_s"),
    [(["pagerduty"], 60 + 600, 600 + 600), (["slack"], 60, 600), ([], 60, 600)],
)
def test_a_batch_takes_as_long_as_its_groups_wait(kinds: list[str], first_s: float, second_s: float) -> None:
    """Who joins a group waits for its interval; who is notified of no end is not waited for."""
    config = make_config(ROUTE, x=kinds)
    batches = [[bind_alert(alert, config)] for alert in ALERTS]
    estimates = [one - SEEN_WITHIN_WALL_S for one in estimate_wall_s(batches, 60.0)]
    assert estimates == pytest.approx([first_s / 60, second_s / 60])


def test_it_is_said_why_it_takes_long() -> None:
    """Alerts that meet, or the config's own timers."""
    config = make_config(ROUTE, x=["slack"])
    one, other = (bind_alert(alert, config) for alert in ALERTS)
    assert "one after another: 2 batches" in say_why_long([[one], [other]])
    assert say_why_long([[one]]) == "Alertmanager waits up to 10:00 of rule time by its config"


@pytest.mark.parametrize(
    ("wait", "interval", "speed"),
    [
        ("30s", "5m", 330 / WAITS_WALL_S),
        ("1s", "20s", 60.0),  # passes quickly enough as it is
        ("1s", "10d", 1000.0),
        ("30m", "30s", 120.0),  # else its flushes would follow each other too fast
    ],
)
def test_the_speed_is_as_high_as_the_configs_timers_ask_for(wait: str, interval: str, speed: float) -> None:
    """Not higher, for what the network takes is multiplied by it; not below sixty, and at most a thousand."""
    config = make_config({"receiver": "x", "group_wait": wait, "group_interval": interval}, x=["pagerduty"])
    assert choose_speed([[bind_alert(make_alert("A"), config)]]) == pytest.approx(speed)


def test_where_nobody_is_notified_no_timer_is_waited_for() -> None:
    """There is nothing to send then."""
    assert choose_speed([]) == 60.0
