"""Tests of the configurations of Prometheus and Alertmanager: dilated, and pointed at the pager."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from whole_runs import METIS_RULES, run_tool

from harness.engines import Engines
from harness.errors import BadInput
from harness.stacks.configs import (
    list_prometheus_flags,
    make_alertmanager_config,
    write_alertmanager_config,
    write_prometheus_config,
)


def write(config: Any) -> dict[str, Any]:
    """Return an Alertmanager config as it is written at speed 60."""
    text = write_alertmanager_config(
        config, source="a.yml", pager="http://127.0.0.1:9", credentials_file="/token", speed=60
    )
    document: dict[str, Any] = json.loads(text)
    return document


def test_prometheus_scrapes_and_evaluates_at_the_dilated_interval() -> None:
    """15 s of rule time are 250 ms at speed 60; each job has its own path."""
    config = json.loads(
        write_prometheus_config(
            jobs={"metis-gateway": "/metrics/metis"},
            gateway="127.0.0.1:1",
            alertmanager="127.0.0.1:2",
            rule_files=["/rules.yml"],
            speed=60,
        )
    )
    assert config["global"] == {
        "scrape_interval": "250ms",
        "scrape_timeout": "250ms",
        "evaluation_interval": "250ms",
    }
    assert config["scrape_configs"][0]["job_name"] == "metis-gateway"
    assert config["scrape_configs"][0]["metrics_path"] == "/metrics/metis"


def test_prometheus_flags_are_dilated() -> None:
    """Lookback, resend delay, outage tolerance and grace period are rule time too."""
    assert list_prometheus_flags(60) == [
        "--query.lookback-delta=5s",
        "--rules.alert.resend-delay=1s",
        "--rules.alert.for-outage-tolerance=1m",
        "--rules.alert.for-grace-period=10s",
    ]


def test_alertmanager_routes_by_system_and_severity() -> None:
    """A critical alert of a system pages, a warning makes a ticket, all else is unrouted."""
    config = write(make_alertmanager_config(["metis"]))
    assert config["route"]["receiver"] == "unrouted"
    assert [(tuple(route["matchers"]), route["receiver"]) for route in config["route"]["routes"]] == [
        (('system="metis"', 'severity="critical"'), "metis-page"),
        (('system="metis"', 'severity="warning"'), "metis-ticket"),
    ]


def test_alertmanager_timers_are_dilated_at_every_level() -> None:
    """group_wait, group_interval, repeat_interval and resolve_timeout are divided by the speed."""
    config = write(
        {
            "global": {"resolve_timeout": "5m"},
            "route": {
                "receiver": "a",
                "group_wait": "30s",
                "routes": [{"receiver": "a", "group_interval": "1m", "repeat_interval": "4h"}],
            },
            "receivers": [{"name": "a"}],
        }
    )
    assert config["global"] == {"resolve_timeout": "5s"}
    assert config["route"]["group_wait"] == "500ms"
    assert config["route"]["routes"][0]["group_interval"] == "1s"
    assert config["route"]["routes"][0]["repeat_interval"] == "4m"


def test_webhooks_are_pointed_at_the_pager_with_its_token_in_a_file() -> None:
    """The receiver's own URL is gone, and no secret is in the config."""
    config = write(
        {"route": {"receiver": "a"}, "receivers": [{"name": "a", "webhook_configs": [{"url": "http://x/"}]}]}
    )
    assert config["receivers"] == [
        {
            "name": "a",
            "webhook_configs": [
                {
                    "url": "http://127.0.0.1:9/webhook/a",
                    "send_resolved": True,
                    "http_config": {"authorization": {"credentials_file": "/token"}},
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (None, "it has no route"),
        ({"route": {}, "time_intervals": []}, "time_intervals cannot be dilated"),
        ({"route": {}, "global": {"smtp_from": "a"}}, "global smtp_from cannot be redirected"),
        ({"route": {"group_wait": "soon"}}, "'soon' is not a duration"),
        ({"route": {"group_wait": "7ms"}}, "whole"),
        (
            {"route": {}, "receivers": [{"name": "a", "slack_configs": []}]},
            "receiver a: slack_configs cannot",
        ),
        ({"route": {}, "receivers": [{}]}, "a receiver has no name"),
    ],
)
def test_what_cannot_be_dilated_or_redirected_is_refused_by_name(config: Any, why: str) -> None:
    """A config with a part that would escape the pager or the clock is bad input."""
    with pytest.raises(BadInput, match=why):
        write(config)


def test_amtool_accepts_what_is_written(engines: Engines, tmp_path: Path) -> None:
    """Alertmanager's own tool finds no fault with the written config."""
    path = tmp_path / "alertmanager.yml"
    path.write_text(json.dumps(write(make_alertmanager_config(["metis", "mantis"]))))
    assert "SUCCESS" in run_tool(engines.amtool, "check-config", str(path))


def test_promtool_accepts_metis_rules(engines: Engines) -> None:
    """Prometheus's own tool finds four rules in Metis's file."""
    assert "4 rules found" in run_tool(engines.promtool, "check", "rules", str(METIS_RULES))
