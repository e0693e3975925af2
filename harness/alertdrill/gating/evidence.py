"""What touched alerts do on the drills' recordings, by the rules before a change and by those after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alertdrill.core.timeline import EventKind, Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.errors import AlertdrillError
from alertdrill.gating.bands import draw_band, find_spans
from alertdrill.mutation.grounds import Ground
from alertdrill.mutation.replays import Held, replay_grounds

SEEN: tuple[EventKind, ...] = ("pending", "firing", "resolved")
Instants = tuple[tuple[EventKind, float], ...]
"""What an alert did, and when, in seconds from the drill's start."""
Alarm = tuple[str, tuple[tuple[str, str], ...]]
"""An alert and its labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a replay showed, and how long what never fired was pending, by the alarm and its instant."""

    timeline: Timeline
    pendings: Mapping[tuple[str, tuple[tuple[str, str], ...], float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one alert does in one drill, before and after; None where those rules cannot be replayed.

    `bands` are both as bands of characters.
    """

    drill: str
    alert: str
    labels: tuple[tuple[str, str], ...]
    before: Instants | None
    after: Instants | None
    bands: tuple[str, str] = ("", "")

    @property
    def is_changed(self) -> bool:
        """Whether the change moved, added or removed an instant."""
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What touched alerts do in drills, how the drills come out now, and why some cannot be replayed."""

    effects: tuple[Effect, ...]
    verdicts: tuple[Verdict, ...]
    failed: Mapping[str, str]


def compare_on_recordings(
    alerts: Iterable[str],
    before: Sequence[Ground],
    after: Sequence[Ground],
    promtool: Path,
    held: Held,
) -> Evidence:
    """Return what alerts do in drills; both sides are the same drills on the same recordings.

    The replays are `held` for whoever wants them afterwards.
    """
    names = frozenset(alerts)
    old, new = _replay(before, promtool, held), _replay(after, promtool, held)
    effects: list[Effect] = []
    verdicts, failed = [], {}
    for was, now, ground in zip(old, new, after, strict=True):
        if isinstance(now, AlertdrillError):
            failed[ground.drill.name] = str(now)
        else:
            verdicts.append(ground.judge(now.timeline))
        first = None if isinstance(was, AlertdrillError) else _list_alarms(was.timeline, ground, names)
        second = None if isinstance(now, AlertdrillError) else _list_alarms(now.timeline, ground, names)
        effects += [
            Effect(
                drill=ground.drill.name,
                alert=alarm[0],
                labels=alarm[1],
                before=None if first is None else first.get(alarm, ()),
                after=None if second is None else second.get(alarm, ()),
                bands=(_draw(was, ground, alarm), _draw(now, ground, alarm)),
            )
            for alarm in sorted({**(first or {}), **(second or {})})
        ]
    return Evidence(effects=tuple(effects), verdicts=tuple(verdicts), failed=failed)


def _replay(grounds: Sequence[Ground], promtool: Path, held: Held) -> list[_Seen | AlertdrillError]:
    """Return what rules do in each drill, or why they cannot be replayed there."""
    replays = replay_grounds(grounds, promtool, lambda _: None, held)
    return [
        one if isinstance(one, AlertdrillError) else _Seen(timeline=one.timeline, pendings=one.pendings)
        for one in replays
    ]


def _draw(seen: _Seen | AlertdrillError, ground: Ground, alarm: Alarm) -> str:
    """Return what an alert does in a drill as a band; nothing where that is not known."""
    if isinstance(seen, AlertdrillError):
        return ""
    own = ground.placements[0]
    events = [
        (event.kind, event.at_s - own.start_s, seen.pendings.get((*alarm, event.at_s)))
        for event in seen.timeline.events
        if (event.alert, tuple(sorted(event.labels.items()))) == alarm and event.kind in SEEN
    ]
    lasts_s = own.end_s - own.start_s
    return draw_band(find_spans(events, lasts_s), lasts_s)


def _list_alarms(timeline: Timeline, ground: Ground, names: frozenset[str]) -> dict[Alarm, Instants]:
    """Return what alerts do while a drill is held."""
    own = ground.placements[0]
    found: dict[Alarm, list[tuple[EventKind, float]]] = {}
    for event in timeline.events:
        if event.alert in names and event.kind in SEEN and own.start_s <= event.at_s < own.end_s:
            alarm = event.alert, tuple(sorted(event.labels.items()))
            found.setdefault(alarm, []).append((event.kind, event.at_s - own.start_s))
    return {alarm: tuple(instants) for alarm, instants in found.items()}
