"""How far a run is, as whoever shows it while it lasts is told several times a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Placement
from alertdrill.core.rule import AlertRule, Labels
from alertdrill.core.timeline import Event, Notification

Status = Literal["starting", "up", "stopped", "failed"]
State = Literal["inactive", "pending", "firing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    """Traffic that is being sent."""

    name: str
    scenario: str
    rate_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert instance that is expected or was seen; instants are rule time from the start of the run."""

    alert: str
    labels: Labels
    state: State = "inactive"
    since_s: float | None = None
    paged_s: float | None = None
    page_closed_s: float | None = None
    receiver: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardState:
    """What the board, and the page beside it, show at one instant; `components` are the stack's processes.

    The page shows more than a terminal has room for: what is held when (`placements`), by which `rules`, and
    all `events` and `notifications` so far. A run without an end, as `alertdrill up` is one, is `endless`,
    and `until_s` is then how far it is.
    """

    drills: int
    stack: str
    speed: float
    until_s: float
    now_rule_s: float = 0.0
    wall_s: float = 0.0
    engines: Labels = field(default_factory=dict)
    components: Mapping[str, Status] = field(default_factory=dict)
    profiles: tuple[ProfileRow, ...] = ()
    alerts: tuple[AlertRow, ...] = ()
    message: str = ""
    placements: tuple[Placement, ...] = ()
    rules: tuple[AlertRule, ...] = ()
    events: tuple[Event, ...] = ()
    notifications: tuple[Notification, ...] = ()
    endless: bool = False

    @property
    def share(self) -> float:
        """How much of the run's rule time has gone by, 0 to 1."""
        return min(1.0, max(0.0, self.now_rule_s / self.until_s)) if self.until_s > 0 else 0.0

    @property
    def left_wall_s(self) -> float:
        """Wall time until the last alert has been watched, with what is left before the first drill."""
        return max(0.0, self.until_s - self.now_rule_s) / self.speed

    @property
    def progress(self) -> str:
        """How far the run is in rule time: `31:20 of 1:10:00`, or how long there is no drill yet."""
        if self.now_rule_s < 0:
            return f"{format_s(-self.now_rule_s)} until the first drill, then {format_s(self.until_s)}"
        return f"{format_s(self.now_rule_s)} of {format_s(self.until_s)}"
