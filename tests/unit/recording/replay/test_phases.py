"""Tests of when rule groups were evaluated, and of samples that are moved to where a replay looks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.recorded import make_recording, scrape

from alertdrill.core.timeline import Event
from alertdrill.recording.replay.phases import delay, split_by_phase
from alertdrill.rules.files import RuleFile, parse_rules


def make_file(name: str, *groups: str) -> RuleFile:
    """Return a file of groups, each `NAME INTERVAL: ALERT EXPR; …`; what is no alert's name is recorded."""
    text = "groups:\n"
    for group in groups:
        head, rules = group.split(": ", 1)
        text += "  - {{name: {}, interval: {}, rules: [".format(*head.split())
        for rule in rules.split("; "):
            alert, expr = rule.split(" ", 1)
            text += f"{{{'alert' if alert.istitle() else 'record'}: {alert}, expr: '{expr}'}}, "
        text += "]}\n"
    return parse_rules(text, name)


def see(**instants_s: float) -> list[Event]:
    """Return when alerts were first seen."""
    return [Event(at_s=at_s, kind="pending", alert=alert, labels={}) for alert, at_s in instants_s.items()]


def describe(files: Sequence[RuleFile], live: Sequence[Event]) -> list[tuple[int, list[str], list[str]]]:
    """Return the delay, the alerts and the groups of each phase."""
    return [
        (
            phase.delay_ms,
            sorted(phase.alerts),
            [group.name for file in phase.files for group in file.groups],
        )
        for phase in split_by_phase(files, live)
    ]


def test_groups_are_of_the_phase_in_which_they_were_seen() -> None:
    """A delay makes of an evaluation's instant a multiple of its group's own interval."""
    files = [
        make_file("a.yml", "one 15s: Hot m > 1; Wet n > 1", "two 1m: Cold m < 1"),
        make_file("b.yml", "three 15s: Dry n < 1"),
    ]
    live = see(Hot=123.44, Cold=70.5, Dry=408.44)
    assert describe(files, live) == [
        (11_560, ["Dry", "Hot", "Wet"], ["one", "three"]),
        (49_500, ["Cold"], ["two"]),
    ]


def test_what_was_not_seen_is_of_no_phase() -> None:
    """Nor does it matter when somebody was paged."""
    files = [make_file("a.yml", "one 15s: Hot m > 1", "two 15s: Cold m < 1")]
    paged = Event(at_s=7, kind="paged", alert="Hot", labels={}, receiver="pager")
    assert describe(files, [paged]) == [(0, ["Cold", "Hot"], ["one", "two"])]


def test_subqueries_stay_where_they_were() -> None:
    """Their steps are whole multiples, live and in a replay."""
    files = [make_file("a.yml", "one 15s: Hot max_over_time(m[5m:1m]) > 1", "two 15s: Cold m < 1")]
    assert describe(files, see(Hot=4, Cold=4)) == [(0, ["Hot"], ["one"]), (11_000, ["Cold"], ["two"])]


def test_groups_that_share_an_alerts_name_are_of_one_phase() -> None:
    """What the name did may be either group's."""
    files = [make_file("a.yml", "one 15s: Hot m > 1", "two 15s: Hot n > 1; Cold n < 1")]
    assert describe(files, see(Hot=4, Cold=9)) == [(11_000, ["Cold", "Hot"], ["one", "two"])]


@pytest.mark.parametrize("needed", ["n:sum sum(n)", "Flood ALERTS > 0", 'Flood {job="a"} > 0'])
def test_groups_that_may_need_each_other_are_replayed_together(needed: str) -> None:
    """One that records something, or reads what alerts do, may be in between."""
    files = [
        make_file("a.yml", "one 15s: Hot m > 1", "two 15s: Cold m < 1"),
        make_file("b.yml", f"three 15s: {needed}"),
    ]
    phases = describe(files, see(Hot=4, Cold=9))
    assert [(delay_ms, groups) for delay_ms, _, groups in phases if delay_ms] == [
        (11_000, ["one", "two", "three"]),
        (6_000, ["one", "two", "three"]),
    ]


def test_a_recording_of_which_all_is_later() -> None:
    """Samples and markers are, its beginning is not."""
    series = scrape("m", [1.0, 2.0], begin_ms=5_000)
    recording = make_recording(series, until_s=60)
    late = delay(recording, 7_000)
    assert (late.start_ms, late.end_ms) == (recording.start_ms, recording.end_ms + 7_000)
    assert list(late.series[0].times_ms) == [at_ms + 7_000 for at_ms in series.times_ms]
    assert list(late.series[0].stale_ms) == [at_ms + 7_000 for at_ms in series.stale_ms]
    assert late.series[0].values == series.values
