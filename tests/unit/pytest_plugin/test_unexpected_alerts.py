"""Alerts that no drill expects: an item of their own, which fails."""

from __future__ import annotations

import pytest
from support.stranger import Stranger, write_hour


@pytest.fixture
def morning(stranger: Stranger) -> Stranger:
    """Return the project with one recording of all, in which Deep and Low fire."""
    write_hour(stranger.folder / "hours" / "morning.om.gz", level=5.0)
    stranger.write(
        "drills/queues.yml",
        "drills:\n"
        "- name: deep\n"
        "  why: w\n"
        "  expect: [{alert: Deep, fires: 11m..13m, pages: oncall, resolves_by: 22m}]\n"
        "- name: silent\n"
        "  why: w\n"
        "  expect: [{alert: Deep, blind: {from: 30m}}]\n",
    )
    return stranger


REPLAY = ("--alertdrill-replay", "hours/morning.om.gz")


def test_an_unexpected_alert_fails_the_session(morning: Stranger) -> None:
    """Not a drill: no drill is about it. It says what fired and when."""
    result = morning.run("drills", *REPLAY)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "_* unexpected alerts _*",
            "*Low*firing 0:00*",
            "FAILED alertdrill.toml::unexpected-alerts - Low: firing at 0:00, and no drill expects it",
            "*1 failed, 1 passed, 1 unobserved in *",
        ]
    )


def test_it_is_not_lost_when_only_one_drill_is_selected(morning: Stranger) -> None:
    """By its name, by a keyword; the item for it is there whatever is selected."""
    for selected in (("drills/queues.yml::deep",), ("drills", "-k", "deep")):
        result = morning.run(*selected, *REPLAY)
        result.stdout.fnmatch_lines(["FAILED alertdrill.toml::unexpected-alerts - Low: firing at 0:00*"])


def test_it_is_not_lost_when_the_session_stops_before(morning: Stranger) -> None:
    """The summary has it."""
    text = (morning.folder / "drills" / "queues.yml").read_text()
    morning.write("drills/queues.yml", text.replace("11m..13m", "1m..2m"))
    for quietly in ((), ("-q",)):
        result = morning.run("drills", "-x", *quietly, *REPLAY)
        result.stdout.fnmatch_lines(["unexpected: Low: firing at 0:00, and no*", "*1 failed in *"])


def test_an_alert_of_a_drill_that_is_not_selected_is_expected(morning: Stranger) -> None:
    """A recording has what it has, whatever is judged on it."""
    morning.write("drills/low.yml", "drills: [{name: low, why: w, expect: [{alert: Low, blind: true}]}]")
    result = morning.run("drills/queues.yml::deep", *REPLAY)
    result.assert_outcomes(passed=1)


def test_it_is_held_again_with_what_it_was_held_with(morning: Stranger, held: list[list[str]]) -> None:
    """When nothing else failed; so --lf finds it again. Its id can be typed, and holds all drills."""
    morning.run("drills", *REPLAY)
    for again, names in (
        (("drills", "--lf"), ["deep", "silent"]),
        (("drills", "--lf", "-k", "deep"), ["deep"]),
        (("alertdrill.toml::unexpected-alerts",), ["deep", "silent"]),
    ):
        result = morning.run(*again, *REPLAY)
        assert held[-1] == names
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["alertdrill.toml: *", "unexpected: Low: firing at 0:00*"])


def test_on_a_recording_of_its_own_it_is_a_finding_of_the_drill(morning: Stranger) -> None:
    """There it is known in which drill it fired."""
    (morning.folder / "hours" / "morning.om.gz").rename(morning.folder / "hours" / "deep.om.gz")
    result = morning.run("drills", "-k", "deep", "--alertdrill-replay", "hours")
    result.stdout.fnmatch_lines(["FAILED drills/queues.yml::deep - Low: firing at 0:00, and no drill*"])
    result.assert_outcomes(failed=1, passed=1)
