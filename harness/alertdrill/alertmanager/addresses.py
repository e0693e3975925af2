"""What Alertmanager's redirected config and the pager agree on: addresses, keys, and the tag. Pure.

Every integration of every receiver has an inbox of its own: the path (or user name) names receiver,
integration and which of the receiver's integrations of that kind it is, from 0. Its key is derived from the
pager's token, so that the pager needs no list of inboxes.

A notification does not in general say which alerts it is about: what it says is up to its templates. So the
redirected config adds a tag wherever the integration has a templated field for it, and the pager takes the
tag out again before it looks at the rest. The tag is rendered by Alertmanager; its form is that of TAG.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import get_args
from urllib.parse import quote, unquote, unquote_plus

from alertdrill.core.expectation import Integration

MAX_TAG_CHARACTERS = 256 * 1024
TAG_NAME = "alertdrill-tag"
"""What the tag is called: a key of `details` (PagerDuty, Opsgenie), a field's title (Slack), and the like; a
mail's header is called `X-` and this."""

SERVER_NAMES = "*.inbox.alertdrill.internal"
"""What the pager's certificate is for, besides the hosts at which it is reached."""

TAG = (
    "{{ range .GroupLabels.SortedPairs }}{{ .Name | urlquery }}={{ .Value | urlquery }}&{{ end }}"
    ";{{ range .Alerts }}{{ .Fingerprint }}={{ .Status }}&{{ end }}"
)
"""In the templating language of both supported generations of Alertmanager."""
TEXT_TAG = f"[{TAG_NAME} {TAG}]"
"""The tag as it stands in front of a text, where the kind has no field of its own for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One integration of one receiver."""

    receiver: str
    integration: Integration
    index: int = 0

    @property
    def path(self) -> str:
        """Where it is in the pager: `slack/team%20x/0`."""
        return f"{self.integration}/{quote(self.receiver, safe='')}/{self.index}"

    @property
    def server_name(self) -> str:
        """The name to ask the pager for in TLS (`tls_config.server_name`), the same for every index.

        It is how the pager knows before the handshake whom it is asked for; a host name has no room for a
        receiver's.
        """
        digest = hashlib.sha256(self.receiver.encode()).hexdigest()[:24]
        return SERVER_NAMES.replace("*", f"{self.integration}-{digest}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """The group's labels, and (fingerprint, "firing" or "resolved") of each alert of a notification."""

    group_labels: dict[str, str]
    alerts: tuple[tuple[str, str], ...]


def parse_path(path: str) -> Address:
    """Return the address that a path (still quoted) names; raises ValueError."""
    integration, receiver, index = path.strip("/").split("/")
    known: dict[str, Integration] = {name: name for name in get_args(Integration)}
    if integration not in known or not receiver or not index.isdecimal():
        raise ValueError(f"{path!r} is no inbox")
    return Address(receiver=unquote(receiver), integration=known[integration], index=int(index))


def derive_key(token: str, address: Address) -> str:
    """Return the key of an inbox, as long as a PagerDuty routing key: 32 hexadecimal digits."""
    return hmac.new(token.encode(), address.path.encode(), hashlib.sha256).hexdigest()[:32]


def parse_tag(text: str) -> Tag:
    """Return what a rendered tag says; raises ValueError for anything else."""
    if len(text) > MAX_TAG_CHARACTERS:
        raise ValueError("the tag is too long")
    labels, separator, alerts = "".join(text.split()).partition(";")
    pairs = [item.split("=") for item in alerts.split("&") if item]
    if not separator or any(len(pair) != 2 or pair[1] not in {"firing", "resolved"} for pair in pairs):
        raise ValueError(f"{text[:80]!r} is no tag")
    named = [item.partition("=") for item in labels.split("&") if item]
    return Tag(
        group_labels={unquote_plus(name): unquote_plus(value) for name, _, value in named},
        alerts=tuple((pair[0], pair[1]) for pair in pairs),
    )
