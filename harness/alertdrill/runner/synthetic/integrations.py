"""The integrations of each receiver of an Alertmanager config: what they are, and what they send. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from alertdrill.alertmanager.unplayed import list_unplayed

TITLES = {"sns": "subject", "victorops": "entity_display_name"}
"""The field of a title where it is not called that, as far as a service takes what has none."""
SUFFIX = "_configs"
SILENT_ABOUT_RESOLUTION = frozenset({"email", "rocketchat", "slack", "wechat"})
"""Kinds that send no resolved notification unless they are told to (config/notifiers.go)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """One integration of a receiver, by the name that metrics have for its kind.

    Where the pager stands in for all receivers, `unplayed_because` says why one is left out; empty if it is
    not. One that is `untitled` has an empty title on purpose.
    """

    integration: str
    sends_resolved: bool
    unplayed_because: str = ""
    untitled: bool = False

    @property
    def is_played(self) -> bool:
        """Whether the pager stands in for it."""
        return not self.unplayed_because


def list_played(config: Mapping[str, Any]) -> dict[str, tuple[Sender, ...]]:
    """Return what `list_senders` does of a config that is read for the pager, which plays not all of them."""
    unplayed = {(one.receiver, one.integration, one.index): one.why for one in list_unplayed(config)}
    played: dict[str, tuple[Sender, ...]] = {}
    for name, senders in list_senders(config).items():
        counted: Counter[str] = Counter()
        own = []
        for sender in senders:
            place = (name, sender.integration, counted[sender.integration])
            own.append(replace(sender, unplayed_because=unplayed.get(place, "")))
            counted[sender.integration] += 1
        played[name] = tuple(own)
    return played


def list_senders(config: Mapping[str, Any]) -> dict[str, tuple[Sender, ...]]:
    """Return the integrations of every receiver, in the config's order; nothing else of it is kept."""
    return {
        str(receiver["name"]): tuple(
            Sender(
                integration=kind,
                # Of what the pager does not play it is not known, nor asked.
                sends_resolved=not isinstance(one, Mapping) or _sends_resolved(kind, one),
                untitled=isinstance(one, Mapping) and _is_untitled(kind, one),
            )
            for key, ones in receiver.items()
            if key.endswith(SUFFIX)
            for kind in [key.removesuffix(SUFFIX)]
            for one in ones or ()
        )
        for receiver in config.get("receivers") or ()
    }


def _sends_resolved(kind: str, stated: Mapping[str, Any]) -> bool:
    # Without a transition, Alertmanager leaves an issue as it is.
    can_close = kind != "jira" or bool(stated.get("resolve_transition"))
    return can_close and bool(stated.get("send_resolved", kind not in SILENT_ABOUT_RESOLUTION))


def _is_untitled(kind: str, stated: Mapping[str, Any]) -> bool:
    """Tell whether an integration's config wants no title."""
    attachments = stated.get("attachments")
    if isinstance(attachments, list) and attachments and isinstance(attachments[0], Mapping):
        return not attachments[0].get("title")
    return stated.get(TITLES.get(kind, "title")) == ""
