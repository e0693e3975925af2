"""What an attempt to deliver a notification says, and what it is answered. Pure.

Each kind of receiver reads its own format into an `Attempt`; from there on all kinds are treated alike.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from alertdrill.alertmanager.addresses import TAG_NAME, parse_tag
from alertdrill.core.rule import Labels

Does = Literal["trigger", "acknowledge", "resolve", "edit", "note"]
"""What an attempt does to its incident.

`edit` changes texts, or only asks, as part of another's notification; `note` is shown, and opens no incident.
"""

MAX_TEXT_CHARACTERS = 64 * 1024
"""As much of a title or text is journalled."""


_IN_TEXT = re.compile(rf"\[{TAG_NAME} ([^\[\]\s]*)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status code of HTTP or SMTP and what goes with it: a JSON object, or text."""

    status: int
    body: Mapping[str, Any] | str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the last incident under a key, and for how much rule time it has been closed."""

    is_open: bool
    closed_for_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedAlert:
    """An alert of a notification; its labels are known from a webhook only."""

    fingerprint: str
    status: Literal["firing", "resolved"]
    labels: Labels | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt, read as far as it could be.

    `key` tells the inbox's incidents apart; None is an attempt that does not say which one it is about.
    `answer` may depend on what is known of the key; `refusal` is what the real service would answer instead,
    and `why`. `throttled` is what it would answer to too many, where that is not its kind's answer. `cut`
    says what the service takes and does not show whole, if there is something.
    """

    does: Does = "trigger"
    key: str | None = None
    group_key: str = ""
    group_labels: Labels = field(default_factory=dict)
    alerts: tuple[TaggedAlert, ...] = ()
    title: str = ""
    text: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    answer: Answer | Callable[[Known | None], Answer]
    refusal: Answer | None = None
    why: str = ""
    throttled: Answer | None = None
    cut: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a notification's tag told, if it had one that could be read."""

    group_labels: Labels = field(default_factory=dict)
    alerts: tuple[TaggedAlert, ...] = ()
    is_told: bool = False

    @property
    def does(self) -> Does:
        """A notification fires as long as one of its alerts does."""
        return (
            "resolve" if self.alerts and all(one.status == "resolved" for one in self.alerts) else "trigger"
        )

    @property
    def key(self) -> str | None:
        """What tells groups apart where the service itself has no key."""
        return write_labels(self.group_labels) if self.is_told else None


def take_tag(holder: Any) -> tuple[Any, Told]:
    """Return an object without its tag, and what the tag told."""
    if not isinstance(holder, dict) or TAG_NAME not in holder:
        return holder, Told()
    rest = {name: value for name, value in holder.items() if name != TAG_NAME}
    return rest, read_tag(holder[TAG_NAME])


def read_tag(text: Any) -> Told:
    """Return what a tag tells; nothing, where it is none."""
    try:
        tag = parse_tag(text if isinstance(text, str) else "")
    except ValueError:
        return Told()
    alerts = tuple(
        TaggedAlert(fingerprint=fingerprint, status="firing" if status == "firing" else "resolved")
        for fingerprint, status in tag.alerts
    )
    return Told(group_labels=tag.group_labels, alerts=alerts, is_told=True)


def take_text_tag(text: Any) -> tuple[Any, Told]:
    """Return a text without the tag that is in it, and what the tag told; what is no text stays as it is."""
    found = _IN_TEXT.search(text) if isinstance(text, str) else None
    if found is None:
        return text, Told()
    # Where a text is HTML, Alertmanager has escaped the one character of a tag that it would.
    return text[: found.start()] + text[found.end() :], read_tag(found[1].replace("&#43;", "+"))


def take_listed_tag(items: Any, name: str) -> tuple[list[Any], Told]:
    """Return a list without the tag that is in the text of this name of an object, and what that told."""
    kept, told = [], Told()
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and name in item:
            text, found = take_text_tag(item[name])
            told = found if found.is_told else told
            kept.append({**item, name: text})
        else:
            kept.append(item)
    return kept, told


def take_field_tag(attachments: Any) -> tuple[list[Any], Told]:
    """Return a message's attachments without the field that is the tag, and what that told."""
    kept, told = [], Told()
    for attachment in attachments if isinstance(attachments, list) else ():
        fields = attachment.get("fields") if isinstance(attachment, dict) else None
        if not isinstance(fields, list):
            kept.append(attachment)
            continue
        tags = [field for field in fields if isinstance(field, dict) and field.get("title") == TAG_NAME]
        rest = [field for field in fields if field not in tags]
        told = read_tag(tags[-1].get("value")) if tags else told
        without = {name: value for name, value in attachment.items() if name != "fields"}
        kept.append({**without, "fields": rest} if rest else without)
    return kept, told


def make_attempt(
    told: Told, *, title: str, text: str, payload: Mapping[str, Any], answer: Answer, key: str | None = None
) -> Attempt:
    """Return an attempt that is about what its tag told; without a `key` of its service, the group tells."""
    return Attempt(
        does=told.does,
        key=key or told.key,
        group_key=key or "",
        group_labels=told.group_labels,
        alerts=told.alerts,
        title=title,
        text=text,
        payload=payload,
        answer=answer,
    )


def find_first_line(text: str) -> str:
    """Return the first line of a text with something in it: the title of what has none."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def write_details(details: Any) -> str:
    """Return details as a text, a line for each; what is no object of details stays as far as it is text."""
    if not isinstance(details, dict):
        return as_text(details)
    lines = (
        f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in details.items()
    )
    return as_text("\n".join(lines))


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body is; raises ValueError for anything else."""
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("the body is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"the body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ValueError("the body is not a JSON object")
    return document


def count_bytes(document: Mapping[str, Any]) -> int:
    """Return how long a JSON object is in UTF-8, as services measure what they are sent."""
    return len(json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def is_same_key(given: str, wanted: str) -> bool:
    """Say whether a key is as wanted, in a time that tells nothing of how far it is."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


def write_labels(labels: Labels) -> str:
    """Return labels as a selector, sorted by name."""
    return "{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in sorted(labels.items())) + "}"


def as_text(value: Any) -> str:
    """Return a value that should be text, bounded; empty if it is none."""
    return value[:MAX_TEXT_CHARACTERS] if isinstance(value, str) else ""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
