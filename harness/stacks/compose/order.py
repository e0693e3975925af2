"""What a run asks of a stack of containers: speed, rules and routing, as `prepare` reads it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import BadInput
from harness.rules import RuleFile, parse_rules
from harness.stacks import Setup

ORDER_NAME = "order.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOrder:
    """Rules and routing are in rule time; `source` names the routing in messages."""

    speed: float
    rules: tuple[RuleFile, ...]
    alertmanager: Mapping[str, Any]
    source: str


def pack_order(setup: Setup) -> bytes:
    """Return an archive (tar) with the order in it, as docker's API takes it."""
    document = {
        "speed": setup.speed,
        "rules": [{"name": file.name, "text": file.text} for file in setup.rules],
        "alertmanager": setup.alertmanager,
        "source": setup.alertmanager_source,
    }
    content = json.dumps(document).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo(ORDER_NAME)
        entry.size = len(content)
        entry.mode = 0o644
        entry.uid = entry.gid = 65534
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def read_order(text: str) -> StackOrder:
    """Return the order that `pack_order` wrote; raises BadInput for anything else, BadRules for bad rules."""
    try:
        document = json.loads(text)
        return StackOrder(
            speed=float(document["speed"]),
            rules=tuple(parse_rules(file["text"], file["name"]) for file in document["rules"]),
            alertmanager=document["alertmanager"],
            source=str(document["source"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{ORDER_NAME} cannot be used: {error!r}") from error
