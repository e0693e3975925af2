"""Tests of what a change does in drills: each alarm once, and until when it was pending."""

from __future__ import annotations

from dataclasses import replace

from support.stranger import RULES, make_series

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import NearMiss
from alertdrill.gating.evidence import compare_on_recordings
from alertdrill.gating.wording import say_instants
from alertdrill.mutation.grounds import Ground, make_recorded_ground
from alertdrill.mutation.replays import Held
from alertdrill.recording.recording import Recording
from alertdrill.rules.files import parse_rules
from alertdrill.runtime.binaries import Engines

FILES = (parse_rules(RULES, "rules.yml"),)
SERIES = (
    make_series("depth", lambda at_s: 150.0 if 600 <= at_s < 660 or 900 <= at_s < 1200 else 0.0, queue="a"),
    make_series("depth", lambda at_s: 150.0 if 900 <= at_s < 1200 else 0.0, queue="b"),
    make_series("level", lambda _: 2.0),
)
HOUR = Recording(name="hour", start_ms=0, end_ms=3_600_000, selectors=(), series=SERIES)


def make_grounds(*queues: str) -> list[Ground]:
    """Return drills that were held together, each of which expects something of the alert of a queue."""
    places = [
        Placement(
            drill=Drill(
                name=f"of-{queue or 'nothing'}",
                system="own",
                why="w",
                traffic=(),
                expects=(
                    NearMiss(
                        alert="Deep" if queue else "Low",
                        labels={"queue": queue} if queue else {},
                        reaches=0.1,
                        pending=True,
                    ),
                ),
                lasts_s=3000.0,
            ),
            start_s=60.0 * number,
        )
        for number, queue in enumerate(queues)
    ]
    return [
        make_recorded_ground((place, *(one for one in places if one is not place)), HOUR, FILES)
        for place in places
    ]


def list_told(engines: Engines, *queues: str) -> list[tuple[str, str, str]]:
    """Return which drill is told of which queue's alarm, and what."""
    grounds = make_grounds(*queues)
    found = compare_on_recordings(["Deep"], grounds, grounds, engines.promtool, Held())
    return [(one.drill, dict(one.labels)["queue"], say_instants(one.after)) for one in found.effects]


def test_each_alarm_is_told_once(engines: Engines) -> None:
    """Of the drill that expects it, though another was held at the same time; else of the first."""
    told = list_told(engines, "a", "b", "")
    assert [(drill, queue) for drill, queue, _ in told] == [("of-a", "a"), ("of-b", "b")]
    told = list_told(engines, "a", "", "")
    assert [(drill, queue) for drill, queue, _ in told] == [("of-a", "a"), ("of-a", "b")]


def test_a_pending_that_never_fired_has_its_end(engines: Engines) -> None:
    """What is pending next is another one."""
    ((_, _, said), *_) = list_told(engines, "a")
    assert said == "pending 10:00 to 10:45, pending 15:00, firing 17:00, resolved 20:00"


def test_values_are_those_while_the_drill_was_held(engines: Engines) -> None:
    """From its start on, of alerts that it expects something of; each side has its own threshold."""
    grounds = make_grounds("a", "b", "")
    changed = (parse_rules(RULES.replace("> 100", "> 120"), "rules.yml"),)
    now = [replace(one, files=changed) for one in grounds]
    found = compare_on_recordings(["Deep"], grounds, now, engines.promtool, Held())
    assert [one.drill for one in found.values] == ["of-a", "of-b"]
    values = found.values[1]
    (before,) = [one for one in values.before or () if one.labels["queue"] == "b"]
    (after,) = [one for one in values.after or () if one.labels["queue"] == "b"]
    assert (before.threshold, after.threshold) == (100.0, 120.0)
    assert before.points == after.points
    assert min(at_s for at_s, value in after.points if value == 150.0) == 840.0, "at 15:00 of the recording"
    assert after.points[0][0] >= 0
    assert after.points[-1][0] <= values.lasts_s
