"""A project of somebody's own: a small gateway that runs in wall time, one rule, and drills of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from alertdrill.runtime.free_ports import find_free_ports
from support.whole_runs import CommandLine, Finished

SMALL_GATEWAY = Path(__file__).with_name("small_gateway.py")
KEY = "the-key"
KEY_VARIABLE = "SHOP_KEY"

RULES = """\
groups:
  - name: shop
    rules:
      - alert: ShopErrorsHigh
        expr: >-
          sum by (model) (rate(own_requests_total{status=~"5.."}[1m]))
          / sum by (model) (rate(own_requests_total[1m])) > 0.2
        for: 30s
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.model }} fails"}
"""
ALERTMANAGER = """\
route: {receiver: oncall, group_by: [alertname, model], group_wait: 30s, group_interval: 1m}
receivers:
  - {name: oncall, pagerduty_configs: [{routing_key: placeholder}]}
"""
DRILLS = """\
drills:
  - name: provider-outage
    why: The only provider fails for two minutes and a half.
    traffic:
      - {scenario: steady, models: [gpt-4.1], rate: 0.5/s, lasts: 5m}
    changes:
      - {at: 1m, provider: openai, latency: 50ms, errors: {class: server_error, share: 100%}}
      - {at: 3m30s, provider: openai, latency: 50ms}
    expect:
      - alert: ShopErrorsHigh
        labels: {model: gpt-4.1}
        fires: 1m15s..3m
        pages: {receiver: oncall}
        resolves_by: 5m15s
    lasts: 6m30s
  - name: some-errors
    why: One in ten calls fails.
    traffic:
      - {scenario: steady, models: [gpt-4.1], rate: 0.5/s, lasts: 3m30s}
    changes:
      - {at: 30s, provider: openai, latency: 50ms, errors: {class: server_error, every: 10}}
      - {at: 2m30s, provider: openai, latency: 50ms}
    expect:
      - {alert: ShopErrorsHigh, labels: {model: gpt-4.1}, near_miss: {reaches: 20%..95%}}
    lasts: 4m
"""

SPEED = "30"
QUICK = """\
drills:
  - name: nothing
    why: Calls that succeed.
    traffic:
      - {scenario: steady, models: [gpt-4.1], rate: RATE, lasts: 1m}
    expect: []
    lasts: 2m
"""


def write_own_project(
    folder: Path,
    *,
    misbehave: str = "",
    scrape_key: bool = False,
    interval: str = "15s",
    drills: str = DRILLS,
    is_started: bool = True,
    is_warmed_up: bool = False,
) -> list[str]:
    """Write the project into a folder, and return the command that starts its gateway.

    With `is_started`, the project starts it itself. Its rule needs no warm-up, which takes five seconds.
    """
    gateway, provider = find_free_ports(2)
    command = [sys.executable, str(SMALL_GATEWAY), "--port", str(gateway), "--key", KEY]
    command += ["--upstream", f"http://127.0.0.1:{provider}"]
    if misbehave:
        command += ["--misbehave", misbehave]
    started = f"command = {json.dumps(command)}" if is_started else ""
    key = f'key = {{env = "{KEY_VARIABLE}"}}'
    (folder / "alertdrill.toml").write_text(
        f"""\
name = "shop"
rules = ["rules.yml"]
alertmanager = "alertmanager.yml"
drills = ["drills.yml"]
out = "out"
warm_up = {json.dumps(is_warmed_up)}

[target]
url = "http://127.0.0.1:{gateway}"
ready = "/ready"
{key}
{started}

[[scrape]]
job = "shop"
interval = "{interval}"
{key if scrape_key else ""}

[[provider]]
name = "openai"
dialect = "openai"
port = {provider}
behaviour = {{latency = {{kind = "constant", s = 0.05}}}}
"""
    )
    (folder / "rules.yml").write_text(RULES)
    (folder / "alertmanager.yml").write_text(ALERTMANAGER)
    (folder / "drills.yml").write_text(drills)
    return command


def hold(own: CommandLine, folder: Path, *arguments: str) -> Finished:
    """Hold a project's drills."""
    return own.run(
        "run", "--project-file", str(folder / "alertdrill.toml"), "--out", str(folder / "out"), *arguments
    )


def read_timeline(folder: Path) -> dict[str, Any]:
    """Return what a run left."""
    timeline: dict[str, Any] = json.loads((folder / "out" / "timeline.json").read_text())
    return timeline
