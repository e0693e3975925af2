"""Tests of judging drills on recordings: golden ones, and a run's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.both_generations import GENERATIONS, find_promtool
from support.recorded import make_recording, scrape

from alertdrill.core.drill import Drill, LoadProfile, LoadStage, Placement
from alertdrill.core.expectation import Expectation, Expected, NearMiss
from alertdrill.core.timeline import Stall
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.recording.files import write_recording
from alertdrill.recording.recording import Recording
from alertdrill.reports import RunRecord, say_outcome
from alertdrill.rules.files import RuleFile, parse_rules
from alertdrill.runner.golden.digests import digest_drill
from alertdrill.runner.golden.folder import Golden, Manifest, Origin, find_path, read_manifest, write_manifest
from alertdrill.runner.golden.gate import judge_goldens, judge_recording
from alertdrill.runner.golden.staleness import list_stale
from alertdrill.runner.rulebook import RuleBook

ORIGIN = Origin(
    made_at="2026-01-05T21:50:00+00:00", commit="abc", speed=60, seed=1, engines={"prometheus": "3.5"}
)
PROMTOOL = find_promtool(GENERATIONS[-1])
FIRES = Expectation(
    alert="Hot",
    labels={"severity": "page"},
    fires_after_s=60,
    fires_within_s=150,
    receiver="desk",
    resolves_within_s=250,
)
NEAR = NearMiss(alert="Hot", labels={}, reaches=0.8, pending=False)
LEAD_S = 60.0


def write_rules(threshold: float = 1.0, pending: str = "30s") -> RuleFile:
    """Return two alerts, on heat and on rain."""
    return parse_rules(
        "groups:\n  - name: g\n    rules:\n"
        f"      - {{alert: Hot, expr: heat > {threshold}, for: {pending}, labels: {{severity: page}}}}\n"
        "      - {alert: Wet, expr: rain > 1}\n",
        "weather.yml",
    )


def make_drill(name: str, *expects: Expected, lasts_s: float = 300) -> Drill:
    """Return a drill with traffic of its own."""
    profile = LoadProfile(
        name=name, scenario="steady", start_s=0, stages=(LoadStage(duration_s=60, rate_per_s=1),)
    )
    return Drill(
        name=name, system="weather", traffic=(profile,), expects=expects, why="because", lasts_s=lasts_s
    )


def make_heat(peak: float, *, rain: float = 0.0) -> Recording:
    """Return a minute of nothing, 45 s more, and then 90 s of heat and rain."""
    recording = make_recording(
        scrape("heat", [0] * 7 + [peak] * 6 + [0] * 15, begin_ms=7_500),
        scrape("rain", [0] * 7 + [rain] * 6 + [0] * 15, begin_ms=7_500),
        until_s=420,
    )
    return replace(recording, selectors=("heat", "rain", "up"))


def write_goldens(
    folder: Path, drills: list[tuple[Drill, Recording]], beside: dict[str, float] | None = None
) -> None:
    """Write golden recordings of drills that begin after the lead."""
    goldens = [
        Golden(
            drill=drill.name,
            run=ORIGIN.made_at,
            start_s=LEAD_S,
            does=digest_drill(drill),
            sources="s",
            beside=beside or {},
        )
        for drill, _ in drills
    ]
    write_manifest(folder, Manifest().renew(ORIGIN, goldens))
    for drill, recording in drills:
        write_recording(recording, find_path(folder, drill.name))


def judge(folder: Path, *drills: Drill, rules: RuleFile | None = None, tail_s: float = 0.0) -> RunRecord:
    """Judge drills on the recordings in a folder."""
    book = RuleBook(own={"weather": (rules or write_rules(),)})
    return judge_goldens(folder, drills, drills, book, PROMTOOL, tail_s)


FIRING = make_drill("hot-fires", FIRES)
NEARLY = make_drill("hot-near", NEAR)
QUIET = make_drill("quiet")
ALL = [(FIRING, make_heat(2)), (NEARLY, make_heat(0.9)), (QUIET, make_heat(0))]


def list_outcomes(record: RunRecord) -> list[tuple[str, str]]:
    """Return each drill's outcome."""
    return [(verdict.drill, verdict.outcome) for verdict in record.verdicts]


