"""Alertmanager configs out of a grammar, each with one thing changed, which may be a fault.

What is changed may be anything that a config states, and become what people write there by mistake. Whether
it is a fault, Alertmanager says.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from alertdrill.core.expectation import Integration
from support.receiver_sections import OLDEST, SECTIONS

Place = tuple[Any, Any]
"""A mapping or a list, and the key or the index of something in it."""

_RAW = "RAW "
_SAID = re.compile(r"\{\{ template .*?\}\}")
BUILT_IN: Mapping[Integration, Mapping[str, Any]] = {
    "webhook": {"url": "http://hook.example/a?b=c", "send_resolved": True, "max_alerts": 5},
    "slack": {
        "api_url": "https://slack.example/T/B",
        "channel": "#a",
        "send_resolved": False,
        "color": "danger",
        "fields": [{"title": "a", "value": "b", "short": True}],
        "actions": [{"type": "button", "text": "a", "url": "https://x.example"}],
    },
    "pagerduty": {"routing_key": "abc", "severity": "critical", "details": {"a": "b"}, "client": "x"},
    "opsgenie": {
        "api_key": "abc",
        "message": "m",
        "priority": "P1",
        "tags": "a,b",
        "responders": [{"name": "team", "type": "team"}],
    },
    "email": {
        "to": "a@example.org",
        "from": "b@example.org",
        "smarthost": "mail.example:587",
        "auth_username": "u",
        "auth_password": "p",
        "require_tls": True,
        "headers": {"Subject": "s"},
    },
}
_HTTP: tuple[Mapping[str, Any], ...] = (
    {"follow_redirects": False},
    {"basic_auth": {"username": "u", "password": "p"}},
    {"authorization": {"type": "Bearer", "credentials": "c"}, "proxy_url": "http://proxy.example:3128"},
    {"tls_config": {"insecure_skip_verify": True, "server_name": "x"}, "enable_http2": True},
    {"oauth2": {"client_id": "a", "client_secret": "b", "token_url": "https://t.example", "scopes": ["x"]}},
)
_VALUES: tuple[Any, ...] = (
    *(None, "", " ", "x", 0, -1, 1.5, 12345678901234567890, True, False, [], ["x"], [None], [[]], [{}], {}),
    *({"x": "y"}, {"x": None}, "null", "true", "0", "5", "5 m", "5m", "0s", "-5m", "1h30m", "1d12h", "1.5h"),
    *("1y", "99999999999h", "${URL}", "http://", "http://[", "http://a.example:x/", "ftp://a.example"),
    *("//a.example", "a.example:25", "a.example", ":25", "a:b:c", "é", "a b", "a=b", 'a="b"', "a=~(", "a!=b"),
    *("{a=b", "{a=b,c=~d}", "a", "=b", "...", "09:00", "24:00", "9:00", "monday:friday", "1:31", "-1"),
    *(
        "Europe/Berlin",
        "Nowhere/City",
        "Local",
        "{{ .Status }}",
        "{{ nothing }}",
        "%",
        "\u2028",
        "\t",
    ),
    *(
        f"{_RAW}{raw}"
        for raw in ("yes", "0x10", "1_000", "08:30", "~", "1e3", ".inf", "2026-01-01", "010", "+5")
    ),
    *(f"{_RAW}{raw}" for raw in ("!!str 5", "!!int '5'", "! x", "'a'", '"\\n"', "|-\n  a", "*nothing")),
)


def list_configs(seed: int, count: int) -> Iterator[str]:
    """Yield the texts of so many configs."""
    dice = random.Random(seed)  # noqa: S311 - configs, and no secrets
    for _ in range(count):
        document = _make_document(dice)
        _change(dice, document)
        yield _write(dice, document)


def _make_document(dice: random.Random) -> dict[str, Any]:
    names = ["desk", "web.hook", "null"][: dice.choice((1, 2, 3))]
    intervals = ["nights", "days"][: dice.choice((0, 1, 2))]
    parts = {
        "global": _draw_some(dice, _list_globals()),
        "route": {**_make_route(dice, names, intervals, 2), "receiver": names[0]},
        "receivers": [_make_receiver(dice, name) for name in names],
        "inhibit_rules": [_make_inhibit_rule(dice) for _ in range(dice.choice((0, 1)))],
        "time_intervals": [_make_interval(dice, name) for name in intervals],
        "templates": [],
    }
    for key in ("matchers", "match", "match_re", "mute_time_intervals", "active_time_intervals", "continue"):
        parts["route"].pop(key, None)
    kept = {key: part for key, part in parts.items() if part or dice.random() < 0.2}
    return dict(dice.sample(list(kept.items()), len(kept)))


def _list_globals() -> dict[str, Any]:
    return {
        "resolve_timeout": "5m",
        "smtp_smarthost": "mail.example:25",
        "smtp_from": "a@example.org",
        "smtp_require_tls": False,
        "smtp_hello": "x",
        "slack_api_url": "https://slack.example/",
        "pagerduty_url": "https://pd.example/v2",
        "opsgenie_api_url": "https://og.example/",
        "opsgenie_api_key": "k",
        "victorops_api_key": "k",
        "wechat_api_corp_id": "c",
        "http_config": {"follow_redirects": True},
        "telegram_api_url": "https://t.example",
    }


def _draw_some(dice: random.Random, whole: Mapping[str, Any], share: float = 0.3) -> dict[str, Any]:
    return {key: copy.deepcopy(value) for key, value in whole.items() if dice.random() < share}


def _make_route(dice: random.Random, names: list[str], intervals: list[str], depth: int) -> dict[str, Any]:
    whole = {
        "receiver": dice.choice(names),
        "group_by": dice.choice((["alertname"], ["..."], ["a", "b"])),
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "4h",
        "continue": True,
        "matchers": ['severity="critical"', "team=~a|b"],
        "match": {"a": "b"},
        "match_re": {"a": "b|c"},
    }
    route = _draw_some(dice, whole, 0.4)
    if intervals and dice.random() < 0.5:
        route[dice.choice(("mute_time_intervals", "active_time_intervals"))] = [dice.choice(intervals)]
    if depth and dice.random() < 0.7:
        route["routes"] = [_make_route(dice, names, intervals, depth - 1) for _ in range(dice.choice((1, 2)))]
    return route


def _make_receiver(dice: random.Random, name: str) -> dict[str, Any]:
    receiver: dict[str, Any] = {"name": name}
    for _ in range(dice.choice((0, 1, 1, 2))):
        # What only one generation has is drawn less often: there the other one says little.
        kinds = [*BUILT_IN, *BUILT_IN, *OLDEST, *SECTIONS]
        kind = dice.choice(kinds)
        stated = {**BUILT_IN, **SECTIONS}[kind]
        section = {key: _take_out_templates(copy.deepcopy(value)) for key, value in stated.items()}
        if kind != "email" and dice.random() < 0.3:
            section.setdefault("http_config", copy.deepcopy(dict(dice.choice(_HTTP))))
        receiver.setdefault(f"{kind}_configs", []).append(section)
    return receiver


def _take_out_templates(value: Any) -> Any:
    if isinstance(value, str):
        return _SAID.sub("{{ .Status }}", value)
    if isinstance(value, dict):
        return {key: _take_out_templates(one) for key, one in value.items()}
    return [_take_out_templates(one) for one in value] if isinstance(value, list) else value


def _make_inhibit_rule(dice: random.Random) -> dict[str, Any]:
    if dice.random() < 0.5:
        return {"source_match": {"a": "b"}, "target_match_re": {"a": "c|d"}, "equal": ["e"]}
    return {"source_matchers": ["a=b"], "target_matchers": ['a=~"c|d"'], "equal": ["e", "f"]}


def _make_interval(dice: random.Random, name: str) -> dict[str, Any]:
    whole = {
        "times": [{"start_time": "09:00", "end_time": "17:00"}],
        "weekdays": ["monday:friday"],
        "days_of_month": ["1:5", "-3:-1"],
        "months": ["may:august", "12"],
        "years": ["2026:2030"],
        "location": "Europe/Berlin",
    }
    return {"name": name, "time_intervals": [_draw_some(dice, whole, 0.5)]}


def _list_places(node: Any) -> Iterator[Place]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ())
    for key, value in list(pairs):
        yield node, key
        yield from _list_places(value)


def _change(dice: random.Random, document: dict[str, Any]) -> None:
    """Change one thing: what it is, whether it is there, what it is called, or how often it is there."""
    places = list(_list_places(document))
    node, key = dice.choice(places)
    kind = dice.choice(("value", "value", "value", "swap", "gone", "name", "twice", "more"))
    if kind == "value":
        node[key] = copy.deepcopy(dice.choice(_VALUES))
    elif kind == "swap":
        other, where = dice.choice(places)
        node[key] = copy.deepcopy(other[where])
    elif kind == "gone":
        del node[key]
    elif kind == "twice" and isinstance(node, list):
        node.append(copy.deepcopy(node[key]))
    elif isinstance(node, dict):
        name = dice.choice((f"{key}_file", f"{key}s", str(key).title(), "unknown", "<<", "1"))
        node[name] = node[key] if kind == "more" else node.pop(key)


def _write(dice: random.Random, document: Mapping[str, Any]) -> str:
    """Return a document as YAML in one of its styles; what is raw stands as it is."""
    # Anchors would be made of what is there twice.
    text = yaml.dump(
        yaml.safe_load(yaml.dump(document)),
        Dumper=_Dumper,
        default_flow_style=dice.choice((False, None)),
        sort_keys=False,
        allow_unicode=dice.random() < 0.5,
        width=2**16,
    )
    return re.sub(rf"'{_RAW}((?:[^']|'')*)'|\"{_RAW}((?:[^\"\\]|\\.)*)\"|{_RAW}([^,\n\]}}]*)", _unwrap, text)


class _Dumper(yaml.SafeDumper):
    """Writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - its signature there
        return True


def _unwrap(found: re.Match[str]) -> str:
    quoted, double, plain = found.groups()
    if quoted is not None:
        return quoted.replace("''", "'")
    return plain if double is None else re.sub(r"\\(.)", r"\1", double.replace("\\n", "\n"))
