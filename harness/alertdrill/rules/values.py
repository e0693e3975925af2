"""Values: the thresholds, windows and switches of a system's alerts, and the rules made with them. Pure.

`values.yml` has a master switch, off as in the charts that operators know, and one entry an alert:
`llmErrorRate: {alert: MetisLLMErrorRateHigh, enabled: true, threshold: 0.05, window: 10m, for: 10m}`. In
`rules.tmpl.yml`, `${llmErrorRate.threshold}` stands for the text of that value.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from alertdrill.errors import BadInput
from alertdrill.rules.files import parse_duration
from alertdrill.rules.yaml.nodes import Mapping as MappingNode
from alertdrill.rules.yaml.nodes import Node, Scalar, Sequence, read_nodes
from alertdrill.rules.yaml.round_trip import load_document, open_yaml

SWITCH = "enabled"
WINDOW = "window"
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertValues:
    """One alert's values; `settings` maps a name (threshold, window, for, …) to its text."""

    key: str
    alert: str
    enabled: bool
    settings: Mapping[str, str]

    def number(self, name: str) -> float:
        """Return a setting that is a number."""
        return float(self.settings[name])

    def seconds(self, name: str) -> float:
        """Return a setting that is a duration, in seconds of rule time."""
        return parse_duration(self.settings[name])

    @property
    def threshold(self) -> float:
        """What the rule's value is compared with."""
        return self.number("threshold")

    @property
    def window_s(self) -> float:
        """The range that the rule looks back over."""
        return self.seconds("window")

    @property
    def for_s(self) -> float:
        """How long the rule's condition must hold before it fires."""
        return self.seconds("for")


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """A system's values; `alerts` is by key, `enabled` the master switch."""

    enabled: bool
    alerts: Mapping[str, AlertValues]

    def __getitem__(self, key: str) -> AlertValues:
        """Return one alert's values."""
        return self.alerts[key]


@lru_cache(maxsize=64)
def parse_values(text: str, name: str) -> Values:
    """Return the values that a file's text states; `name` is what messages call it. Raises BadInput."""
    try:
        document = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise BadInput(f"{name}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict) or not isinstance(document.get(SWITCH), bool):
        raise BadInput(f"{name}: must be an object with enabled: true or false, and one entry an alert")
    entries = {key: entry for key, entry in document.items() if key != SWITCH}
    return Values(
        enabled=document[SWITCH],
        alerts={str(key): _read_alert(str(key), entry, name) for key, entry in entries.items()},
    )


def override(values: Values, settings: Iterable[str]) -> Values:
    """Return the values with `key.name=value` settings applied; `enabled=true` is the master switch.

    A setting must be of the kind that it replaces: a number, a duration, or true or false. Raises BadInput.
    """
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals:
            raise BadInput(f"{setting!r} is not NAME=VALUE")
        values = _override(values, path.strip(), text.strip())
    return values


def switch_on(values: Values) -> Values:
    """Return the values with every alert switched on."""
    alerts = {key: replace(alert, enabled=True) for key, alert in values.alerts.items()}
    return Values(enabled=True, alerts=alerts)


def fill(text: str, values: Values, name: str) -> str:
    """Return a text with its placeholders replaced by the values that they name; raises BadInput."""

    def look_up(found: re.Match[str]) -> str:
        key, _, setting = found.group(1).partition(".")
        try:
            return values.alerts[key].settings[setting]
        except KeyError:
            raise BadInput(f"{name}: {found.group(0)} is in no value") from None

    return _PLACEHOLDER.sub(look_up, text)


def render_rules(template: str, values: Values, name: str) -> str:
    """Return the rule file that a template makes with these values, without the alerts that are off.

    Raises BadInput for a placeholder or an alert that the values do not have.
    """
    text = fill(template, values, name)
    on = {alert.alert for alert in values.alerts.values() if values.enabled and alert.enabled}
    named = _list_alerts(text, name)
    if unknown := sorted(named ^ {alert.alert for alert in values.alerts.values()}):
        raise BadInput(f"{name}: {unknown[0]} is in the rules or in the values, but not in both")
    if named == on:
        return text
    document = load_document(text, name)
    for group in document["groups"]:
        group["rules"] = [rule for rule in group["rules"] if rule.get("alert") in on or "record" in rule]
    document["groups"] = [group for group in document["groups"] if group["rules"]]
    return _dump(document)


@lru_cache(maxsize=64)
def _list_alerts(text: str, name: str) -> frozenset[str]:
    """Return the names of a rule file's alerts. Raises BadRules for what is not YAML."""
    return frozenset(
        alert.text
        for group in _list_items(read_nodes(text, name), "groups")
        for rule in _list_items(group, "rules")
        if isinstance(rule, MappingNode) and isinstance(alert := rule.values.get("alert"), Scalar)
    )


def _list_items(node: Node | None, key: str) -> list[Node]:
    items = node.values.get(key) if isinstance(node, MappingNode) else None
    return items.items if isinstance(items, Sequence) else []


def write_resource(rules: str, name: str) -> str:
    """Return a rule file as the Prometheus operator's PrometheusRule resource, called `name`.

    A resource's name has no underscore (RFC 1123): each becomes a dash.
    Format: https://prometheus-operator.dev/docs/api-reference/api/, monitoring.coreos.com/v1.
    """
    groups = load_document(rules, name)["groups"]
    return _dump(
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {
                "name": name.replace("_", "-"),
                "labels": {"app.kubernetes.io/part-of": "alertdrill"},
            },
            "spec": {"groups": groups},
        }
    )


