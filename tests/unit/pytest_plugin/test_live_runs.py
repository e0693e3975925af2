"""Drills that are held on a target: the plugin asks for one run, and reports what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.stranger import PROJECT, RULES, Stranger

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.timeline import Event, EventKind, Stall, Timeline
from alertdrill.errors import CouldNotTell
from alertdrill.judging.findings import put_in_doubt
from alertdrill.judging.judge import find_unexpected, judge, select_for_drill
from alertdrill.project.project import Project
from alertdrill.pytest_plugin import live
from alertdrill.reports import RunRecord

DEEP = {"alert": "Deep", "labels": {"queue": "a"}}
HAPPENS: tuple[tuple[float, EventKind], ...] = ((600, "pending"), (720, "firing"), (1200, "resolved"))


class FakeRunner:
    """Holds drills as `hold_project` does, and says what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.events: tuple[Event, ...] = tuple(Event(at_s=at_s, kind=kind, **DEEP) for at_s, kind in HAPPENS)  # type: ignore[arg-type] # alert and labels
        self.observed: frozenset[EventKind] = frozenset({"pending", "firing", "resolved"})
        self.doubts: tuple[str, ...] = ()
        self.stalls: tuple[Stall, ...] = ()
        self.doubted = ""
        self.left_out: dict[str, str] = {}
        self.breaks = ""
        self.bug: Exception | None = None

    def hold_project(
        self, _: Project, __: object, drills: Sequence[Drill], *, speed: float | None, out: Path
    ) -> tuple[RunRecord, dict[str, str]]:
        """Return a run in which all drills begin at once, and nobody is paged."""
        self.asked.append({"drills": [drill.name for drill in drills], "speed": speed, "out": out})
        if self.breaks:
            raise CouldNotTell(self.breaks)
        if self.bug is not None:
            raise self.bug
        timeline = Timeline(
            mode="live",
            speed=12.0,
            until_s=3600.0,
            observed=self.observed,
            events=self.events,
            stalls=self.stalls,
        )
        places = tuple(
            Placement(drill=drill, start_s=0.0) for drill in drills if drill.name not in self.left_out
        )
        verdicts = [judge(place.drill, select_for_drill(place, places, timeline)) for place in places]
        if self.doubted:
            verdicts = [
                replace(one, findings=tuple(put_in_doubt(finding, self.doubted) for finding in one.findings))
                for one in verdicts
            ]
        unexpected = find_unexpected(places, timeline)
        record = RunRecord(
            placements=places,
            timeline=timeline,
            verdicts=(*verdicts, *([] if unexpected is None else [unexpected])),
            rules=(),
            wall_s=300.0,
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            doubts=self.doubts,
        )
        return record, self.left_out


@pytest.fixture
def runner(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> FakeRunner:
    """Return what holds drills in place of a stack, on a project with a target."""
    fake = FakeRunner()
    monkeypatch.setattr(live, "hold_project", fake.hold_project)
    stranger.write("alertdrill.toml", f'{PROJECT}[target]\nurl = "http://127.0.0.1:4000"\n')
    return fake


def test_all_drills_are_held_in_one_run(stranger: Stranger, runner: FakeRunner) -> None:
    """At the speed that is asked for."""
    stranger.run("drills", "--alertdrill-speed", "24", "--alertdrill-out", "reports", "-k", "deep or late")
    assert runner.asked == [{"drills": ["deep", "late"], "speed": 24.0, "out": stranger.folder / "reports"}]


def test_verdicts_are_those_of_the_run(stranger: Stranger, runner: FakeRunner) -> None:
    """Both drills expect the same, and are given it; the near miss has no value to be near."""
    result = stranger.run("drills", "-v")
    result.stdout.fnmatch_lines(
        ["*::deep UNOBSERVED*", "*::late UNOBSERVED*", "*::near FAILED*", "*::unexpected-alerts PASSED*"]
    )
    assert len(runner.asked) == 1


def test_an_alert_that_no_drill_expects_fails_the_session(stranger: Stranger, runner: FakeRunner) -> None:
    """It is of no drill."""
    runner.events += (Event(at_s=60, kind="firing", alert="Odd", labels={}),)
    result = stranger.run("drills", "-k", "deep")
    result.stdout.fnmatch_lines(
        ["FAILED alertdrill.toml::unexpected-alerts - Odd: firing at 1:00, and no drill expects it"]
    )


def test_a_run_that_cannot_be_trusted_is_an_error_of_all(stranger: Stranger, runner: FakeRunner) -> None:
    """Also for tests of Python, and for alerts that may not have been seen."""
    runner.doubts = ("the machine was too slow",)
    stranger.write("tests/test_deep.py", "def test_deep(alertdrill): alertdrill.hold('deep')\n")
    result = stranger.run("drills", "tests", "-k", "deep")
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["ERROR drills/queues.yml::deep - Could not tell: the machine was too slow"])