def test_pages_are_unobserved_and_the_rest_is_judged(tmp_path: Path) -> None:
    """All that can be seen is as expected: exit 0, said so, and what pages is unobserved."""
    write_goldens(tmp_path, ALL)
    record = judge(tmp_path, FIRING, NEARLY, QUIET)
    assert list_outcomes(record) == [("hot-fires", "unobserved"), ("hot-near", "met"), ("quiet", "met")]
    assert record.exit_code == 0
    assert say_outcome(record) == "3 of 3 drills as expected; pages unobserved"
    assert record.verdicts[0].findings[0].observed == {"pending": 60, "firing": 90, "resolved": 150}


@pytest.mark.parametrize(
    ("rules", "broken"),
    [
        (write_rules(threshold=3), {"hot-fires", "hot-near"}),
        (write_rules(threshold=0.5), {"hot-near"}),
        (write_rules(pending="3m"), {"hot-fires"}),
    ],
)
def test_a_changed_rule_fails_the_drills_that_it_breaks(
    tmp_path: Path, rules: RuleFile, broken: set[str]
) -> None:
    """A threshold that is too high or too low, or a `for` that is too long: exit 1, and these drills."""
    write_goldens(tmp_path, ALL)
    record = judge(tmp_path, FIRING, NEARLY, QUIET, rules=rules)
    assert record.exit_code == 1
    assert {name for name, outcome in list_outcomes(record) if outcome == "unmet"} == broken


def test_what_fires_unasked_is_a_finding_of_the_drill(tmp_path: Path) -> None:
    """An alarm that is not the drill's fails it, in the drill's own time."""
    write_goldens(tmp_path, [(FIRING, make_heat(2, rain=2)), (QUIET, make_heat(0, rain=2))])
    record = judge(tmp_path, FIRING, QUIET)
    for verdict in record.verdicts:
        assert [(f.alert, f.observed) for f in verdict.findings if f.outcome == "unexpected"] == [
            ("Wet", {"firing": 60})
        ]


def test_alarms_of_a_drill_beside_it_are_not_unasked(tmp_path: Path) -> None:
    """What concerns a drill that was held at the same time is left to it."""
    rainy = make_drill("rainy", replace(FIRES, alert="Wet", labels={}))
    write_goldens(tmp_path, [(FIRING, make_heat(2, rain=2)), (rainy, make_heat(0))], {"rainy": 0.0})
    book = RuleBook(own={"weather": (write_rules(),)})
    record = judge_goldens(tmp_path, [FIRING], [FIRING, rainy], book, PROMTOOL, 0.0)
    assert list_outcomes(record) == [("hot-fires", "unobserved")]
    assert {event.alert for event in record.timeline.events} == {"Hot"}


def test_drills_are_laid_out_one_after_another(tmp_path: Path) -> None:
    """Each drill's events stand at its own place in the report's timeline, and none of the lead's."""
    write_goldens(tmp_path, [(QUIET, make_heat(0)), (FIRING, make_heat(2))])
    record = judge(tmp_path, QUIET, FIRING)
    starts = [placement.start_s for placement in record.placements]
    assert starts == [0, 360]
    assert [event.at_s - starts[1] for event in record.timeline.events] == [60, 90, 150]
    assert record.timeline.mode == "replay"


def test_a_quiet_tail_lets_a_drill_go_on(tmp_path: Path) -> None:
    """Where the recording ends too soon for a window to drain, a tail of nothing lets it; it is marked."""
    rules = write_window_rules()
    drill = make_drill("hot-drains", replace(FIRES, resolves_within_s=600))
    write_goldens(tmp_path, [(drill, make_heat(2))])
    assert judge(tmp_path, drill, rules=rules).exit_code == 1
    record = judge(tmp_path, drill, rules=rules, tail_s=600)
    assert record.exit_code == 0
    assert record.appended == ((360, 900),)
    assert record.timeline.appended_from_s == 360


def write_window_rules() -> RuleFile:
    """Return an alert that takes five minutes to drain."""
    return parse_rules(
        "groups:\n  - name: g\n    rules:\n      - alert: Hot\n        expr: max_over_time(heat[5m]) > 1\n"
        "        for: 30s\n        labels: {severity: page}\n",
        "weather.yml",
    )


def test_other_traffic_than_was_recorded_is_a_doubt(tmp_path: Path) -> None:
    """A drill that has changed since cannot be judged on what it did before."""
    write_goldens(tmp_path, [(QUIET, make_heat(0))])
    profile = replace(QUIET.traffic[0], start_s=30)
    record = judge(tmp_path, replace(QUIET, traffic=(profile,)))
    assert record.exit_code == 3
    assert record.doubts == (
        "quiet sends other traffic than was recorded; `make record` renews the recording",
    )


