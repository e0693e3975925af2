"""Alerts as Prometheus would send them, made of rules whose expressions need not be true.

A Prometheus of our own evaluates each rule with its expression replaced by a constant that has the wanted
labels, so that labels and annotations are rendered by nobody else. The rule as it stands is loaded beside it,
because the generator URL has the expression as Prometheus prints it (`/api/v1/rules`, and `GeneratorURL` in
Prometheus's rules/alerting.go).
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus

from alertdrill.core.rule import AlertRule, Labels
from alertdrill.core.wording import is_plain_name
from alertdrill.errors import BadInput, BadRules, ComponentFailed, CouldNotTell
from alertdrill.rules.loading import demand_loadable_rules
from alertdrill.rules.promql.expressions import format_number, quote, split_threshold
from alertdrill.runner.synthetic.parts import Worker, running
from alertdrill.runner.synthetic.synthetic import BROKEN_TEMPLATE, SyntheticAlert, mark
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.files import write_own
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.scratch import scratch_folder

EVALUATED_WITHIN_S = 30.0
POLL_S = 0.05
SYNTHETIC = "synthetic"
ORIGINAL = "original"
SYNTHETIC_INTERVAL = "200ms"
ORIGINAL_INTERVAL = "1d"
"""Its expressions find no data here; only their text is wanted."""
PROMETHEUS_PORT = 9090
ANY_NAME_SINCE = 3
"""Since this version a label may be called by any characters."""


def guess_external_url() -> str:
    """Return the address that a Prometheus on this machine takes for its own unless it is told."""
    return f"http://{socket.gethostname()}:{PROMETHEUS_PORT}"


def build_alerts(
    rules: Sequence[AlertRule], labels: Labels, *, engines: Engines, external_url: str
) -> tuple[SyntheticAlert, ...]:
    """Return for each rule the alert that a series with `labels` at its threshold would cause.

    Raises BadRules for a rule that Prometheus refuses, ComponentFailed when Prometheus cannot be started,
    BadInput for a label that it knows no name of.
    """
    _demand_names(engines, labels)
    demand_loadable_rules(engines, rules)
    with scratch_folder() as folder:
        write_own(folder / "rules.json", json.dumps(write_rules(rules, labels)))
        write_own(folder / "prometheus.json", json.dumps({"rule_files": [str(folder / "rules.json")]}))
        (port,) = find_free_ports(1)
        part = Worker(
            name="prometheus",
            argv=[
                str(engines.prometheus),
                f"--config.file={folder / 'prometheus.json'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                f"--web.external-url={external_url}",
                "--web.route-prefix=/",
            ],
            url=f"http://127.0.0.1:{port}",
            ready_path="/-/ready",
            folder=folder,
        )
        with running(part):
            synthetic, original = _await_evaluation(Api("prometheus", part.url), rules)
    return tuple(
        _read_alert(rule, made, as_written["query"], external_url)
        for rule, made, as_written in zip(rules, synthetic, original, strict=True)
    )


def _demand_names(engines: Engines, labels: Labels) -> None:
    """Raise BadInput for a label that is called as this Prometheus lets none be called."""
    version = engines.versions["prometheus"]
    if int(version.partition(".")[0]) < ANY_NAME_SINCE:
        for name in labels:
            if not is_plain_name(name):
                raise BadInput(
                    f"--label: {name!r} is no name of a label to Prometheus {version}: names of any "
                    f"characters are known since {ANY_NAME_SINCE}.0"
                )


def write_rules(rules: Sequence[AlertRule], labels: Labels) -> dict[str, Any]:
    """Return a rule file: each rule made true with these labels at once, and each rule as it stands."""
    return {
        "groups": [
            {
                "name": SYNTHETIC,
                "interval": SYNTHETIC_INTERVAL,
                "rules": [_write_rule(rule, write_constant(rule.expr, labels)) for rule in rules],
            },
            {
                "name": ORIGINAL,
                "interval": ORIGINAL_INTERVAL,
                "rules": [_write_rule(rule, rule.expr) for rule in rules],
            },
        ]
    }


def write_constant(expr: str, labels: Labels) -> str:
    """Return PromQL for one series with these labels, whose value is what `expr` is compared with, or 1."""
    split = split_threshold(expr)
    text = f"vector({format_number(1.0 if split is None else split[2])})"
    for name, value in labels.items():
        # A dollar would name a group of the regular expression, which has none.
        text = f'label_replace({text}, {quote(name)}, {quote(value.replace("$", "$$"))}, "", "")'
    return text


def _write_rule(rule: AlertRule, expr: str) -> dict[str, Any]:
    return {
        "alert": rule.name,
        "expr": expr,
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
    }


def _await_evaluation(prometheus: Api, rules: Sequence[AlertRule]) -> tuple[list[Any], list[Any]]:
    """Return the synthetic rules, each evaluated, and the original ones; all in the order of `rules`."""
    give_up_at = time.monotonic() + EVALUATED_WITHIN_S
    while True:
        groups = {
            group["name"]: group["rules"]
            for group in prometheus.get("/api/v1/rules").json()["data"]["groups"]
        }
        waiting = [
            rule for rule, made in zip(rules, groups[SYNTHETIC], strict=True) if made["health"] == "unknown"
        ]
        if not waiting:
            return groups[SYNTHETIC], groups[ORIGINAL]
        if time.monotonic() > give_up_at:
            raise ComponentFailed(
                f"{waiting[0].source}: {waiting[0].name}: prometheus did not evaluate the rule within "
                f"{EVALUATED_WITHIN_S:.0f} s"
            )
        time.sleep(POLL_S)


def _read_alert(rule: AlertRule, made: Mapping[str, Any], query: str, external_url: str) -> SyntheticAlert:
    if made["health"] != "ok" or len(made["alerts"]) != 1:
        why = made.get("lastError") or f"it made {len(made['alerts'])} alerts"
        raise CouldNotTell(f"{rule.source}: Prometheus cannot make an alert of {rule.name}: {why}")
    alert = made["alerts"][0]
    broken = sorted(name for name, text in alert["labels"].items() if text.startswith(BROKEN_TEMPLATE))
    if broken:
        raise BadRules(
            f"{rule.source}: the label {broken[0]} of {rule.name} cannot be rendered without data, "
            f"and where the alert goes may hang on it"
        )
    return mark(
        labels=alert["labels"],
        annotations=alert["annotations"],
        generator_url=f"{external_url.rstrip('/')}/graph?g0.expr={quote_plus(query, safe='')}&g0.tab=1",
        source=rule.source,
    )