def test_a_run_that_breaks_is_held_once(stranger: Stranger, runner: FakeRunner) -> None:
    """And is an error of all that it was to hold, without a traceback."""
    runner.breaks = "the gateway died: see logs/gateway.log"
    result = stranger.run("drills")
    result.assert_outcomes(errors=4)
    result.stdout.fnmatch_lines(["ERROR drills/queues.yml::near - the gateway died: see logs/gateway.log"])
    assert len(runner.asked) == 1
    assert ".py" not in result.stdout.str().partition("= ERRORS =")[2]


def test_a_mistake_of_ours_shows_where_it_is_and_is_made_once(stranger: Stranger, runner: FakeRunner) -> None:
    """In the first test; minutes of traffic are not sent again for each of the others."""
    runner.bug = ZeroDivisionError("no speed")
    result = stranger.run("drills")
    result.assert_outcomes(failed=1, errors=3)
    result.stdout.fnmatch_lines(
        ["E  *ZeroDivisionError: no speed", "ERROR *::late - the run broke: ZeroDivisionError: no speed"]
    )
    assert len(runner.asked) == 1


def test_what_a_test_asserts_is_judged_on_the_run(stranger: Stranger, runner: FakeRunner) -> None:
    """Without holding it again; the marker lets it share the session's run."""
    stranger.write(
        "tests/test_deep.py",
        "import pytest\n"
        "@pytest.mark.alertdrill('deep')\n"
        "def test_deep(alertdrill):\n"
        "    run = alertdrill.hold('deep')\n"
        "    run.alert('Deep', queue='a').fires('11m', '13m').resolves(by='20m')\n"
        "    with pytest.raises(AssertionError, match='resolved at 20:00, after 19:00'):\n"
        "        run.alert('Deep', queue='a').fires('11m', '13m').resolves(by='19m')\n"
        "    assert not run.unexpected\n",
    )
    result = stranger.run("drills/queues.yml::late", "tests")
    result.assert_outcomes(passed=2)
    assert [one["drills"] for one in runner.asked] == [["late", "deep"]]


@pytest.mark.usefixtures("runner")
def test_an_alert_that_was_not_evaluated_is_not_silent(stranger: Stranger) -> None:
    """It is right at speed 1 only, and the run was faster: that it was not seen says nothing."""
    stranger.write("rules.yml", f'{RULES}  - {{alert: Busy, expr: "calls_in_flight > 3"}}\n')
    stranger.write(
        "tests/test_busy.py",
        "def test_busy(alertdrill): alertdrill.hold('deep').alert('Busy').stays_silent()\n",
    )
    result = stranger.run("tests")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*Busy is right at speed 1 only, and this run had 12*"])


@pytest.mark.usefixtures("runner")
def test_an_alert_that_no_rule_has_is_not_silent(stranger: Stranger) -> None:
    """A name that was mistyped would be silent for ever."""
    stranger.write("tests/test_dep.py", "def test_dep(alertdrill): alertdrill.hold('deep').alert('Dep')\n")
    result = stranger.run("tests")
    result.stdout.fnmatch_lines(["*the test expects Dep, which is no alert*do you mean 'Deep'?*"])
    assert result.ret == 1


