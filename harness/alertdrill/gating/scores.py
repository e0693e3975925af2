"""How many mistakes in a touched alert the drills notice, before the change and after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from alertdrill.errors import BadInput
from alertdrill.mutation.grounds import Ground
from alertdrill.mutation.memory import Memory
from alertdrill.mutation.replays import Held
from alertdrill.mutation.score import join, tally
from alertdrill.mutation.session import Order, Subject, hold_session
from alertdrill.rules.files import RuleFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreChange:
    """The mutation scores of an alert, in percent; there is none of an alert that is new."""

    alert: str
    before: float | None
    after: float

    @property
    def is_lower(self) -> bool:
        """Whether the drills notice fewer mistakes than before."""
        return self.before is not None and self.after < self.before


def compare_scores(
    alerts: Iterable[str],
    before: tuple[Sequence[RuleFile], Sequence[Ground]],
    after: tuple[Sequence[RuleFile], Sequence[Ground]],
    promtool: Path,
    memory: Memory,
    held: Held,
) -> tuple[ScoreChange, ...]:
    """Return the scores of alerts; each side is its files, and drills on recordings.

    Raises ComponentFailed when promtool itself fails.
    """
    changes = []
    for alert in alerts:
        was, becomes = (_find_score(alert, *side, promtool, memory, held) for side in (before, after))
        if becomes is not None:
            changes.append(ScoreChange(alert=alert, before=was, after=becomes))
    return tuple(changes)


def _find_score(
    alert: str,
    files: Sequence[RuleFile],
    grounds: Sequence[Ground],
    promtool: Path,
    memory: Memory,
    held: Held,
) -> float | None:
    """Return the score of an alert; None where there is none, as where its rules meet no drill."""
    subject = Subject(name=alert, files=tuple(files), grounds=tuple(grounds))
    order = Order(promtool=promtool, alert=alert, covered_only=True, memory=memory, held=held)
    try:
        scored, _ = hold_session([subject], order, lambda _: None)
    except BadInput:
        return None
    return tally(join(scored)).of_all
