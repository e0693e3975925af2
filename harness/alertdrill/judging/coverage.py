"""What of each alert has been proved by drills that were held: alerts x hops. Pure.

Drills make claims (`list_claims`), and runs in which they were held settle them: of each drill the newest run
counts. Over several drills one failure outweighs all proofs, and one proof outweighs what was not seen.

A run whose clock was doubted proves nothing, nor does a finding of which nobody can tell, nor what was not
judged because an earlier hop had failed: all are unobserved. Runs that do not say when they were held count
as older than all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import Expected
from alertdrill.core.rule import AS_WRITTEN, PAGING, AlertRule
from alertdrill.core.timeline import EventKind
from alertdrill.core.verdict import Outcome, Verdict
from alertdrill.judging.claims import HOPS, Claim, Hop, say_claim
from alertdrill.judging.kinds import find_kind

State = Literal["proved", "failed", "unobserved", "not drilled"]

STATES: tuple[State, ...] = ("proved", "failed", "unobserved", "not drilled")
CLOCK_SKEW = timedelta(minutes=5)
"""How far in the future a run may lie that another machine has stamped."""

_WEIGHTS: Mapping[State, int] = {"not drilled": 0, "unobserved": 1, "proved": 2, "failed": 3}
_KINDS: Mapping[Hop, EventKind] = {
    "pending": "pending",
    "fires": "firing",
    "paged": "paged",
    "resolved": "resolved",
    "page closed": "page_resolved",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFinding:
    """How an expectation of a drill came out in a run.

    `seen` are the hops that were seen, none of a finding of which nobody can tell. `broke_at` is the first
    that was not as expected, where one is known.
    """

    drill: str
    expectation: Expected
    outcome: Outcome
    seen: frozenset[str]
    broke_at: EventKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRun:
    """What a run found out, and when it began, if that is known."""

    started_at: datetime | None
    is_doubted: bool
    findings: tuple[HeldFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A claim, what became of it, and in which run that was; `drills` are those that make the claim."""

    claim: Claim
    state: State = "not drilled"
    started_at: datetime | None = None
    drills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All claims about one alert, in the order of the hops; `source` is where its rule stands.

    The alerts that are there only to drill the paging path stand apart: what no drill claims of them is no
    gap.
    """

    alert: str
    source: str
    cells: tuple[Cell, ...]
    stands_apart: bool = False

    @property
    def is_drilled(self) -> bool:
        """Whether any run held a drill about the alert."""
        return any(cell.state != "not drilled" for cell in self.cells)

    @property
    def started_at(self) -> datetime | None:
        """When the newest run began that counts for a cell; None if no such run says when it began."""
        return max((cell.started_at for cell in self.cells if cell.started_at is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The table, what stands apart last; `left_out` are the alerts that are not in it.

    Those are kept as their authors wrote them, to prove what is wrong with them.
    """

    rows: tuple[Row, ...]
    left_out: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, row by row."""
        return tuple(cell for row in self.rows for cell in row.cells)

    def count(self, state: State) -> int:
        """Return how many cells are in this state."""
        return sum(cell.state == state for cell in self.cells)


def make_coverage(
    rules: Iterable[AlertRule], drills: Iterable[Drill], runs: Iterable[HeldRun] = ()
) -> Coverage:
    """Return what these drills, held in these runs, have proved of these alerts.

    An alert without `for` is never pending.
    """
    claimed: dict[Claim, list[str]] = {}
    for drill in drills:
        for expected in drill.expects:
            for claim in list_claims(expected):
                claimed.setdefault(claim, []).append(drill.name)
    settled = _settle(runs)
    by_name: dict[str, list[AlertRule]] = {}
    left_out: dict[str, None] = {}
    for rule in rules:
        if AS_WRITTEN.items() <= rule.labels.items():
            left_out[rule.name] = None
        else:
            by_name.setdefault(rule.name, []).append(rule)
    rows = []
    for name, group in by_name.items():
        stands_apart = PAGING.items() <= group[0].labels.items()
        can_pend = any(rule.for_s > 0 for rule in group)
        cells = tuple(
            _make_cell(claim, claimed.get(claim, ()), settled)
            for hop in HOPS
            if hop != "pending" or can_pend
            for claim in sorted(
                (one for one in claimed if (one.alert, one.hop) == (name, hop)), key=say_claim
            )
            or ([] if stands_apart else [Claim(alert=name, hop=hop)])
        )
        if cells:
            rows.append(Row(alert=name, source=group[0].source, cells=cells, stands_apart=stands_apart))
    rows.sort(key=lambda row: row.stands_apart)
    return Coverage(rows=tuple(rows), left_out=tuple(left_out))


def make_held_run(verdicts: Iterable[Verdict], started_at: datetime | None, *, is_doubted: bool) -> HeldRun:
    """Return what a run's verdicts say of expectations; what nobody asked for settles no claim."""
    return HeldRun(
        started_at=started_at,
        is_doubted=is_doubted,
        findings=tuple(
            HeldFinding(
                drill=verdict.drill,
                expectation=finding.expectation,
                outcome=finding.outcome,
                seen=frozenset() if finding.doubt else frozenset(finding.observed),
                broke_at=finding.broke_at,
            )
            for verdict in verdicts
            for finding in verdict.findings
            if finding.expectation is not None
        ),
    )


