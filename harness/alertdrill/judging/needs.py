"""What a finding needs of the parts of the stack: which, from when to when, and what stalls it bears.

Each kind of expectation says which needs its findings have; `dependence.py` adds what they all share. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alertdrill.core.drill import Drill
from alertdrill.core.timeline import EventKind
from alertdrill.core.verdict import Finding, Outcome

UNMET_TOLERATES_S = 9.0
"""What stalls may cost that are not to blame for what came otherwise. Drills keep a distance of 15 s, and a
stall may have begun before it was noticed: a part is asked every 6 s of rule time at speed 60."""
MET_TOLERATES_S = 40.0
"""What stalls may cost to which what came as expected owes nothing: as long as two scrapes may be apart."""
PATH: frozenset[str] = frozenset({"prometheus", "alertmanager", "alertmanager-2", "pager"})
"""What a page passes through."""
TRAFFIC: frozenset[str] = frozenset({"gateway", "prometheus"})
"""What all traffic passes through until a rule sees it."""
LOCUST = "locust"
"""What sends the traffic, and tells providers how to serve it."""
GUARD = "guard"
"""What is asked for the outages of containers by who may not ask the engine itself."""
PROVIDER = "provider-"
UNSEEN, STALE = "unseen:", "stale:"
"""What stands before an alert's name where its rule was evaluated without what there was, or with what there
was no more."""
STARTING = "starting:"
"""What stands before a part's name where it took longer than usual to start again after a drill's outage."""
MOVED = "moved:"
"""What stands before a part's name where a drill's outage of it began, or ended, later than was due."""
MOVED_BEARS_S = 5.0
"""How late that may be, and what came otherwise owes nothing to it: near misses in time have 6 s to spare."""


_TIMELY: frozenset[Outcome] = frozenset({"late", "missing"})
"""What is about a deadline: a stall after that has nothing to do with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Parts that must answer between two instants, but for stalls that cost at most `bears_s` together.

    With `stretch_s`, it is enough that all answer for that long without a break. `question` is what nobody
    can tell otherwise.
    """

    parts: frozenset[str]
    from_s: float
    until_s: float
    question: str
    tolerates_s: float = UNMET_TOLERATES_S
    stretch_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A finding whose needs are asked for, and what it was found in; times count from the drill's start.

    The alert's rule looks `reach_s` back; `traffic` are the parts on the way from a call to the rule.
    """

    finding: Finding
    drill: Drill
    reach_s: float
    traffic: frozenset[str]

    @property
    def is_unmet(self) -> bool:
        """Whether something came otherwise than was expected."""
        return self.finding.is_unmet

    @property
    def broke_at(self) -> EventKind | None:
        """The hop that came otherwise, if one did."""
        return self.finding.broke_at if self.is_unmet else None

    @property
    def tolerates_s(self) -> float:
        """What stalls may cost that it owes nothing to."""
        return UNMET_TOLERATES_S if self.is_unmet else MET_TOLERATES_S

    def need_traffic(self, deadlines: Mapping[EventKind, float]) -> Need:
        """Return what it depends on whether the alert fires and resolves as it did.

        `deadlines` are when each hop must have been seen; after that nothing could change any more how a hop
        came out that was late or missing.
        """
        return Need(
            parts=self.traffic,
            from_s=-self.reach_s,
            until_s=self._find_end(deadlines),
            question=_ask(self.broke_at),
            tolerates_s=self.tolerates_s,
        )

    def need_silence(self, begin_s: float = 0.0) -> Need:
        """Return what it depends on whether the alert stays silent from `begin_s` on."""
        seen = self.finding.observed
        is_unexpected = self.finding.outcome == "unexpected"
        question = "whether it would have stayed silent" if is_unexpected else "how near it would have come"
        alarms = [seen[kind] for kind in ("firing", "paged") if kind in seen]
        return Need(
            parts=self.traffic | PATH if "paged" in seen and "firing" not in seen else self.traffic,
            from_s=begin_s - self.reach_s,
            until_s=min(alarms) if is_unexpected and alarms else self.drill.lasts_s,
            question=question,
            tolerates_s=self.tolerates_s,
        )

    def _find_end(self, deadlines: Mapping[EventKind, float]) -> float:
        """Return after which instant nothing could change any more how an expectation came out."""
        seen, hop = self.finding.observed, self.broke_at
        if hop is None:
            return seen.get("resolved", deadlines["resolved"])
        if self.finding.outcome not in _TIMELY:
            return seen["firing"] if hop == "firing" and "firing" in seen else self.drill.lasts_s
        return deadlines.get(hop, self.drill.lasts_s)


def find_sights(alerts: Iterable[str]) -> frozenset[str]:
    """Return what stands for what the rules of alerts did not see in time, as if it were parts."""
    return frozenset(kind + alert for alert in alerts for kind in (UNSEEN, STALE))


def _ask(hop: EventKind | None) -> str:
    questions: Mapping[EventKind | None, str] = {
        "paged": "whether the page would have come in time",
        "resolved": "whether it would have resolved in time",
        "page_resolved": "whether the page would have closed in time",
        None: "whether it would have fired and resolved without that",
    }
    return questions.get(hop, "whether it would have fired in time")
