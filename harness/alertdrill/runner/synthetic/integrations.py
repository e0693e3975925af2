"""The integrations of each receiver of an Alertmanager config: what they are, and what they send. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUFFIX = "_configs"
SILENT_ABOUT_RESOLUTION = frozenset({"email", "slack", "wechat"})
"""Kinds that send no resolved notification unless they are told to (config/notifiers.go)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """One integration of a receiver, by the name that metrics have for its kind."""

    integration: str
    sends_resolved: bool


def list_senders(config: Mapping[str, Any]) -> dict[str, tuple[Sender, ...]]:
    """Return the integrations of every receiver, in the config's order; nothing else of it is kept."""
    return {
        str(receiver["name"]): tuple(
            Sender(
                integration=kind,
                sends_resolved=bool(one.get("send_resolved", kind not in SILENT_ABOUT_RESOLUTION)),
            )
            for key, ones in receiver.items()
            if key.endswith(SUFFIX)
            for kind in [key.removesuffix(SUFFIX)]
            for one in ones or ()
        )
        for receiver in config.get("receivers") or ()
    }
