"""Tests of building alerts: they are what a real Prometheus sends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from alertdrill.errors import BadInput, BadRules
from alertdrill.rules.files import parse_rules
from alertdrill.runner.synthetic.build import build_alerts, write_constant
from alertdrill.runner.synthetic.parts import Worker, running
from alertdrill.runner.synthetic.synthetic import DRILL_ANNOTATION, DRILL_LABEL
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.free_ports import find_free_ports

EXTERNAL_URL = "http://prometheus.example:9090/prom"
RULES = """
groups:
  - name: g
    interval: 1s
    rules:
      - alert: Fails
        expr: sum  by(job,path)(rate({__name__=~"x_total"}[5m]))*0 + on(job,path) weight  >  0.5
        labels: {severity: critical, team: "{{ $labels.job }}-team"}
        annotations:
          summary: "{{ $value | humanizePercentage }} of {{ $labels.path }}"
          link: "{{ $externalURL }}/x"
          description: "{{ with query \\"absent_metric\\" }}some{{ else }}none{{ end }}"
"""
ODD = 'a "b" \\ $1 ü'


def test_a_label_may_be_called_by_any_characters_where_prometheus_takes_them(engines: Engines) -> None:
    """An older one is not asked: it is said from which version on it would be."""
    rules = parse_rules("groups: [{name: g, rules: [{alert: A, expr: x > 1}]}]", "rules.yml").alerts
    labels = {"näme 1": "ü"}
    if engines.versions["prometheus"].startswith("2."):
        with pytest.raises(BadInput, match="--label: 'näme 1' is no name of a label to Prometheus 2"):
            build_alerts(rules, labels, engines=engines, external_url=EXTERNAL_URL)
        return
    (alert,) = build_alerts(rules, labels, engines=engines, external_url=EXTERNAL_URL)
    assert alert.labels["näme 1"] == "ü"


@contextmanager
def capture_alerts() -> Iterator[tuple[str, Queue[dict[str, Any]]]]:
    """Run what takes alerts as an Alertmanager does, and keep them."""
    taken: Queue[dict[str, Any]] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            for alert in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
                taken.put(alert)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}", taken
        finally:
            server.shutdown()
            thread.join()


def test_an_alert_is_what_prometheus_itself_would_send(each_engines: Engines, tmp_path: Path) -> None:
    """Labels, annotations and generator URL are those that a Prometheus sends when the rule is true."""
    # The same rule on samples that make it true at the same value: what a Prometheus scrapes of itself
    # would do as well, but a recorded constant needs no time.
    constants = {
        "groups": [
            {
                "name": "constants",
                "interval": "1s",
                "rules": [
                    {"record": name, "expr": value, "labels": {"job": "api", "path": ODD}}
                    for name, value in (("x_total", "vector(1)"), ("weight", "vector(0.5000001)"))
                ],
            }
        ]
    }
    (tmp_path / "constants.json").write_text(json.dumps(constants))
    (tmp_path / "rules.yml").write_text(RULES)
    (port,) = find_free_ports(1)
    with capture_alerts() as (address, taken):
        config = {
            "rule_files": [str(tmp_path / "constants.json"), str(tmp_path / "rules.yml")],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [address]}]}]},
        }
        (tmp_path / "prometheus.json").write_text(json.dumps(config))
        part = Worker(
            name="prometheus",
            argv=[
                str(each_engines.prometheus),
                f"--config.file={tmp_path / 'prometheus.json'}",
                f"--storage.tsdb.path={tmp_path / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                f"--web.external-url={EXTERNAL_URL}",
                "--web.route-prefix=/",
                # The first time it may not have found out yet whom to tell.
                "--rules.alert.resend-delay=1s",
            ],
            url=f"http://127.0.0.1:{port}",
            ready_path="/-/ready",
            folder=tmp_path,
        )
        with running(part):
            sent = taken.get(timeout=30)
    rules = parse_rules(RULES, "rules.yml").alerts
    (built,) = build_alerts(
        rules, {"job": "api", "path": ODD}, engines=each_engines, external_url=EXTERNAL_URL
    )
    assert {name: value for name, value in built.labels.items() if name != DRILL_LABEL} == sent["labels"]
    annotations = {name: value for name, value in built.annotations.items() if name != DRILL_ANNOTATION}
    assert annotations == sent["annotations"]
    assert annotations["summary"] == f"50% of {ODD}"
    assert built.generator_url == sent["generatorURL"]
    assert built.source == "rules.yml:6"


def test_the_value_is_what_the_rule_compares_with() -> None:
    """So that texts with the value in them are true to life; without a threshold it is 1."""
    assert write_constant("x > 3 * 5", {}) == "vector(15)"
    assert write_constant("absent(x)", {}) == "vector(1)"
    assert write_constant("x", {"a": "$1"}) == 'label_replace(vector(1), "a", "$$1", "", "")'


def test_a_label_that_wants_data_is_refused(engines: Engines) -> None:
    """Routes may hang on it, so an alert with an error text in its place would prove nothing."""
    text = RULES.replace("{{ $labels.job }}", '{{ query "y" | first | value }}').replace("'", "")
    text = text.replace('"{{ query "y" | first | value }}-team"', "'{{ query \"y\" | first | value }}-team'")
    with pytest.raises(BadRules, match=r"rules.yml:6: the label team of Fails cannot be rendered"):
        build_alerts(parse_rules(text, "rules.yml").alerts, {}, engines=engines, external_url=EXTERNAL_URL)


def test_a_rule_that_prometheus_cannot_load_is_named(engines: Engines) -> None:
    """Prometheus's own words are passed on."""
    text = RULES.replace("{{ $externalURL }}/x", "{{ toDuration 1 }}")
    said = r"rules.yml:\d+: group 'g': Fails: Prometheus \S+ does not load the rule: annotation .*toDuration"
    with pytest.raises(BadRules, match=said):
        build_alerts(parse_rules(text, "rules.yml").alerts, {}, engines=engines, external_url=EXTERNAL_URL)
