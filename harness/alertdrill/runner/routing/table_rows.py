"""A row of a table of label sets, as its file states it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from alertdrill.core.rule import Labels

RECEIVER_FIELDS = ("receivers", "receiver", "expected_receivers")
"""What the expected receivers are called: one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """Labels, without those that are empty, and receivers; `source` is `file:line`, `name` may be empty."""

    source: str
    labels: Labels
    receivers: tuple[str, ...]
    name: str = ""


def split_receivers(text: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the receivers that a text names, with commas or semicolons between them.

    A receiver's name may have a comma in it: a text that is the name of one is that one.
    """
    text = text.strip()
    if text in known:
        return (text,)
    return tuple(name for part in re.split("[,;]", text) if (name := part.strip()))
