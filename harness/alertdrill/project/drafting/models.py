"""Chooses the model that drafted calls ask for, by what metrics and a gateway's list name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

from alertdrill.core.rule import Labels
from alertdrill.core.wording import printable, say_number
from alertdrill.project.drafting.metrics import MODEL_LABEL

DEFAULT = "gpt-4.1"
"""What is asked for where nothing says which models there are."""
LABELS = ("requested_model", "model_group", "gen_ai_request_model", "model_name", "model")
"""Labels that name a model as callers do, the most certain first; others may have its provider's name."""
NO_MODEL = frozenset({"", "none", "null", "unknown", "other", "n/a", "-", "*"})
"""Values of such labels that stand for no model, in small letters."""
MAX_LISTED = 5
OTHERWISE = "--model takes another"
_CALLS = re.compile(r".*(request|call|completion|quer|operation).*_total|.*_count")
"""Names of metrics that count calls."""

Called = Mapping[str, Mapping[str, float]]
"""How often each model was called, by the label that names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A model, and a sentence about why it is this one; an empty one where there is nothing to say."""

    model: str
    why: str


def count_calls(samples: Iterable[tuple[str, Labels, float]]) -> Called:
    """Return how often each model was called, as samples of counters have it: the most that one metric says.

    A model that is named, and of which no calls were counted, has 0 of them.
    """
    sums: dict[tuple[str, str, str], float] = {}
    for name, labels, value in samples:
        for label, model in labels.items():
            if MODEL_LABEL.fullmatch(label) and model.lower() not in NO_MODEL:
                counted = value if _CALLS.fullmatch(name) and value > 0 else 0.0
                sums[label, model, name] = sums.get((label, model, name), 0.0) + counted
    called: dict[str, dict[str, float]] = {}
    for (label, model, _), total in sums.items():
        of_label = called.setdefault(label, {})
        of_label[model] = max(of_label.get(model, 0.0), total)
    return called


def is_listed(model: str, listed: Iterable[str]) -> bool:
    """Whether a gateway lists a model, by its name or by a pattern such as `openai/*`."""
    return any(model == one or ("*" in one and fnmatchcase(model, one)) for one in listed)


def say_listed(listed: Sequence[str]) -> str:
    """Name the models of a list, the first of them where there are many."""
    more = f" and {len(listed) - MAX_LISTED} more" if len(listed) > MAX_LISTED else ""
    return printable(", ".join(listed[:MAX_LISTED]) + more)


def choose_model(
    asked: str | None,
    called: Called = MappingProxyType({}),
    source: str = "",
    listed: Sequence[str] = (),
    list_url: str = "",
) -> Chosen:
    """Return the model that was `asked` for, or else the one that metrics, or the gateway's list, name.

    `called` is what the metrics of `source` tell; the gateway lists the models in `listed` at `list_url`.
    """
    if asked is not None:
        if not listed or is_listed(asked, listed):
            return Chosen(model=asked, why="")
        why = f"as --model says, though it is none that {list_url} lists: {say_listed(listed)}"
        return _choose(asked, why)
    for label in sorted(called, key=_rank):
        known = {
            model: calls for model, calls in called[label].items() if not listed or is_listed(model, listed)
        }
        if not known:
            continue
        model = min(known, key=lambda one: (-known[one], one))
        if len(known) == 1:
            return _choose(model, f"the only one that {source} names ({label})")
        most = f"the one that was called most ({say_number(round(known[model]), 'call')})"
        return _choose(model, f"of the {len(known)} that {source} names ({label}) {most}; {OTHERWISE}")
    plain = [one for one in listed if "*" not in one]
    if len(plain) == 1:
        return _choose(plain[0], f"the only one that {list_url} lists")
    if plain:
        return _choose(plain[0], f"the first of the {len(plain)} that {list_url} lists; {OTHERWISE}")
    return _choose(DEFAULT, "for nothing says which models the gateway has; --model names another")


def _choose(model: str, why: str) -> Chosen:
    return Chosen(model=model, why=printable(f"model: {model}, {why}"))


def _rank(label: str) -> tuple[int, bool, str]:
    """Return how certain it is that callers name models as a label does; the least is the most certain."""
    known = LABELS.index(label) if label in LABELS else len(LABELS)
    return known, label.endswith("_id"), label
