"""What is wrong with the words of a notification, for every kind of receiver that Alertmanager has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from support.both_generations import find_generation
from support.page_records import make_alert
from support.receiver_sections import SECTIONS
from support.rehearsed import rehearse

from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.core.expectation import Integration
from alertdrill.runtime.binaries import Generation

GAP, EMPTY, LONG = '{{ "<no value>" }}', "{{ .CommonLabels.nothing }}", "x" * 40_001
PLAIN: Mapping[str, Mapping[str, Any]] = {
    **SECTIONS,
    "slack": {"api_url": "https://hooks.example/x", "channel": "#a", "title": "t", "text": "x"},
    "pagerduty": {"routing_key": "x", "description": "t", "details": {"note": "x"}},
    "opsgenie": {"api_key": "x", "message": "t", "description": "x"},
    "email": {
        "to": "a@x.example",
        "from": "b@x.example",
        "smarthost": "mail.example:25",
        "headers": {"Subject": "t"},
        "html": "",
        "text": "x",
    },
    "webhook": {"url": "http://a.example/", "payload": {"title": "t", "text": "x"}},
}
PLACES: dict[Integration, dict[str, str]] = {
    "slack": {"title": "title", "text": "text"},
    "pagerduty": {"title": "description", "text": "details.note"},
    "opsgenie": {"title": "message", "text": "description"},
    "email": {"title": "headers.Subject", "text": "text"},
    "webhook": {"title": "payload.title", "text": "payload.text"},
    "telegram": {"text": "message"},
    "msteams": {"title": "title", "text": "text"},
    "msteamsv2": {"title": "title", "text": "text"},
    "discord": {"title": "title", "text": "message"},
    "mattermost": {"title": "attachments.0.title", "text": "attachments.0.text"},
    "rocketchat": {"title": "title", "text": "text"},
    "victorops": {"title": "entity_display_name", "text": "state_message"},
    "webex": {"text": "message"},
    "incidentio": {},
    "pushover": {"title": "title", "text": "message"},
    "sns": {"title": "subject", "text": "message"},
    "wechat": {"text": "message"},
    "jira": {"title": "summary", "text": "description"},
}
"""Where each kind's config says what stands in a title and a text; incident.io has no templates."""
GAPS = [(kind, place) for kind, places in PLACES.items() for place in places]
EMPTIES: list[tuple[Integration, str]] = [
    (kind, "title")
    for kind in (
        *("slack", "email", "msteams", "msteamsv2", "discord", "mattermost", "rocketchat", "victorops"),
        *("pushover", "sns"),
    )
]
"""PagerDuty, Opsgenie and Jira refuse what has no title."""
LONGS: dict[tuple[Integration, str], str] = {
    ("slack", "title"): "the title is longer than the 1024 characters",
    ("slack", "text"): "the text has 40001 characters, and Slack cuts it at 40000",
    ("pagerduty", "title"): "the title is longer than the 1024 characters",
    ("opsgenie", "title"): "the title is longer than the 130 characters",
    ("opsgenie", "text"): "the text has 40001 characters, and Opsgenie keeps 15000",
    ("telegram", "text"): "the text is longer than the 40",
    ("discord", "title"): "the title is longer than the 256 characters",
    ("discord", "text"): "the text is longer than the 40",
    ("rocketchat", "title"): "the title is longer than the 1024 characters",
    ("victorops", "text"): "the text is longer than the 20480 characters",
    ("webex", "text"): "the text is longer than the 73",
    ("pushover", "title"): "the title is longer than the 250 characters",
    ("pushover", "text"): "the text is longer than the 1024 characters",
    ("wechat", "text"): "the text has 40001 bytes, and WeCom cuts it at 2048",
    ("jira", "title"): "the title is longer than the 255 characters",
    ("jira", "text"): "the text is longer than the 32767 characters",
}
"""The others refuse what is too long, or have room for it."""


def put(section: Mapping[str, Any], place: str, value: str) -> dict[str, Any]:
    """Return a section with a value at a place, and no template file."""
    changed = json.loads(json.dumps(section).replace('{{ template \\"said\\" . }}', "said"))
    if "parse_mode" in changed:
        changed["parse_mode"] = ""  # of HTML that is too long Alertmanager sends nothing
    *way, last = place.split(".")
    at = changed
    for name in way:
        at = at[int(name) if isinstance(at, list) else name]
    at[last] = value
    return changed


def find_evidence(cases: list[tuple[Integration, str]], value: str) -> dict[tuple[str, str], str]:
    """Return what is found wrong where a value stands at each of these places, each at its own receiver."""
    names = {f"{kind} {place}": (kind, place) for kind, place in cases}
    routes = [{"receiver": name, "matchers": [f'to="{name}"']} for name in names]
    receivers = [
        {"name": name, f"{kind}_configs": [put(PLAIN[kind], PLACES[kind][place], value)]}
        for name, (kind, place) in names.items()
    ]
    timers = {"group_by": ["alertname"], "group_wait": "1s", "group_interval": "10s"}
    config = {
        "route": {"receiver": "nobody", **timers, "routes": routes},
        "receivers": [{"name": "nobody"}, *receivers],
    }
    alerts = [make_alert(f"A{number}", to=name) for number, name in enumerate(names)]
    rows = rehearse(json.dumps(config), alerts, find_generation(list(Generation)[-1])).values()
    assert {row.outcome for row in rows} == {"misworded"}, [row.evidence for row in rows]
    return {names[row.bound.alert.labels["to"]]: row.evidence for row in rows}


def test_every_kind_is_in_the_table() -> None:
    """So is one that is new."""
    assert PLACES.keys() == RECEIVER_KINDS.keys()


def test_a_gap_is_found_wherever_it_stands() -> None:
    """In the title and in the text of every kind."""
    for (kind, place), said in find_evidence(GAPS, GAP).items():
        assert f"{kind} of {kind} {place}: the {place} has <no value> in it" in said


def test_an_empty_title_is_found() -> None:
    """Of every kind that has a title and takes what has none, whatever it shows in place of it."""
    for (kind, place), said in find_evidence(EMPTIES, EMPTY).items():
        assert said == f"{kind} of {kind} {place}: the title is empty"


def test_what_is_cut_off_is_found() -> None:
    """By Alertmanager, or by the service that takes it."""
    for case, said in find_evidence(list(LONGS), LONG).items():
        assert LONGS[case] in said


@pytest.mark.parametrize("kind", ["sns", "victorops", "mattermost"])
def test_who_wants_no_title_gets_none(kind: Integration) -> None:
    """It is stated so, and no mistake of a template."""
    section = put(PLAIN[kind], PLACES[kind]["title"], "")
    config = {
        "route": {"receiver": "desk", "group_wait": "1s", "group_interval": "10s"},
        "receivers": [{"name": "desk", f"{kind}_configs": [section]}],
    }
    (row,) = rehearse(json.dumps(config), [make_alert("A")], find_generation(list(Generation)[-1])).values()
    assert (row.outcome, row.evidence) == ("paged", "")
