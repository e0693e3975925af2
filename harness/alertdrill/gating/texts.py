"""What receivers read of an alert before and after a change of the Alertmanager config's texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import ndiff

from alertdrill.alertmanager.config import AlertmanagerConfig

Texts = dict[tuple[str, str, str], str]
"""What a receiver is sent: by the alert, the receiver and the integration."""
_ADDRESS = re.compile(r"(?<=://)[^/\s:]+:\d+")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^\s\"]*(?: [+-]\d{4} \w+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """A notification that says something else: of which alert, to whom, and its lines, each with its sign.

    A line begins with `- ` if it was said before, with `+ ` if it is said now, and with two spaces otherwise.
    """

    alert: str
    receiver: str
    integration: str
    lines: tuple[str, ...]


def are_texts_changed(before: AlertmanagerConfig, after: AlertmanagerConfig) -> bool:
    """Say whether notifications may read otherwise: by template files, or by what receivers state."""
    return before.templates != after.templates or _list_receivers(before) != _list_receivers(after)


def find_text_changes(before: Texts, after: Texts) -> tuple[TextChange, ...]:
    """Return the notifications of both sides that differ in more than instants and addresses."""
    changes = []
    for key in after:
        if key in before and _forget_run(before[key]) != _forget_run(after[key]):
            lines = tuple(_compare(before[key], after[key]))
            alert, receiver, integration = key
            changes.append(TextChange(alert=alert, receiver=receiver, integration=integration, lines=lines))
    return tuple(changes)


def _list_receivers(config: AlertmanagerConfig) -> Mapping[str, object]:
    return {one["name"]: one for one in config.document.get("receivers", ())}


def _compare(before: str, after: str) -> Iterable[str]:
    old, new = (_forget_run(text).splitlines() for text in (before, after))
    return (line.rstrip() for line in ndiff(old, new) if not line.startswith("?"))


def _forget_run(text: str) -> str:
    """Return a text without what two runs always differ in."""
    return _INSTANT.sub("…", _ADDRESS.sub("…", text))