def _dump(document: Any) -> str:
    buffer = io.StringIO()
    open_yaml().dump(document, buffer)
    return buffer.getvalue()


def _read_alert(key: str, entry: Any, name: str) -> AlertValues:
    if not isinstance(entry, dict) or not isinstance(entry.get("alert"), str):
        raise BadInput(f"{name}: {key} must be an object that names its alert")
    if not isinstance(entry.get(SWITCH), bool):
        raise BadInput(f"{name}: {key}.enabled must be true or false")
    settings = {str(field): str(value) for field, value in entry.items() if field not in ("alert", SWITCH)}
    for field, text in settings.items():
        _classify(text, f"{name}: {key}.{field}", field)
    return AlertValues(key=key, alert=entry["alert"], enabled=entry[SWITCH], settings=settings)


def _classify(text: str, where: str, field: str) -> str:
    """Return the kind of a setting; raises BadInput if it is none that a rule can use."""
    try:
        number = float(text)
    except ValueError:
        try:
            seconds = parse_duration(text)
        except ValueError:
            raise BadInput(f"{where}: {text!r} is neither a number nor a duration") from None
        if field == WINDOW and seconds == 0:
            raise BadInput(f"{where}: a window must be longer than {text!r}") from None
        return "duration"
    if not math.isfinite(number) or number < 0:
        raise BadInput(f"{where}: {text!r} is not a number of 0 or more")
    return "number"


def _override(values: Values, path: str, text: str) -> Values:
    if path == SWITCH:
        return replace(values, enabled=_read_switch(path, text))
    key, _, field = path.partition(".")
    alert = values.alerts.get(key)
    if alert is None:
        raise BadInput(f"there is no value {path!r}; there are: {', '.join((SWITCH, *values.alerts))}")
    if field == SWITCH:
        alert = replace(alert, enabled=_read_switch(path, text))
    elif field in alert.settings:
        kind = _classify(alert.settings[field], path, field)
        if _classify(text, path, field) != kind:
            raise BadInput(f"{path} must be a {kind}, as {alert.settings[field]} is, not {text!r}")
        alert = replace(alert, settings={**alert.settings, field: text})
    else:
        fields = ", ".join(f"{key}.{known}" for known in (SWITCH, *alert.settings))
        raise BadInput(f"there is no value {path!r}; there are: {fields}")
    return replace(values, alerts={**values.alerts, key: alert})


def _read_switch(path: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise BadInput(f"{path} must be true or false, not {text!r}")
    return text == "true"