def test_a_drill_without_a_recording_is_named(tmp_path: Path) -> None:
    """A drill that made.json does not know, or whose file is gone, cannot be told."""
    write_goldens(tmp_path, [(QUIET, make_heat(0))])
    with pytest.raises(CouldNotTell, match="hot-fires has no recording; `make record`"):
        judge(tmp_path, QUIET, FIRING)
    find_path(tmp_path, "quiet").unlink()
    with pytest.raises(CouldNotTell, match=r"quiet.om.gz: quiet has no recording"):
        judge(tmp_path, QUIET)


def test_rules_that_read_what_was_not_recorded_are_named(tmp_path: Path) -> None:
    """Silence of a rule whose series were never asked for proves nothing."""
    rules = parse_rules(
        "groups:\n  - name: g\n    rules:\n      - {alert: Hot, expr: frost > 1}\n", "new.yml"
    )
    write_goldens(tmp_path, [(QUIET, make_heat(0))])
    with pytest.raises(CouldNotTell, match=r"new.yml:4: Hot: reads frost, which the recording lacks"):
        judge(tmp_path, QUIET, rules=rules)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no made.json here"),
        ("{", "does not say what made the recordings"),
        ('{"schema": 2}', "schema is 2, not 1"),
        ('{"schema": 1, "runs": {}, "drills": {"quiet": {}}}', "does not say what made the recordings"),
    ],
)
def test_a_folder_without_its_origin_is_refused(tmp_path: Path, text: str | None, says: str) -> None:
    """Without made.json nobody knows where in a recording a drill begins."""
    if text is not None:
        (tmp_path / "made.json").write_text(text)
    with pytest.raises(BadInput, match=says):
        judge(tmp_path, QUIET)


def test_what_made_recordings_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Newer goldens replace older ones, and runs that none is of any more are forgotten."""
    write_goldens(tmp_path, ALL)
    later = replace(ORIGIN, made_at="2026-02-01T00:00:00+00:00")
    made = read_manifest(tmp_path)
    newer = [replace(golden, run=later.made_at) for golden in made.drills.values()]
    assert set(made.renew(later, newer[:1]).runs) == {ORIGIN.made_at, later.made_at}
    renewed = made.renew(later, newer)
    assert set(renewed.runs) == {later.made_at}
    write_manifest(tmp_path, renewed)
    assert read_manifest(tmp_path) == renewed
    assert set(renewed.keep(["quiet"]).drills) == {"quiet"}


def test_a_runs_own_recording_is_judged_where_it_had_its_drills() -> None:
    """Drills stand where the run had them, and only those asked for are judged."""
    placements = (Placement(drill=FIRING, start_s=60), Placement(drill=NEARLY, start_s=400))
    record = judge_recording(make_heat(2), placements, [FIRING], (write_rules(),), PROMTOOL, 0.0)
    assert list_outcomes(record) == [("hot-fires", "unobserved")]
    assert record.exit_code == 0


def test_what_stalled_in_a_run_is_no_rules_fault_on_its_recording_either() -> None:
    """A near miss that fired while the gateway stood still cannot be told; with the page's parts it can.

    What the rule did not see in the run, its replay sees.
    """
    placements = (Placement(drill=NEARLY, start_s=60),)
    unseen = f"unseen:{NEARLY.expects[0].alert}"
    codes = {"gateway": 3, "prometheus": 3, "pager": 1, "provider-groq": 1, unseen: 1}
    for part, code in codes.items():
        stalls = (Stall(part=part, from_s=70, until_s=110),)
        record = judge_recording(make_heat(2), placements, [NEARLY], (write_rules(),), PROMTOOL, 0.0, stalls)
        assert record.exit_code == code, part


def test_stale_recordings_are_said(tmp_path: Path) -> None:
    """A drill without a recording, one with other traffic, and one of other sources are each told apart."""
    write_goldens(tmp_path, [(FIRING, make_heat(2)), (NEARLY, make_heat(1))])
    profile = replace(FIRING.traffic[0], start_s=30)
    stale = list_stale(
        read_manifest(tmp_path), [replace(FIRING, traffic=(profile,)), NEARLY, QUIET], {"weather": "other"}
    )
    assert stale == {
        "hot-fires": "sends other traffic than was recorded",
        "hot-near": "was recorded with another gateway, surface, provider or scenario",
        "quiet": "has no recording",
    }
    assert list_stale(read_manifest(tmp_path), [NEARLY], {"weather": "s"}) == {}
