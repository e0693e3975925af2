"""The exercises: for each system, the requests that move every metric, and what each counter must then show.

A module NAME has `SPEED`; `exercise(stand)`, which sends the requests; and `COUNTS`, which maps the name of
every sample that counts (a counter, a histogram's `_count`) to a function that reads its increments from the
ledger: label sets, or pairs of a label set and an amount. Other samples may be in it too, and are held to it.
`LEAST` does the same for the `_sum` of every histogram in seconds: what it must be at least, since providers
were told to take that long. None of it may ask the gateway's code.
"""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType

from support.exposition import LabelSet
from support.sent_ledger import Ledger

Increment = Mapping[str, str] | tuple[Mapping[str, str], float]
Count = Callable[[Ledger], Iterable[Increment]]


def find_exercise(system: str) -> ModuleType | None:
    """Return a system's exercise; None if nobody has written it."""
    try:
        return importlib.import_module(f"{__name__}.{system}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{system}":
            raise
        return None


def add_up(increments: Iterable[Increment]) -> dict[LabelSet, float]:
    """Return the sum of the increments of each label set; a bare label set counts one."""
    sums: dict[LabelSet, float] = defaultdict(float)
    for increment in increments:
        labels, amount = increment if isinstance(increment, tuple) else (increment, 1.0)
        sums[frozenset(labels.items())] += float(amount)
    return dict(sums)
