"""Tests of the configuration of Prometheus, and of the flags that are rule time."""

from __future__ import annotations

import json

import pytest
from support.whole_runs import METIS_RULES, run_tool

from alertdrill.runtime.binaries import Engines
from alertdrill.stacks.configs import (
    leave_out_jobs,
    list_cluster_flags,
    list_prometheus_flags,
    make_scrape_configs,
    write_prometheus_config,
)


@pytest.mark.parametrize(
    ("version", "offset"),
    [("2.42.0", {}), ("2.53.0", {"rule_query_offset": "30ms"}), ("3.5.3+ds1", {"rule_query_offset": "30ms"})],
)
def test_prometheus_scrapes_and_evaluates_at_the_dilated_interval(
    version: str, offset: dict[str, str]
) -> None:
    """15 s of rule time are 250 ms at speed 60; each job has its own path; a scrape may take a while."""
    config = json.loads(
        write_prometheus_config(
            scrape_configs=make_scrape_configs({"metis-gateway": "/metrics/metis"}, "127.0.0.1:1"),
            alertmanagers=["127.0.0.1:2", "127.0.0.1:3"],
            rule_files=["/rules.yml"],
            speed=60,
            version=version,
        )
    )
    assert config["global"] == {
        "scrape_interval": "250ms",
        "scrape_timeout": "250ms",
        "evaluation_interval": "250ms",
        **offset,
    }
    (alertmanagers,) = config["alerting"]["alertmanagers"]
    assert alertmanagers["static_configs"] == [{"targets": ["127.0.0.1:2", "127.0.0.1:3"]}]
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


def test_a_peer_waits_as_long_as_the_network_may_take() -> None:
    """Settling and full synchronisation are divided; waiting for a peer stays a second."""
    assert list_cluster_flags(60) == [
        "--cluster.peer-timeout=1s",
        "--cluster.settle-timeout=1s",
        "--cluster.pushpull-interval=1s",
    ]
    assert list_cluster_flags(1)[0] == "--cluster.peer-timeout=15s"


def test_promtool_accepts_metis_rules(engines: Engines) -> None:
    """Prometheus's own tool finds four rules in Metis's file."""
    assert "4 rules found" in run_tool(engines.promtool, "check", "rules", str(METIS_RULES))


def test_a_job_is_left_out_and_all_else_stays() -> None:
    """What an outage by `unlist` writes: the others are scraped as before."""
    jobs = {"metis-gateway": "/metrics/metis", "mana-llm": "/metrics/mana_llm"}
    text = write_prometheus_config(
        scrape_configs=make_scrape_configs(jobs, "127.0.0.1:1"),
        alertmanagers=["127.0.0.1:2"],
        rule_files=["/rules.yml"],
        speed=60,
        version="3.5.0",
    )
    before, after = json.loads(text), json.loads(leave_out_jobs(text, ["mana-llm"]))
    assert after.pop("scrape_configs") == before.pop("scrape_configs")[:1]
    assert after == before
    assert leave_out_jobs(text, []) == text
