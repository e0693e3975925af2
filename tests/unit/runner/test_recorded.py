"""Drills of somebody's own on a recording of somebody's own: met, unmet, and what nobody can tell."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import BlindRule, Expectation, Expected, Grouped, NearMiss
from alertdrill.core.verdict import Verdict
from alertdrill.errors import BadInput
from alertdrill.recording.recording import RecordedSeries, Recording
from alertdrill.reports import RunRecord
from alertdrill.rules.files import parse_rules
from alertdrill.runner.recorded import find_gaps, judge_drills
from alertdrill.runtime.binaries import Engines

RULES = parse_rules(
    """\
groups:
- name: queues
  rules:
  - {alert: Deep, expr: depth > 100, for: 2m, labels: {severity: page}}
  - {alert: Low, expr: level > -3}
  - {alert: Odd, expr: depth > level}
""",
    "rules.yml",
)
LASTS_S = 3600
STEP_S = 30
DEEP = {10: 150.0, 20: 0.0}
"""Over the threshold from minute 10 to minute 20: pending at 10:00, firing at 12:00, resolved at 20:00."""


def make_series(name: str, changes: dict[float, float], **labels: str) -> RecordedSeries:
    """Return a gauge that takes these values from these minutes on, and is 0 before."""
    times_s = range(0, LASTS_S + 1, STEP_S)
    values = [
        next((value for minute, value in reversed(changes.items()) if at_s >= minute * 60), 0.0)
        for at_s in times_s
    ]
    return RecordedSeries(
        labels={"__name__": name, **labels},
        times_ms=array("q", [at_s * 1000 for at_s in times_s]),
        values=array("d", values),
        stale_ms=array("q"),
    )


LEVEL = make_series("level", {0: -100.0, 30: -4.0})


def tear(series: RecordedSeries) -> RecordedSeries:
    """Return a series without its samples between 13:00 and 40:00."""
    kept = [number for number, at_ms in enumerate(series.times_ms) if not 780_000 < at_ms < 2_400_000]
    return replace(
        series,
        times_ms=array("q", [series.times_ms[number] for number in kept]),
        values=array("d", [series.values[number] for number in kept]),
    )


def record(*series: RecordedSeries, level: RecordedSeries = LEVEL) -> Recording:
    """Return a recording of an hour."""
    return Recording(name="r", start_ms=0, end_ms=LASTS_S * 1000, selectors=(), series=(*series, level))


MORNING = record(make_series("depth", DEEP, queue="a"))


def judge(
    engines: Engines,
    *expects: Expected,
    start_s: float = 0.0,
    lasts_s: float | None = None,
    recording: Recording = MORNING,
) -> Verdict:
    """Return the verdict on a drill that lasts to the end of the recording if nothing else is said."""
    drill = Drill(
        name="d",
        system="own",
        why="w",
        traffic=(),
        expects=expects,
        lasts_s=LASTS_S - start_s if lasts_s is None else lasts_s,
    )
    return judge_all(engines, Placement(drill=drill, start_s=start_s), recording=recording).verdicts[0]


def judge_all(engines: Engines, *places: Placement, recording: Recording = MORNING) -> RunRecord:
    """Return the record of judging drills where they stand."""
    return judge_drills(recording, places, (RULES,), engines.promtool)


def expect(**changed: object) -> Expectation:
    """Return that the queue is deep, as it is."""
    stated = Expectation(
        alert="Deep",
        labels={"queue": "a"},
        fires_after_s=700,
        fires_within_s=740,
        receiver="r",
        resolves_within_s=1220,
    )
    return replace(stated, **changed)  # type: ignore[arg-type] # some of its fields


BLIND = BlindRule(alert="Deep", labels={})
NEAR = NearMiss(alert="Deep", labels={}, reaches=0.8, pending=False)


def test_what_fires_and_resolves_in_time_is_as_expected(engines: Engines) -> None:
    """A recording has no pages, so it is not met, and not unmet either."""
    (finding,) = judge(engines, expect()).findings
    assert (finding.outcome, finding.doubt, finding.observed["firing"]) == ("unobserved", "", 720)


def test_what_was_active_as_a_drill_began_is_unknown(engines: Engines) -> None:
    """Firing or pending, of an alert that fires, of one that must not, and in a quiet drill."""
    for start_s in (660, 900):
        for expected in (expect(fires_after_s=0), BLIND, NEAR):
            (finding,) = judge(engines, expected, start_s=start_s, lasts_s=2700).findings
            assert finding.outcome == "unobserved"
            assert "had been active for" in finding.doubt
        assert "had been active for" in judge(engines, start_s=start_s, lasts_s=120).doubt


def test_what_was_over_before_a_drill_does_not_matter(engines: Engines) -> None:
    """It resolved at 20:00."""
    assert judge(engines, BLIND, start_s=1230).findings[0].outcome == "met"


@pytest.mark.parametrize(
    ("labels", "doubt"),
    [
        ({"queue": "a"}, ""),
        ({"severity": "page"}, ""),
        ({"queue": "A"}, 'no series in the recording has queue="A", so no alert could have it'),
    ],
)
def test_a_rule_is_blind_only_for_labels_that_something_has(
    engines: Engines, labels: dict[str, str], doubt: str
) -> None:
    """A misspelt label would be silent whatever happens; one that the rule states is none."""
    (finding,) = judge(engines, BlindRule(alert="Deep", labels=labels), start_s=1230).findings
    assert (finding.outcome, finding.doubt) == ("unobserved" if doubt else "met", doubt)


def test_a_quiet_drill_is_judged_alone(engines: Engines) -> None:
    """Nothing may fire while it is held, whatever another drill beside it expects."""
    quiet = Drill(name="q", system="own", why="w", traffic=(), expects=(), lasts_s=3600)
    deep = replace(quiet, name="d", expects=(expect(),))
    record = judge_all(engines, Placement(drill=quiet, start_s=0), Placement(drill=deep, start_s=0))
    assert [verdict.outcome for verdict in record.verdicts] == ["unmet", "unobserved"]


def test_alerts_that_overlap_have_resolved_when_the_last_has(engines: Engines) -> None:
    """An expectation that does not say which of two alerts it means is about both."""
    two = record(make_series("depth", DEEP, queue="a"), make_series("depth", {11: 150.0}, queue="b"))
    (finding,) = judge(engines, expect(labels={}), recording=two).findings
    assert (finding.outcome, finding.evidence) == ("missing", "fired at 12:00 and never resolved")
    two = record(make_series("depth", DEEP, queue="a"), make_series("depth", {11: 150.0, 30: 0.0}, queue="b"))
    (finding,) = judge(engines, expect(labels={}, resolves_within_s=1860), recording=two).findings
    assert (finding.outcome, finding.observed["resolved"]) == ("unobserved", 1800)


def test_grouped_alerts_may_not_fire_too_early(engines: Engines) -> None:
    """As one alert may not."""
    grouped = Grouped(
        alert="Deep",
        labels={},
        alerts=1,
        fires_after_s=730,
        fires_within_s=800,
        resolves_within_s=1300,
        receiver="r",
        integration="slack",
    )
    assert judge(engines, grouped).findings[0].outcome == "unexpected"
    assert judge(engines, replace(grouped, fires_after_s=710)).findings[0].outcome == "unobserved"


def test_of_a_threshold_below_zero_nothing_is_a_share(engines: Engines) -> None:
    """How near -4 is to -3 is unknown; that it stayed silent is not."""
    low = NearMiss(alert="Low", labels={}, reaches=0.9, pending=False)
    assert judge(engines, low).findings[0].outcome == "unobserved"
    assert judge(engines, replace(low, reaches=0)).findings[0].outcome == "met"


def test_a_near_miss_wants_a_rule_with_a_threshold(engines: Engines) -> None:
    """The rule is named with its line."""
    with pytest.raises(BadInput, match=r"rules\.yml:6: Odd compares no value with a number"):
        judge(engines, NearMiss(alert="Odd", labels={}, reaches=0.9, pending=False))


@pytest.mark.parametrize(
    ("start_s", "lasts_s", "said"),
    [
        (3600, 60, "d would begin 1:00:00 into the recording, which has 1:00:00"),
        (0, 3700, "d lasts until 1:01:40 of the recording, which ends at 1:00:00"),
        (3000, 700, "d lasts until 1:01:40"),
    ],
)
def test_a_drill_is_within_its_recording(engines: Engines, start_s: float, lasts_s: float, said: str) -> None:
    """Nobody saw what happened before and afterwards."""
    with pytest.raises(BadInput, match=said):
        judge(engines, BLIND, start_s=start_s, lasts_s=lasts_s)


def test_nobody_saw_what_happened_while_nothing_was_recorded(engines: Engines) -> None:
    """What was seen before the gap, and must not be, stands."""
    torn = record(tear(make_series("depth", {}, queue="a")), level=tear(LEVEL))
    assert list(find_gaps(torn)) == [(780, 2400)]
    (finding,) = judge(engines, BLIND, recording=torn).findings
    assert "nothing was recorded from 13:00 to 40:00" in finding.doubt
    assert judge(engines, BLIND, recording=torn, lasts_s=700).findings[0].outcome == "met"
    deep = record(tear(make_series("depth", {0: 150.0}, queue="a")), level=tear(LEVEL))
    assert judge(engines, BLIND, recording=deep).findings[0].outcome == "unexpected"


def test_an_alert_that_no_rule_has_is_refused(engines: Engines) -> None:
    """With the one that was probably meant."""
    with pytest.raises(BadInput, match=r"d expects Dep, which is no alert.*; do you mean 'Deep'\?"):
        judge(engines, BlindRule(alert="Dep", labels={}))
