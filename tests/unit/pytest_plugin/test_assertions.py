"""Drills in tests of Python: the same judge, the same words."""

from __future__ import annotations

import pytest
from support.stranger import PROJECT, Stranger


def run_test(stranger: Stranger, body: str, *, before: str = "") -> pytest.RunResult:
    """Run one test of Python that has these lines, on the recordings."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    stranger.write("tests/test_one.py", f"import pytest\n{before}\ndef test_one(alertdrill):\n{lines}\n")
    return stranger.replay("tests", "--junit-xml", "junit.xml")


DEEP = 'run = alertdrill.hold("deep")\nrun.alert("Deep", queue="a")'


@pytest.mark.parametrize(
    "asserted",
    [
        '.fires("11m", "13m")',
        ".fires(660, 780)",
        '.fires("11m", "12m").resolves(by="20m")',
    ],
)
def test_what_is_so_passes(recorded: Stranger, asserted: str) -> None:
    """Bounds are included, and times are as people write them, or seconds."""
    result = run_test(recorded, f"{DEEP}{asserted}\nassert not run.unexpected")
    result.assert_outcomes(passed=1)


def test_pages_are_unobserved_on_a_recording(recorded: Stranger) -> None:
    """So a test that asserts them is no green tick."""
    result = run_test(
        recorded, f'{DEEP}.fires("11m", "13m").pages("oncall", title="deep").resolves(by="22m")'
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*1 unobserved in *"])


@pytest.mark.parametrize(
    ("asserted", "said"),
    [
        (
            '.fires("13m", "16m")',
            ['*Deep{queue="a"}: fired at 12:00, before 13:00', "* fires between 13:00 and 16:00"],
        ),
        (
            '.fires("5m", "11m")',
            ["*: fired at 12:00, after 11:00", "*seen:     pending 10:00, firing 12:00, res*"],
        ),
        (
            '.fires("11m", "13m").resolves(by="19m")',
            ["*: resolved at 20:00, after 19:00", "*13:00, resolves by 19:00"],
        ),
        (".stays_silent()", ["*: firing at 12:00, though it should stay silent", "*expected: stays silent"]),
    ],
)
def test_what_is_not_so_fails_in_the_judges_words(recorded: Stranger, asserted: str, said: list[str]) -> None:
    """At the line of the test, and nowhere in the plugin."""
    result = run_test(recorded, f"{DEEP}{asserted}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E  *AssertionError{said[0]}", *said[1:]])
    result.stdout.fnmatch_lines(["tests/test_one.py:5: AssertionError"])
    assert "pytest_plugin/" not in result.stdout.str()


def test_an_alert_of_which_nothing_was_asserted_yet_may_do_as_it_likes(recorded: Stranger) -> None:
    """That it does not resolve while its drill is held is wrong only once a test says so."""
    recorded.write("drills/short.yml", "drills: [{name: short, why: w, lasts: 15m, expect: []}]")
    (recorded.folder / "recordings" / "deep.om.gz").rename(recorded.folder / "recordings" / "short.om.gz")
    fired = 'firing = alertdrill.hold("short").alert("Deep").fires("11m", "13m")'
    run_test(recorded, fired).assert_outcomes(passed=1)
    result = run_test(recorded, f'{fired}\nfiring.resolves(by="15m")')
    result.stdout.fnmatch_lines(["E  *fired at 12:00 and never resolved"])


def test_silence_is_judged_by_what_the_rule_saw(recorded: Stranger) -> None:
    """An alert that no drill expects is judged too."""
    run_test(recorded, 'alertdrill.hold("deep").alert("Low").stays_silent()').assert_outcomes(passed=1)


def test_an_alert_that_is_only_pending_is_silent(recorded: Stranger) -> None:
    """Nobody is paged by it, and no drill of this test says that it has to stay inactive."""
    recorded.write("drills/half.yml", "drills: [{name: half, why: w, lasts: 11m, expect: []}]")
    (recorded.folder / "recordings" / "deep.om.gz").rename(recorded.folder / "recordings" / "half.om.gz")
    run_test(recorded, 'alertdrill.hold("half").alert("Deep").stays_silent()').assert_outcomes(passed=1)


def test_an_unexpected_alert_is_shown(recorded: Stranger) -> None:
    """By the test that demands that there is none; one that a test asserts is none."""
    recorded.write("drills/quiet.yml", "drills: [{name: quiet, why: w, lasts: 30m, expect: []}]")
    (recorded.folder / "recordings" / "deep.om.gz").rename(recorded.folder / "recordings" / "quiet.om.gz")
    result = run_test(recorded, 'run = alertdrill.hold("quiet")\nassert not run.unexpected')
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['E *assert not unexpected: Deep{queue="a"} firing at 12:00'])
    held = 'run = alertdrill.hold("quiet")\nrun.alert("Deep").fires("12m", "12m")\nassert not run.unexpected'
    run_test(recorded, held).assert_outcomes(passed=1)


def test_an_unexpected_alert_that_no_test_asks_about_fails_it(recorded: Stranger) -> None:
    """In a run that the test holds for itself, nobody else would say it."""
    recorded.write("drills/quiet.yml", "drills: [{name: quiet, why: w, lasts: 30m, expect: []}]")
    (recorded.folder / "recordings" / "deep.om.gz").rename(recorded.folder / "recordings" / "quiet.om.gz")
    result = run_test(recorded, 'alertdrill.hold("quiet")')
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['E  *quiet: unexpected: Deep{queue="a"} firing at 12:00'])


def test_a_receiver_that_the_config_does_not_have_is_an_error(recorded: Stranger) -> None:
    """No recording has pages, so one to a misspelt receiver would be unobserved for ever."""
    recorded.write("alertmanager.yml", "{route: {receiver: oncall}, receivers: [{name: oncall}]}")
    recorded.write("alertdrill.toml", f'{PROJECT}alertmanager = "alertmanager.yml"\n')
    result = run_test(
        recorded,
        'alertdrill.hold("deep").alert("Deep").fires("11m", "13m").pages("on-call").resolves(by="22m")',
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["E  *Deep to page on-call, which is no receiver of *; do you mean 'oncall'?"]
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('alertdrill.hold("depp")', "*alertdrill.toml: the project has no drill 'depp'; do you mean 'deep'?"),
        (
            'alertdrill.hold("deep").alert("Dep").fires(0, "1h")',
            "*Dep, which is no alert of the rules; do you mean 'Deep'?",
        ),
        ('alertdrill.hold("unrecorded")', "*recordings/unrecorded.om.gz: is not there*"),
        ('alertdrill.hold("begun").alert("Deep").stays_silent()', "*had been active for*"),
    ],
)
def test_what_nobody_can_tell_is_an_error(recorded: Stranger, body: str, said: str) -> None:
    """And so is what a test asks for and is not there; no alert did anything wrong."""
    names = ("unrecorded", "begun")
    drills = "".join(f"- {{name: {name}, why: w, lasts: 5m, expect: []}}\n" for name in names)
    recorded.write("drills/more.yml", f"drills:\n{drills}")
    recorded.write("recordings/made.json", '{"schema": 1, "drills": {"begun": {"start_s": 900}}}')
    recording = recorded.folder / "recordings" / "deep.om.gz"
    (recorded.folder / "recordings" / "begun.om.gz").write_bytes(recording.read_bytes())
    result = run_test(recorded, body)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"E  *{said}"])
    assert "pytest_plugin/" not in result.stdout.str()


def test_a_drill_can_be_made_in_python(recorded: Stranger) -> None:
    """It is judged on the recording of its name."""
    made = (
        "from alertdrill import Drill\n"
        'DEEP = Drill(name="deep", system="own", why="w", traffic=(), expects=(), lasts_s=1800)\n'
    )
    body = (
        'run = alertdrill.hold(DEEP)\nassert run.verdict.outcome == "unmet"\n'
        'run.alert("Deep").fires("11m", "13m")\nassert not run.unexpected'
    )
    run_test(recorded, body, before=made).assert_outcomes(passed=1)


def test_a_test_sees_the_drills_timeline(recorded: Stranger) -> None:
    """What its alerts did, from its start."""
    body = (
        'timeline = alertdrill.hold("deep").timeline\n'
        "assert [(event.kind, event.at_s) for event in timeline.events] == "
        '[("pending", 600), ("firing", 720), ("resolved", 1200)]'
    )
    run_test(recorded, body).assert_outcomes(passed=1)


def test_parametrised_tests_hold_a_drill_each(recorded: Stranger) -> None:
    """By their parameters, with markers of their own, in the session's run."""
    recorded.write(
        "tests/test_each.py",
        "import pytest\n"
        "mark = pytest.mark.alertdrill\n"
        "NAMES = [pytest.param(name, marks=mark(name)) for name in ('deep', 'late', 'near')]\n"
        "@pytest.mark.parametrize('name', NAMES)\n"
        "def test_each(alertdrill, name):\n"
        "    assert alertdrill.hold(name).verdict.outcome != 'unmet'\n",
    )
    result = recorded.replay("tests", "-v")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["alertdrill.toml: 1 of 3 drills not met", "1 of 3 drills not met: *"])


def test_a_marker_that_names_no_drill_is_an_error(recorded: Stranger) -> None:
    """Of the test, which names the drill that was probably meant, and of nothing else that could pass."""
    marker = "@pytest.mark.alertdrill('depp')"
    result = run_test(recorded, "alertdrill.hold('depp')", before=marker)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        ["E  *do you mean 'deep'?", "ERROR *::unexpected-alerts - no drill was judged*"]
    )


def test_a_test_outside_of_any_project_is_told_so(recorded: Stranger) -> None:
    """And how to name one."""
    (recorded.folder / "alertdrill.toml").unlink()
    result = run_test(recorded, 'alertdrill.hold("deep")')
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no alertdrill.toml is in this folder or above it*"])
    assert "pytest_plugin/" not in result.stdout.str()
    recorded.write("tests/test_one.py", "def test_one(alertdrill_stack): pass\n")
    result = recorded.run("tests")
    result.stdout.fnmatch_lines(["*no alertdrill.toml is in this folder or above it*"])
    assert "pytest_plugin/" not in result.stdout.str()
