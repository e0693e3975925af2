"""A mutant: a rule that is wrong in one small way, and what became of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alertdrill.core.rule import AlertRule
from alertdrill.rules.files import RecordingRule

Rule = AlertRule | RecordingRule
State = Literal["killed", "survived", "no coverage", "could not tell", "invalid", "equivalent"]
"""What became of a mutant; the words are Stryker's but for two: it has no "could not tell" and calls an
equivalent mutant ignored."""
STATES: tuple[State, ...] = ("killed", "survived", "no coverage", "could not tell", "invalid", "equivalent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an operator makes of a part of a rule: `text` takes its place.

    `was` and `becomes` say the change shortly; `advice` says which kind of drill would notice it. What is
    `made_up` is a name or a value that nothing has.
    """

    text: str
    was: str
    becomes: str
    advice: str
    made_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A rule with one change; `id` is the same in every run, wherever the rule stands in its file.

    `place` is the part of the expression that was changed, unless it is all of it. `alerts` are those that
    the rule decides, its own or those that read what it records. Where a `label` is changed, the rule fires
    as before, and only who is notified may differ.
    """

    id: str
    operator: str
    was: str
    becomes: str
    advice: str
    source: str
    original: Rule
    rule: Rule
    alerts: tuple[str, ...]
    place: str = ""
    label: str | None = None
    made_up: bool = False

    @property
    def says(self) -> str:
        """What was changed, in one line."""
        return f"{self.was} becomes {self.becomes}" + (
            f" in {self.place}" if self.place not in {"", self.was} else ""
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a mutant; `by` is the drill that killed it, `why` a sentence, `tried` the drills.

    Where it survived and `is_explained`, `why` says why that is right, else which drill would notice it.
    """

    mutant: Mutant
    state: State
    by: str | None = None
    why: str = ""
    tried: tuple[str, ...] = ()
    is_explained: bool = False
