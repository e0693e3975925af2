"""What a run asks of a stack of containers: speed, rules and routing, as `prepare` reads it."""

from __future__ import annotations

import io
import json
import tarfile
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.errors import BadInput
from alertdrill.rules.files import RuleFile, parse_rules
from alertdrill.stacks import Setup

ORDER_NAME = "order.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOrder:
    """Rules and routing are in rule time; `zones` are the files that routing's time intervals are read in."""

    speed: float
    rules: tuple[RuleFile, ...]
    alertmanager: AlertmanagerConfig
    zones: Mapping[str, bytes]


def pack_order(setup: Setup) -> bytes:
    """Return an archive (tar) with the order in it, as docker's API takes it."""
    document = {
        "speed": setup.speed,
        "rules": [{"name": file.name, "text": file.text} for file in setup.rules],
        "alertmanager": {
            "document": setup.alertmanager.document,
            "source": setup.alertmanager.source,
            "templates": setup.alertmanager.templates,
        },
        "zones": {name: b64encode(content).decode() for name, content in setup.zones.items()},
    }
    return pack_files({ORDER_NAME: json.dumps(document).encode()})


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """Return an archive (tar) of files that everybody may read, and the containers' user may change."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
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
            alertmanager=AlertmanagerConfig(**document["alertmanager"]),
            zones={name: b64decode(content) for name, content in document["zones"].items()},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{ORDER_NAME} cannot be used: {error!r}") from error
