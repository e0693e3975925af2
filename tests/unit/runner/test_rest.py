"""Whether a gateway is at rest before the first drill."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from alertdrill.core.clock import Clock
from alertdrill.errors import CouldNotTell
from alertdrill.rules.files import parse_rules
from alertdrill.runner.rest import check_rest, demand_scrapes
from alertdrill.stacks.subject import Job

NOW_S = 1_000_000.0
UP: dict[str, Any] = {"labels": {"job": "shop"}, "health": "up", "scrapeUrl": "http://gw/metrics"}


RULES = """
groups:
- name: g
  rules:
  - {alert: Slow, expr: up}
  - {alert: Watchdog, expr: vector(1)}
  - {alert: Gone, expr: absent(x)}
""" + "".join(f"  - {{alert: A{number}, expr: up}}\n" for number in range(5))


def make_alert(name: str, before_s: float, state: str = "firing") -> dict[str, Any]:
    """Return an alert that has been active for so long, in wall time, as the first drill begins."""
    since = datetime.fromtimestamp(NOW_S - before_s, UTC).isoformat()
    return {"labels": {"alertname": name, "model": "m"}, "state": state, "activeAt": since}


def make_run(*, targets: list[Any], alerts: list[Any] | None = None) -> Any:
    """Return a run at speed 10, at rule time 0, whose Prometheus says this."""
    answers = {
        "/api/v1/targets": {"activeTargets": targets},
        "/api/v1/alerts": {"alerts": alerts or []},
    }
    return SimpleNamespace(
        prometheus=SimpleNamespace(
            get=lambda path, **_: SimpleNamespace(json=lambda: {"data": answers[path]})
        ),
        clock=Clock(speed=10, origin_s=NOW_S),
        order=SimpleNamespace(
            site=SimpleNamespace(subject=SimpleNamespace(jobs=(Job(system="own", name="shop"),))),
            alerts=parse_rules(RULES, "rules.yml").alerts,
        ),
    )


def test_a_gateway_that_is_scraped_and_silent_is_at_rest() -> None:
    """Nothing is said."""
    check_rest(make_run(targets=[UP]))


@pytest.mark.parametrize("state", ["firing", "pending"])
def test_an_alert_that_was_active_before_is_named(state: str) -> None:
    """With for how long, in rule time until the first drill; what drills do cannot be told from that."""
    with pytest.raises(CouldNotTell) as error:
        check_rest(make_run(targets=[UP], alerts=[make_alert("Slow", 30, state)]))
    assert f'before the first drill, Slow{{model="m"}} was {state} already, for 5:00' in str(error.value)


def test_an_alert_that_was_active_before_has_all_its_labels() -> None:
    """Those of its series and of its rule: two alerts of a name are told apart."""
    alert = make_alert("Slow", 30)
    alert["labels"] |= {"requested_model": "other", "severity": "critical"}
    said = 'Slow{model="m", requested_model="other", severity="critical"} was firing already'
    with pytest.raises(CouldNotTell, match=re.escape(said)):
        check_rest(make_run(targets=[UP], alerts=[alert]))


def test_a_rule_about_what_is_absent_is_said_what_to_do() -> None:
    """It fires before the first call, on a gateway that was just started."""
    with pytest.raises(CouldNotTell, match=r"Gone fires where a series is absent.*warm_up = false"):
        check_rest(make_run(targets=[UP], alerts=[make_alert("Gone", 30)]))


def test_an_alert_that_is_not_of_the_run_keeps_nothing() -> None:
    """As those of somebody's own Prometheus that the project's rules do not have."""
    check_rest(make_run(targets=[UP], alerts=[make_alert("Watchdog", 3000)]))


def test_many_alerts_are_counted() -> None:
    """Three are named."""
    alerts = [make_alert(f"A{number}", 30) for number in range(5)]
    with pytest.raises(CouldNotTell, match=r"A2.*and 2 more"):
        check_rest(make_run(targets=[UP], alerts=alerts))


def test_a_heartbeat_is_no_unrest() -> None:
    """It fires all the time on purpose."""
    check_rest(make_run(targets=[UP], alerts=[make_alert("Watchdog", 30)]))


def test_what_the_first_drill_does_at_once_is_its_own() -> None:
    """Prometheus is asked a moment after the drill has begun: that moment is its own."""
    check_rest(make_run(targets=[UP], alerts=[make_alert("Slow", -0.2, "pending")]))


def test_a_target_that_cannot_be_scraped_is_named() -> None:
    """In Prometheus's own words."""
    down = {**UP, "health": "down", "lastError": "server returned HTTP status 401 Unauthorized"}
    with pytest.raises(CouldNotTell, match=r"could not scrape the job shop at http://gw/metrics: .*401"):
        check_rest(make_run(targets=[down]))


def test_a_scrape_that_took_too_long_is_said_with_the_time_it_had() -> None:
    """The time for a scrape is divided by the speed: a lower speed gives it more."""
    down = {**UP, "health": "down", "lastError": "context deadline exceeded"}
    with pytest.raises(CouldNotTell, match=r"within 1\.5 s.*--speed"):
        check_rest(make_run(targets=[down]))


def test_a_slow_scrape_is_left_to_the_calibration() -> None:
    """Which finds a speed at which there is time for it; what is refused at any speed is not left to it."""
    slow = {**UP, "health": "down", "lastError": "context deadline exceeded"}
    demand_scrapes(make_run(targets=[slow]), may_be_slow=True)
    with pytest.raises(CouldNotTell, match="404"):
        demand_scrapes(make_run(targets=[{**slow, "lastError": "HTTP status 404"}]), may_be_slow=True)


def test_a_job_without_a_target_is_named() -> None:
    """Relabelling may have dropped them all."""
    with pytest.raises(CouldNotTell, match="the job shop has no target"):
        check_rest(make_run(targets=[]))


def test_targets_of_other_jobs_are_left_alone() -> None:
    """Only the project's own jobs are looked at."""
    other = {"labels": {"job": "other"}, "health": "down", "scrapeUrl": "http://x"}
    check_rest(make_run(targets=[UP, other]))
