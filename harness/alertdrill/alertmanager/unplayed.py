"""What the pager cannot stand in for of a config: it is left out, and stays unobserved. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alertdrill.alertmanager.receivers import RECEIVER_KINDS

SECTION_END = "_configs"
UNDEFINED = "*undefined*"
"""Of an integration: the field whose text needs a template that no file here defines, and its name."""
_KINDS = {kind.section: kind for kind in RECEIVER_KINDS.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplayed:
    """An integration of a receiver, where it stands in the config, and why the pager cannot stand in for it.

    `index` is its place among those of its kind; `pointer` leads to what speaks against it.
    """

    receiver: str
    integration: str
    index: int
    pointer: str
    why: str

    def __str__(self) -> str:
        return (
            f"receiver {self.receiver!r}: {self.why}: whether {self.integration} is delivered to stays "
            "unobserved"
        )


def mark_undefined(document: Mapping[str, Any], missing: Iterable[tuple[str, str]]) -> None:
    """Note at integrations which template they need that is missing: pointers of texts, and its name."""
    for pointer, template in missing:
        _, _, number, section, index, *_ = pointer.split("/")
        config = document["receivers"][int(number)][section][int(index)]
        config.setdefault(UNDEFINED, (pointer, template))


def list_unplayed(document: Mapping[str, Any]) -> tuple[Unplayed, ...]:
    """Return every integration of a config that cannot be pointed at the pager, in the config's order."""
    return tuple(
        one
        for number, receiver in enumerate(document.get("receivers", ()))
        for one in list_unplayed_of(receiver, f"/receivers/{number}")
    )


def list_unplayed_of(receiver: Mapping[str, Any], pointer: str = "") -> Iterator[Unplayed]:
    """Yield the integrations of a receiver that cannot be pointed at the pager."""
    for section, stated in receiver.items():
        if not section.endswith(SECTION_END):
            continue
        name = section.removesuffix(SECTION_END)
        for index, config in enumerate(stated):
            at = f"{pointer}/{section}/{index}"
            kind = _KINDS.get(section)
            fields = {} if kind is None else kind.unsupported_fields
            reasons = [(f"{at}/{key}", why) for key, why in fields.items() if config.get(key)]
            if UNDEFINED in config:
                where, template = config[UNDEFINED]
                reasons.append((where, f"no template file here defines {template!r}"))
            if kind is None:
                reasons = [(at, f"the pager cannot stand in for {name}")]
            for where, why in reasons[:1]:
                yield Unplayed(
                    receiver=receiver["name"], integration=name, index=index, pointer=where, why=why
                )


def find_unplayed_receivers(document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the receivers none of whose integrations the pager plays, and those integrations."""
    found: dict[str, tuple[str, ...]] = {}
    for receiver in document.get("receivers", ()):
        count = sum(len(stated) for section, stated in receiver.items() if section.endswith(SECTION_END))
        own = tuple(one.integration for one in list_unplayed_of(receiver))
        if own and len(own) == count:
            found[receiver["name"]] = own
    return found
