"""What touched alerts do on the drills' recordings, by the rules before a change and by those after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from alertdrill.core.timeline import Curve, EventKind, Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.errors import AlertdrillError
from alertdrill.gating.bands import Span, draw_band, find_spans
from alertdrill.gating.values import Values, list_values
from alertdrill.judging.judge import matches
from alertdrill.mutation.grounds import Ground
from alertdrill.mutation.replays import Held, replay_grounds

SEEN: tuple[EventKind, ...] = ("pending", "firing", "resolved")
Instants = tuple[tuple[EventKind, float, float | None], ...]
"""What an alert did, and when, in seconds from the drill's start; of a pending that never fired, its last."""
Spans = tuple[Span, ...]
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

    `spans` are the stretches of both; the drill `lasts_s`.
    """

    drill: str
    alert: str
    labels: tuple[tuple[str, str], ...]
    before: Instants | None
    after: Instants | None
    lasts_s: float
    spans: tuple[Spans | None, Spans | None]

    @property
    def bands(self) -> tuple[str, str]:
        """Both as bands of characters; empty where those rules cannot be replayed."""
        before, after = ("" if own is None else draw_band(own, self.lasts_s) for own in self.spans)
        return before, after

    @property
    def is_changed(self) -> bool:
        """Whether the change moved, added or removed an instant."""
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What touched alerts do in drills, with their values; verdicts now, and why some cannot be replayed."""

    effects: tuple[Effect, ...]
    values: tuple[Values, ...]
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
    old, new = (
        _replay([replace(one, has_values=True) for one in side], promtool, held) for side in (before, after)
    )
    effects: list[Effect] = []
    values: list[Values] = []
    verdicts, failed = [], {}
    told = _Told(after)
    for was, now, ground in zip(old, new, after, strict=True):
        if isinstance(now, AlertdrillError):
            failed[ground.drill.name] = str(now)
        else:
            verdicts.append(ground.judge(now.timeline))
        values += list_values(ground.placements[0], sorted(names), _find_curves(was), _find_curves(now))
        first = None if isinstance(was, AlertdrillError) else _list_alarms(was, ground, names)
        second = None if isinstance(now, AlertdrillError) else _list_alarms(now, ground, names)
        effects += [
            Effect(
                drill=ground.drill.name,
                alert=alarm[0],
                labels=alarm[1],
                before=None if first is None else first.get(alarm, ()),
                after=None if second is None else second.get(alarm, ()),
                lasts_s=ground.placements[0].end_s - ground.placements[0].start_s,
                spans=(_find_spans(was, ground, alarm), _find_spans(now, ground, alarm)),
            )
            for alarm in sorted({**(first or {}), **(second or {})})
            if told.is_new(ground, alarm, (*(first or {}).get(alarm, ()), *(second or {}).get(alarm, ())))
        ]
    return Evidence(effects=tuple(effects), values=tuple(values), verdicts=tuple(verdicts), failed=failed)


def _replay(grounds: Sequence[Ground], promtool: Path, held: Held) -> list[_Seen | AlertdrillError]:
    """Return what rules do in each drill, or why they cannot be replayed there."""
    replays = replay_grounds(grounds, promtool, lambda _: None, held)
    return [
        one if isinstance(one, AlertdrillError) else _Seen(timeline=one.timeline, pendings=one.pendings)
        for one in replays
    ]


def _find_curves(seen: _Seen | AlertdrillError) -> tuple[Curve, ...] | None:
    return None if isinstance(seen, AlertdrillError) else seen.timeline.curves


def _find_spans(seen: _Seen | AlertdrillError, ground: Ground, alarm: Alarm) -> Spans | None:
    """Return the stretches of what an alert does in a drill; None where that is not known."""
    if isinstance(seen, AlertdrillError):
        return None
    own = ground.placements[0]
    events = [
        (event.kind, event.at_s - own.start_s, seen.pendings.get((*alarm, event.at_s)))
        for event in seen.timeline.events
        if (event.alert, tuple(sorted(event.labels.items()))) == alarm and event.kind in SEEN
    ]
    return find_spans(events, own.end_s - own.start_s)


def _list_alarms(seen: _Seen, ground: Ground, names: frozenset[str]) -> dict[Alarm, Instants]:
    """Return what alerts do while a drill is held."""
    own = ground.placements[0]
    found: dict[Alarm, Instants] = {}
    for event in seen.timeline.events:
        if event.alert in names and event.kind in SEEN and own.start_s <= event.at_s < own.end_s:
            alarm = event.alert, tuple(sorted(event.labels.items()))
            lasted_s = seen.pendings.get((*alarm, event.at_s)) if event.kind == "pending" else None
            at_s = event.at_s - own.start_s
            until_s = None if lasted_s is None else at_s + lasted_s
            found[alarm] = (*found.get(alarm, ()), (event.kind, at_s, until_s))
    return found


class _Told:
    """Which alarms are told already, where several drills were held at the same time.

    Each is told of the drills that expect it, and of one other only where none does.
    """

    def __init__(self, grounds: Sequence[Ground]) -> None:
        self._grounds = tuple(grounds)
        self._others: set[tuple[int, Alarm, float]] = set()

    def is_new(self, ground: Ground, alarm: Alarm, instants: Instants) -> bool:
        """Tell whether an alarm is to be told of a drill, in which it does something at these instants."""
        if _expects(ground, alarm):
            return True
        start_s = ground.placements[0].start_s
        at_s = start_s + min(instant[1] for instant in instants)
        key = id(ground.recording), alarm, round(at_s, 3)
        is_expected = any(
            one.recording is ground.recording
            and _expects(one, alarm)
            and one.placements[0].start_s <= at_s < one.placements[0].end_s
            for one in self._grounds
        )
        if is_expected or key in self._others:
            return False
        self._others.add(key)
        return True


def _expects(ground: Ground, alarm: Alarm) -> bool:
    name, labels = alarm
    return any(matches(expected, name, dict(labels)) for expected in ground.drill.expects)
