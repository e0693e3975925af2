"""AlertmanagerConfig resources of the Prometheus operator, as the operator makes a config of them. Pure.

Each has a route of its own before those of the base config: for alerts of its namespace, and going on to the
next. Its receivers and time intervals are called `NAMESPACE/NAME/…`, and its inhibit rules hold within its
namespace. So it is with the operator's usual strategy, OnNamespace. What a resource has in a Secret is not
looked up: a placeholder stands for it.
Format: monitoring.coreos.com, v1alpha1 and v1beta1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from alertdrill.errors import BadInput

KIND = "AlertmanagerConfig"
BASE = 'route: {receiver: "null"}\nreceivers: [{name: "null"}]\n'
"""What the operator takes where nobody brings a base config along."""
NAMESPACE = "default"
URL = "https://placeholder.invalid/"
TEXT = "placeholder"
_ROUTE_FIELDS = (
    *(
        "receiver",
        "matchers",
        "groupBy",
        "groupWait",
        "groupInterval",
        "repeatInterval",
        "continue",
        "routes",
    ),
    *("muteTimeIntervals", "activeTimeIntervals"),
)
_SELECTOR = {"name", "key", "optional"}
_LEFT_OUT = {"tls_config", "sigv4"}
"""How connections are made, which is replaced anyway; an `http_config` says whether there are credentials."""
_CREDENTIALS = {"authorization", "bearer_token_secret"}
_RENAMED = {
    ("webhook_configs", "url_secret"): "url",
    ("discord_configs", "api_url"): "webhook_url",
    ("pagerduty_configs", "pager_duty_image_configs"): "images",
    ("pagerduty_configs", "pager_duty_link_configs"): "links",
    ("pager_duty_link_configs", "alt"): "text",
}
_PAIRS = {"details", "headers", "custom_fields"}
"""Mappings that the resource has as lists of a key and a value each."""

_SECRET_KEYS: Mapping[str, frozenset[str]] = {
    "pagerdutyConfigs": frozenset(("routingKey", "serviceKey")),
    "discordConfigs": frozenset(("apiURL",)),
    "slackConfigs": frozenset(("apiURL",)),
    "webhookConfigs": frozenset(("urlSecret",)),
    "opsgenieConfigs": frozenset(("apiKey",)),
    "wechatConfigs": frozenset(("apiSecret",)),
    "emailConfigs": frozenset(("authPassword", "authSecret")),
    "victoropsConfigs": frozenset(("apiKey",)),
    "pushoverConfigs": frozenset(("userKey", "token")),
    "telegramConfigs": frozenset(("botToken",)),
    "msteamsConfigs": frozenset(("webhookUrl",)),
    "msteamsv2Configs": frozenset(("webhookURL",)),
    "rocketchatConfigs": frozenset(("token", "tokenID")),
    "mattermostConfigs": frozenset(("webhookURL",)),
    "webexConfigs": frozenset(),
    "snsConfigs": frozenset(),
}
"""Of each section the fields that name a key of a Secret; Kubernetes takes nothing else there."""


@dataclass(slots=True)
class Combined:
    """A config that is made of several, and the line in the manifest of each part by its pointer."""

    node: yaml.MappingNode = field(repr=False)
    lines: dict[str, int]


def combine(
    base: yaml.MappingNode,
    base_lines: Mapping[str, int],
    resources: Iterable[yaml.MappingNode],
    source: str,
) -> Combined:
    """Return a base config, which is changed, with what resources add to it, in the order of their names.

    One that states no namespace is in `default`, as where kubectl is told nothing else. Raises BadInput for a
    resource without a name, for a field of a route that the operator would pass over, and for a text where
    Kubernetes takes only a key of a Secret, or the other way round.
    """
    made = sorted((_Resource(node, source) for node in resources), key=lambda one: one.key)
    routed = [one for one in made if one.route is not None]
    lines = {_shift(pointer, len(routed)): line for pointer, line in base_lines.items()}
    route = _find(base, "route")
    if routed and isinstance(route, yaml.MappingNode):
        own = _take_list(route, "routes")
        own[:0] = [_make_node(one.make_route()) for one in routed]
        for number, one in enumerate(routed):
            one.note_lines(one.route, f"/route/routes/{number}", lines)
    for key, list_parts in _PARTS.items():
        for one in routed if key != "inhibit_rules" else made:
            for node, part in list_parts(one):
                parts = _take_list(base, key)
                one.note_lines(node, f"/{key}/{len(parts)}", lines)
                parts.append(_make_node(part))
    return Combined(node=base, lines=lines)


def _shift(pointer: str, count: int) -> str:
    """Return where a part of the base config stands with so many routes before its own."""
    found = re.fullmatch(r"/route/routes/(\d+)(/.*)?", pointer)
    return f"/route/routes/{int(found[1]) + count}{found[2] or ''}" if found else pointer


def _take_list(node: yaml.MappingNode, key: str) -> list[yaml.Node]:
    """Return the items of a list, which is there from now on."""
    found = _find(node, key)
    if not isinstance(found, yaml.SequenceNode):
        found = yaml.SequenceNode("tag:yaml.org,2002:seq", [])
        node.value = [pair for pair in node.value if pair[0].value != key]
        node.value.append((yaml.ScalarNode("tag:yaml.org,2002:str", key), found))
    items: list[yaml.Node] = found.value
    return items


def _make_node(part: Mapping[str, Any]) -> yaml.Node:
    node = yaml.compose(json.dumps(part, default=str), Loader=yaml.BaseLoader)
    assert node is not None  # noqa: S101 - it is a mapping
    return node


class _Resource:
    """One resource."""

    def __init__(self, node: yaml.MappingNode, source: str) -> None:
        metadata = _find(node, "metadata")
        self._source = source
        self.namespace = _read_text(_find(metadata, "namespace")) or NAMESPACE
        name = _read_text(_find(metadata, "name"))
        if not name:
            raise BadInput(f"{source}:{node.start_mark.line + 1}: the {KIND} states no name")
        self.key = f"{self.namespace}/{name}"
        self._spec = _find(node, "spec")
        self.route = _find(self._spec, "route")

    def make_route(self) -> dict[str, Any]:
        """Return its route, for alerts of its namespace, which go on to the next route."""
        assert self.route is not None  # noqa: S101 - who has none is not asked
        made = self._make_route(self.route)
        return {**made, "matchers": [*made.get("matchers", ()), self._own_matcher], "continue": True}

    def list_receivers(self) -> Iterator[tuple[yaml.Node, dict[str, Any]]]:
        """Yield its receivers, and where they stand."""
        for node in _list(self._spec, "receivers"):
            _check_secret_keys(node, self._source)
            made = {key: value for key, value in _convert_mapping(node).items() if key != "name"}
            yield node, {"name": self._name(_read_text(_find(node, "name"))), **made}

    def list_intervals(self) -> Iterator[tuple[yaml.Node, dict[str, Any]]]:
        """Yield its time intervals; the older version of the resource calls them mute time intervals."""
        for node in (*_list(self._spec, "timeIntervals"), *_list(self._spec, "muteTimeIntervals")):
            periods = [_make_period(period) for period in _list(node, "timeIntervals")]
            yield node, {"name": self._name(_read_text(_find(node, "name"))), "time_intervals": periods}

    def list_inhibit_rules(self) -> Iterator[tuple[yaml.Node, dict[str, Any]]]:
        """Yield its inhibit rules, which hold within its namespace."""
        for node in _list(self._spec, "inhibitRules"):
            made: dict[str, Any] = {"equal": [_read_text(one) for one in _list(node, "equal")]}
            for side in ("source", "target"):
                own = [_make_matcher(one) for one in _list(node, f"{side}Match")]
                made[f"{side}_matchers"] = [*own, self._own_matcher]
            yield node, made

    def note_lines(self, node: yaml.Node | None, pointer: str, lines: dict[str, int]) -> None:
        """Note on which lines of the manifest a part stands, and what is in it by the same names."""
        if node is None:
            return
        lines[pointer] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.note_lines(item, f"{pointer}/{index}", lines)
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                below = f"{pointer}/{_snake(str(key.value))}"
                self.note_lines(value, below, lines)
                lines[below] = key.start_mark.line + 1

    @property
    def _own_matcher(self) -> str:
        return f"namespace={json.dumps(self.namespace)}"

    def _name(self, name: str) -> str:
        return f"{self.key}/{name}" if name else ""

    def _make_route(self, node: yaml.Node) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in _list_pairs(node):
            name = _snake(key)
            if key not in _ROUTE_FIELDS:
                raise BadInput(
                    f"{self._source}:{value.start_mark.line + 1}: a route of an {KIND} has no field {key}, "
                    f"which the operator would pass over; it has {', '.join(_ROUTE_FIELDS)}"
                )
            if name == "receiver":
                made[name] = self._name(_read_text(value))
            elif name == "matchers":
                made[name] = [_make_matcher(one) for one in _list(node, key)]
            elif name == "routes":
                made[name] = [self._make_route(one) for one in _list(node, key)]
            elif name in {"mute_time_intervals", "active_time_intervals"}:
                made[name] = [self._name(_read_text(one)) for one in _list(node, key)]
            else:
                made[name] = _convert(value, name)
        return made


_PARTS: Mapping[str, Callable[[_Resource], Iterator[tuple[yaml.Node, dict[str, Any]]]]] = {
    "receivers": _Resource.list_receivers,
    "time_intervals": _Resource.list_intervals,
    "inhibit_rules": _Resource.list_inhibit_rules,
}


def _check_secret_keys(receiver: yaml.Node, source: str) -> None:
    """Raise BadInput for what Kubernetes would not let into the cluster; no message has what stands there."""
    for section, configs in _list_pairs(receiver):
        for key, value in (pair for one in _list_items(configs) for pair in _list_pairs(one)):
            if isinstance(value, yaml.ScalarNode) and _read_value(value) is None:
                continue
            is_secret = key in _SECRET_KEYS.get(section, ())
            is_url = section in _SECRET_KEYS and key.lower().endswith("url")
            where = f"{source}:{value.start_mark.line + 1}: {key} in {section}"
            if is_secret and not _is_selector(value):
                raise BadInput(
                    f"{where} names a key of a Secret, {{name: SECRET, key: KEY}}: "
                    "Kubernetes takes nothing else"
                )
            if is_url and not is_secret and _is_selector(value):
                raise BadInput(f"{where} is a text: Kubernetes takes no key of a Secret")


def _is_selector(node: yaml.Node) -> bool:
    keys = {key for key, _ in _list_pairs(node)}
    return "key" in keys and keys <= _SELECTOR


def _make_matcher(node: yaml.Node) -> str:
    name, value = (_read_text(_find(node, key)) for key in ("name", "value"))
    is_pattern = _read_text(_find(node, "regex")).lower() == "true"
    operator = _read_text(_find(node, "matchType")) or ("=~" if is_pattern else "=")
    return f"{name}{operator}{json.dumps(value, ensure_ascii=False)}"


def _make_period(node: yaml.Node) -> dict[str, Any]:
    made = _convert_mapping(node)
    days = made.get("days_of_month")
    if isinstance(days, list):
        made["days_of_month"] = [_make_days(one) for one in days]
    return made


def _make_days(stated: Any) -> Any:
    if not isinstance(stated, Mapping) or "start" not in stated:
        return stated
    return f"{stated['start']}:{stated.get('end', stated['start'])}"


def _convert_mapping(node: yaml.Node) -> dict[str, Any]:
    """Return what a mapping states; of something else nothing, so that what it lacks is complained of."""
    made = _convert(node, "")
    return made if isinstance(made, dict) else {}


def _convert(node: yaml.Node, name: str) -> Any:
    """Return what a node states by the names that Alertmanager has for it."""
    if isinstance(node, yaml.SequenceNode):
        if name in _PAIRS:
            return {_read_text(_find(one, "key")): _read_value(_find(one, "value")) for one in node.value}
        return [_convert(one, name) for one in node.value]
    if isinstance(node, yaml.MappingNode):
        keys = {key for key, _ in _list_pairs(node)}
        if _is_selector(node):
            return URL if name.endswith("url") or name == "url_secret" else TEXT
        if name == "http_config":
            # One kind of receiver, Webex, is none without.
            is_authorized = any(_snake(key) in _CREDENTIALS for key in keys)
            return {"authorization": {"credentials": TEXT}} if is_authorized else {}
        made = ((_snake(key), value) for key, value in _list_pairs(node))
        return {
            _RENAMED.get((name, key), key): _convert(value, key)
            for key, value in made
            if key not in _LEFT_OUT
        }
    return _read_value(node)


def _snake(name: str) -> str:
    """Return a name as Alertmanager writes it: `sendResolved` is `send_resolved`, `apiURL` is `api_url`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _list_pairs(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), value


def _find(node: yaml.Node | None, key: str) -> yaml.Node | None:
    return next((value for name, value in _list_pairs(node) if name == key), None)


def _list(node: yaml.Node | None, key: str) -> list[yaml.Node]:
    return _list_items(_find(node, key))


def _list_items(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _read_text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _read_value(node: yaml.Node | None) -> Any:
    """Return a scalar as YAML has it: flags and numbers are such."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    kind = node.tag.rpartition(":")[2]
    if not node.style and kind == "null":
        return None
    if not node.style and kind == "bool":
        return node.value.lower() in {"true", "yes", "on"}
    is_number = not node.style and kind == "int" and re.fullmatch(r"-?[0-9]{1,9}", node.value)
    return int(node.value) if is_number else str(node.value)
