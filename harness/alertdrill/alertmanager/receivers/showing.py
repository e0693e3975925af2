"""What the cards of several kinds have in common: attachments, details, the alerts of a webhook. Pure.

A card is made of an attempt's payload, which may be anything that JSON has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alertdrill.alertmanager.receivers.attempt import as_text
from alertdrill.core.card import Card, Fact, Link, Markup, Part, Said

RED, AMBER, GREEN, BLUE = "#a30200", "#daa038", "#2eb886", "#439fe0"
COLOURS: Mapping[str, str] = {
    **dict.fromkeys(("danger", "critical", "error", "attention", "firing"), RED),
    "warning": AMBER,
    **dict.fromkeys(("good", "resolved", "recovery"), GREEN),
    **dict.fromkeys(("info", "accent"), BLUE),
}
"""Words that services have for colours, and severities and states by the colour that they are shown in."""
_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")


def find_colour(value: Any) -> str:
    """Return a colour as `#rrggbb`: of a word, of its digits, of a number; empty where it is none."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 24:
        return f"#{value:06x}"
    word = as_text(value).strip()
    found = _HEX.fullmatch(word)
    if found is None:
        return COLOURS.get(word.lower(), "")
    digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
    return f"#{digits.lower()}"


def as_object(value: Any) -> Mapping[str, Any]:
    """Return an object, or an empty one in place of what is none."""
    return value if isinstance(value, Mapping) else {}


def list_objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def say(value: Any) -> str:
    """Return a value as a text: what is none, as JSON."""
    return as_text(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def list_facts(details: Any, markup: Markup = "plain") -> list[Fact]:
    """Return what an object says, name by name; what is empty is left out, as services do."""
    return [
        Fact(name=str(name), said=Said(text=say(value), markup=markup))
        for name, value in as_object(details).items()
        if value not in ("", None, [], {})
    ]


def list_links(items: Any, text: str, url: str) -> list[Link]:
    """Return the links of a list of objects, which have words and address under these names."""
    named = ((as_text(one.get(text)), as_text(one.get(url))) for one in list_objects(items))
    return [Link(text=words or address, url=address) for words, address in named if words or address]


def show_attachments(attachments: Any, markup: Markup) -> list[Part]:
    """Return the attachments of a chat message, as Slack began them."""
    return [
        Part(
            colour=find_colour(one.get("color")),
            lead=Said(text=as_text(one.get("pretext")), markup=markup),
            title=as_text(one.get("title")),
            url=as_text(one.get("title_link")),
            text=Said(text=as_text(one.get("text")), markup=markup),
            facts=[
                Fact(name=as_text(field.get("title")), said=Said(text=say(field.get("value")), markup=markup))
                for field in list_objects(one.get("fields"))
            ],
            links=list_links(one.get("actions"), "text", "url"),
            footer=as_text(one.get("footer")),
        )
        for one in list_objects(attachments)
    ]


def show_alerts(service: str, payload: Mapping[str, Any]) -> Card:
    """Return the card of what has Alertmanager's own form: a part for each alert."""
    return Card(
        service=service,
        badge=as_text(payload.get("status")),
        parts=[
            Part(
                colour=find_colour(alert.get("status")),
                title=_name_alert(as_object(alert.get("labels"))),
                url=as_text(alert.get("generatorURL")),
                facts=list_facts(alert.get("annotations")),
                footer=as_text(alert.get("status")),
            )
            for alert in list_objects(payload.get("alerts"))
        ],
    )


def _name_alert(labels: Mapping[str, Any]) -> str:
    others = ", ".join(_pair(labels))
    return as_text(labels.get("alertname")) + (f" {{{others}}}" if others else "")


def _pair(labels: Mapping[str, Any]) -> Iterator[str]:
    names: Iterable[str] = sorted(name for name in labels if name != "alertname")
    for name in names:
        yield f"{name}={say(labels[name])}"