def test_a_test_that_names_no_drill_has_a_run_of_its_own(stranger: Stranger, runner: FakeRunner) -> None:
    """Once in a session, however many tests hold it."""
    held = "def test_{}(alertdrill): alertdrill.hold('deep')\n"
    stranger.write("tests/test_deep.py", held.format("one") + held.format("two"))
    stranger.run("drills/queues.yml::late", "tests").assert_outcomes(passed=3)
    assert [one["drills"] for one in runner.asked] == [["late"], ["deep"]]
    out = stranger.folder / "alertdrill-out"
    assert [one["out"] for one in runner.asked] == [out, out / "deep"]


def test_what_a_stall_may_have_decided_is_an_error(stranger: Stranger, runner: FakeRunner) -> None:
    """As it is of a drill in YAML."""
    runner.events = ()
    runner.stalls = (Stall(part="prometheus", from_s=500.0, until_s=1500.0),)
    stranger.write(
        "tests/test_deep.py",
        "def test_deep(alertdrill): alertdrill.hold('deep').alert('Deep').fires('11m', '13m')\n",
    )
    result = stranger.run("tests")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E  *Prometheus answered nothing from 8:20 to 25:00*"])


def test_what_the_run_doubts_of_an_alert_no_test_can_tell(stranger: Stranger, runner: FakeRunner) -> None:
    """The run knows more than its timeline has, such as which calls were lost."""
    runner.doubted = "5 of 9 calls of deep got no answer"
    stranger.write(
        "tests/test_deep.py",
        "def test_deep(alertdrill): alertdrill.hold('deep').alert('Deep').fires('11m', '13m')\n",
    )
    result = stranger.run("tests", "drills", "-k", "deep")
    result.assert_outcomes(errors=2, passed=1)
    result.stdout.fnmatch_lines(["E  *5 of 9 calls of deep got no answer"])


def test_pages_are_judged_where_they_are_seen(stranger: Stranger, runner: FakeRunner) -> None:
    """Nobody was paged; a test that asserts no page misses none."""
    runner.observed |= {"paged", "page_resolved"}
    stranger.write(
        "tests/test_deep.py",
        "def test_silent(alertdrill):\n"
        "    alertdrill.hold('deep').alert('Deep').fires('11m', '13m').resolves(by='22m')\n"
        "def test_paged(alertdrill):\n"
        "    alertdrill.hold('deep').alert('Deep').fires('11m', '13m').pages('oncall')\n",
    )
    result = stranger.run("tests")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E  *Deep: *page*", "E  *fires between 11:00 and 13:00, pages oncall"])


def test_a_drill_that_is_left_out_is_skipped_with_the_reason(stranger: Stranger, runner: FakeRunner) -> None:
    """As `alertdrill run` names it, and goes on; a test of Python that holds it is skipped, too."""
    runner.left_out = {"late": "it would slow down all others"}
    stranger.write(
        "tests/test_late.py",
        "import pytest\n"
        "@pytest.mark.alertdrill('late')\n"
        "def test_late(alertdrill): alertdrill.hold('late')\n",
    )
    result = stranger.run("drills", "tests", "-rs", "-k", "late or deep")
    result.assert_outcomes(skipped=2, passed=1)
    result.stdout.fnmatch_lines(
        ["alertdrill.toml: *; 1 drill left out", "SKIPPED *it was left out: it would slow down all others"]
    )


def test_a_stack_of_its_own_is_none_of_a_replay(recorded: Stranger) -> None:
    """Nothing is started, so what wants a stack is skipped."""
    recorded.write("tests/test_stack.py", "def test_stack(alertdrill_stack): pass\n")
    recorded.replay("tests").assert_outcomes(skipped=1)


def test_without_a_target_there_is_no_stack(stranger: Stranger) -> None:
    """It is an error, in one sentence."""
    stranger.write("tests/test_stack.py", "def test_stack(alertdrill_pager): pass\n")
    result = stranger.run("tests")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["alertdrill.toml: states no [[]target[]], so there is no stack to start"])
    assert "pytest_plugin/" not in result.stdout.str()


def test_without_a_target_or_recordings_nothing_can_be_held(stranger: Stranger) -> None:
    """What to state is said of each drill."""
    result = stranger.run("drills")
    result.assert_outcomes(errors=4)
    result.stdout.fnmatch_lines(["ERROR *::deep - alertdrill.toml: states no [[]target[]] to hold *"])
