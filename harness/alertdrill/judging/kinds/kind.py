"""What a kind of expectation knows: how it is judged, said, counted, weighed, written and read. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from alertdrill.core.expectation import Expected
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import EventKind, Timeline
from alertdrill.core.verdict import Finding
from alertdrill.judging.claims import Claim
from alertdrill.judging.needs import Need, Weighed

E = TypeVar("E", bound=Expected)


class Kind(ABC, Generic[E]):
    """One kind of expectation, whose data `E` is in `core/expectation.py`; it keeps nothing itself."""

    is_paged: ClassVar[bool] = False
    """Whether its verdict depends on notifications."""
    asks_for_value: ClassVar[bool] = False
    """Whether its verdict depends on how near the rule's value came to its threshold."""
    must_stay_unseen: ClassVar[bool] = False
    """Whether anything that a rule might have seen, and did not, would change that it is met."""
    judged: ClassVar[tuple[EventKind, ...]] = ()
    """The order in which it looks at hops; what follows the first that is wrong is not judged."""

    @abstractmethod
    def judge(self, expected: E, timeline: Timeline) -> Finding:
        """Return how it came out on a timeline that holds only what concerns it, in the drill's time."""

    @abstractmethod
    def say(self, expected: E) -> str:
        """Say what is expected, in time counted from the drill's start."""

    def say_deliveries(self, expected: E) -> tuple[str, ...]:  # noqa: ARG002 - for those that have some
        """Say what receivers must be told beside that, a line each."""
        return ()

    def name_receiver(self, expected: E) -> str | None:  # noqa: ARG002 - for those that have one
        """Return who must be paged, where the hops that were seen tell all of an expectation that is met."""
        return None

    def name_alerts(self, expected: E) -> tuple[str, ...]:
        """Return the names of the alerts that must be there for it to be met."""
        return (expected.alert,)

    @abstractmethod
    def list_claims(self, expected: E) -> tuple[Claim, ...]:
        """Return what is proved of an alert when this is met."""

    @abstractmethod
    def list_needs(self, expected: E, weighed: Weighed) -> Iterator[Need]:
        """Yield which parts its finding depends on, from when to when, and what stalls it bears."""

    @abstractmethod
    def write(self, expected: E) -> dict[str, Any]:
        """Return what is expected as JSON has it; alert and labels stand beside it."""

    @abstractmethod
    def is_written(self, document: Mapping[str, Any]) -> bool:
        """Return whether a document states an expectation of this kind."""

    @abstractmethod
    def read(self, alert: str, labels: Labels, document: Mapping[str, Any]) -> E:
        """Return the expectation that a document states, as far as claims hang on it; raises ValueError."""