def list_claims(expected: Expected) -> tuple[Claim, ...]:
    """Return what is proved of an alert when this is met."""
    return find_kind(expected).list_claims(expected)


def settle_claims(finding: HeldFinding) -> Iterator[tuple[Claim, State]]:
    """Yield what a run that can be trusted says of the claims of one expectation.

    Where it is not known which hop broke, all have failed, but for an alert that was seen pending.
    """
    judged = find_kind(finding.expectation).judged
    for claim in list_claims(finding.expectation):
        if claim.hop == "near miss":
            states: dict[Outcome, State] = {"met": "proved", "unobserved": "unobserved"}
            yield claim, states.get(finding.outcome, "failed")
            continue
        kind = _KINDS[claim.hop]
        is_seen = kind in finding.seen
        if finding.outcome in {"met", "unobserved"} or (kind == "pending" and is_seen):
            yield claim, "proved" if is_seen else "unobserved"
        elif finding.broke_at in {None, kind}:
            yield claim, "failed"
        else:
            is_judged = judged.index(kind) < judged.index(finding.broke_at)
            yield claim, "proved" if is_judged and is_seen else "unobserved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A cell that is not proved, or was too long ago, and what is wrong with it in a few words."""

    cell: Cell
    why: str


def find_gaps(coverage: Coverage, now: datetime, within: timedelta | None = None) -> tuple[Gap, ...]:
    """Return what is not proved; with `within`, also what no run since then is known to have proved."""
    return tuple(
        Gap(cell=cell, why=why)
        for cell in coverage.cells
        if (why := _find_gap(cell, now, within)) is not None
    )


def say_counts(coverage: Coverage) -> str:
    """Say how many claims are in which state: `31 of 40 proved, 2 failed, 7 not drilled`."""
    others = [f"{count} {state}" for state in STATES[1:] if (count := coverage.count(state))]
    return ", ".join([f"{coverage.count('proved')} of {len(coverage.cells)} proved", *others])


def say_last_drilled(row: Row) -> str:
    """Say when the alert was last drilled, in UTC's minutes: `2025-11-03 09:41`, `unknown` or `never`."""
    if not row.is_drilled:
        return "never"
    return "unknown" if row.started_at is None else f"{row.started_at:%Y-%m-%d %H:%M}"


def _settle(runs: Iterable[HeldRun]) -> dict[tuple[str, Claim], tuple[State, datetime | None]]:
    """Return what the newest run of each drill says of its claims."""
    settled: dict[tuple[str, Claim], tuple[State, datetime | None]] = {}
    for run in sorted(runs, key=lambda run: 0.0 if run.started_at is None else run.started_at.timestamp()):
        own: dict[tuple[str, Claim], State] = {}
        for finding in run.findings:
            for claim, state in settle_claims(finding):
                key = finding.drill, claim
                own[key] = _outweigh(own.get(key), "unobserved" if run.is_doubted else state)
        for key, state in own.items():
            before, since = settled.get(key, (None, run.started_at))
            settled[key] = _outweigh(before if since == run.started_at else None, state), run.started_at
    return settled


def _outweigh(one: State | None, other: State) -> State:
    return other if one is None else max(one, other, key=_WEIGHTS.__getitem__)


def _make_cell(
    claim: Claim,
    drills: Sequence[str],
    settled: Mapping[tuple[str, Claim], tuple[State, datetime | None]],
) -> Cell:
    drills = tuple(dict.fromkeys(drills))
    known = [settled[drill, claim] for drill in drills if (drill, claim) in settled]
    if not known:
        return Cell(claim=claim, drills=drills)
    state = max((state for state, _ in known), key=_WEIGHTS.__getitem__)
    dates = [at for own, at in known if own == state and at is not None]
    return Cell(claim=claim, state=state, started_at=max(dates, default=None), drills=drills)


def _find_gap(cell: Cell, now: datetime, within: timedelta | None) -> str | None:
    drills = ", ".join(cell.drills)
    if cell.state == "not drilled":
        return (
            f"not drilled: no known run held {drills}" if drills else "not drilled: there is no drill for it"
        )
    held = "at an unknown time" if cell.started_at is None else f"on {cell.started_at:%Y-%m-%d %H:%M}"
    if cell.state != "proved":
        return f"{cell.state} {held}: {drills}"
    if within is None:
        return None
    if cell.started_at is None:
        return f"proved {held}: {drills}"
    if not -CLOCK_SKEW <= now - cell.started_at <= within:
        return f"last proved {held}: {drills}"
    return None
