"""A Prometheus and an Alertmanager of somebody's own, which run before alertdrill does, and quickly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from alertdrill.runtime.binaries import Engines
from support.lone_alertmanager import await_that, open_alertmanager
from support.lone_prometheus import run_prometheus
from support.patience import PATIENCE_S

RULES = """\
groups:
  - name: shop
    rules:
      - record: model:own_requests:rate
        expr: sum by (model) (rate(own_requests_total[5s]))
      - alert: ShopErrorsHigh
        expr: >-
          sum by (model) (rate(own_requests_total{status=~"5.."}[5s])) / model:own_requests:rate > 0.2
        for: 2s
        labels: {severity: critical}
  - name: of-others
    rules:
      - {alert: ServerUp, expr: vector(time()) > 0}
"""
"""Of which one alert always fires, as somebody's own servers have it."""


@dataclass(frozen=True)
class Theirs:
    """Where they are."""

    prometheus: str
    alertmanager: str


@contextmanager
def run_theirs(engines: Engines, folder: Path, gateway: str, pager: str) -> Iterator[Theirs]:
    """Run both: a gateway at `host:port` is scraped every second, and webhooks go to the pager's address."""
    folder.mkdir()
    (folder / "rules.yml").write_text(RULES)
    routing = {
        "route": {
            "receiver": "oncall",
            "group_by": ["alertname", "model"],
            "group_wait": "1s",
            "group_interval": "2s",
            "repeat_interval": "1h",
        },
        "receivers": [
            {"name": "oncall", "webhook_configs": [{"url": f"http://{pager}/oncall", "send_resolved": True}]}
        ],
    }
    with open_alertmanager(engines, folder / "alertmanager", routing) as lone:
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(folder / "rules.yml")],
            "alerting": {
                "alertmanagers": [{"static_configs": [{"targets": [lone.url.removeprefix("http://")]}]}]
            },
            "scrape_configs": [
                {"job_name": "shop", "static_configs": [{"targets": [gateway]}]},
                {"job_name": "nobody", "static_configs": [{"targets": ["127.0.0.1:9"]}]},
            ],
        }
        with run_prometheus(engines, folder, config=json.dumps(config)) as url:
            await_that(lambda: len(_list_targets(url)) == 2, "Prometheus has its targets")
            yield Theirs(prometheus=url, alertmanager=lone.url)


def _list_targets(url: str) -> list[object]:
    answer = requests.get(f"{url}/api/v1/targets", timeout=PATIENCE_S)
    targets: list[object] = answer.json()["data"]["activeTargets"]
    return targets
