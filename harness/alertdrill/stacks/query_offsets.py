"""How far into the past each rule group looks, so that none looks where a scrape might as well be late. Pure.

Prometheus scrapes each target and evaluates each group at an offset of its own into the interval, which their
names make (`Target.offset`, `Group.EvalTimestamp`), so these stand to each other in a whole run as they once
do. Where a group is evaluated a millisecond after a scrape, one that is two late is missing in the window;
where it is evaluated before the scrape is over, each is. `query_offset` of a group moves what it looks at
(Prometheus documentation, "Recording rules"), and is chosen here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alertdrill.rules.dilation.files import dilate_duration
from alertdrill.rules.files import find_groups, load_document
from alertdrill.rules.yaml.edits import Edits
from alertdrill.rules.yaml.nodes import Mapping as MappingNode
from alertdrill.rules.yaml.nodes import Scalar
from alertdrill.stacks.configs import QUERY_OFFSET_S

BEHIND_S = 0.02
"""How late a scrape may be and still be seen; nearly all are earlier, on a busy machine too."""
AHEAD_S = 0.005
"""How far the next scrape must be away: Prometheus moves the instants of samples by 2 ms at most."""
MOST_S = 0.15
"""What the alerts of a group are late for it at most."""

GroupKey = tuple[str, str]
"""The name of a stack's rule file, and that of a group in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What happens every `every_s` wall seconds, and `phase_s` is one of the instants."""

    phase_s: float
    every_s: float


def choose_offset_s(group: Beat, scrapes: Sequence[Beat]) -> float:
    """Return the least offset, in whole milliseconds, at which the group looks well behind all scrapes.

    Where none is far enough from all, it is the one that is furthest. A scrape comes in its own interval, and
    to the group at what the two intervals have in common.
    """
    candidates = [ms / 1000 for ms in range(round(QUERY_OFFSET_S * 1000), round(MOST_S * 1000) + 1)]
    room = {offset_s: _find_room_s(group.phase_s - offset_s, group, scrapes) for offset_s in candidates}
    return next(
        (offset_s for offset_s in candidates if room[offset_s] >= 0), max(candidates, key=room.__getitem__)
    )


def _find_room_s(looks_s: float, group: Beat, scrapes: Sequence[Beat]) -> float:
    """Return by how much the nearest scrape is further than it must be; negative if it is too near."""
    found = []
    for scrape in scrapes:
        common_s = math.gcd(round(group.every_s * 1000), round(scrape.every_s * 1000)) / 1000
        behind_s = (looks_s - scrape.phase_s) % common_s
        found.append(min(behind_s - BEHIND_S, common_s - AHEAD_S - behind_s))
    return min(found, default=0.0)


def state_offsets(texts: Mapping[str, str], offsets_s: Mapping[GroupKey, float]) -> dict[str, str]:
    """Return rule files of a stack, by name, in which groups look as far into the past as they are told.

    A group that says so itself stays as it is.
    """
    stated = {}
    for name, text in texts.items():
        edits = Edits(text)
        _, groups = find_groups(load_document(text, name), name)
        for node in groups.items:
            named = node.values.get("name") if isinstance(node, MappingNode) else None
            if not isinstance(node, MappingNode) or not isinstance(named, Scalar):
                continue
            offset_s = offsets_s.get((name, named.text))
            if offset_s is not None and "query_offset" not in node.values:
                edits.add_pair(node, "query_offset", dilate_duration(offset_s, 1))
        stated[name] = edits.apply(0, len(text))
    return stated
