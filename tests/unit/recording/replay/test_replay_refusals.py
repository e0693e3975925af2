"""What cannot be replayed is refused: the rule or the recording is named, and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.both_generations import GENERATIONS, find_promtool
from support.recorded import make_recording, make_series, scrape
from support.replayed import list_events, one_group, write_rules

from alertdrill.errors import BadInput, BadRules, CouldNotTell
from alertdrill.recording.recording import Recording
from alertdrill.recording.replay.replay import ReplayJob, replay, replay_all


def test_groups_that_need_each_other_at_two_intervals_are_refused(newest: Path) -> None:
    """The groups are named, and where they stand."""
    rules = write_rules(
        """
groups:
- {name: a, rules: [{record: r, expr: s + 1}]}
- {name: b, interval: 1m, rules: [{record: s, expr: r + 1}]}
"""
    )
    with pytest.raises(BadInput, match=r"'a' \(made.yml:3, every 15 s\), 'b' \(made.yml:4, every 60 s\)"):
        replay(make_recording(scrape("x", [1]), until_s=60), [rules], newest)


def test_a_template_that_reads_the_clock_cannot_be_moved(newest: Path) -> None:
    """It is refused where the recording does not begin at 0, by name."""
    recording = make_recording(scrape("x", [2], begin_ms=600_000), start_s=600, until_s=660)
    rules = one_group("{alert: A, expr: x > 1, annotations: {at: '{{ now }}'}}")
    with pytest.raises(
        CouldNotTell, match=r"made.yml:4: A: cannot be replayed .* a template reads the clock"
    ):
        replay(recording, [rules], newest)


def test_an_annotation_that_is_too_new_is_said_of_its_rule(promtool: Path) -> None:
    """It is the user's, and its rule has whatever name; which of two is said is promtool's choice."""
    recording = make_recording(scrape("x", [2]), until_s=30)
    rules = one_group(
        "{alert: 'A \"1\"', expr: x > 1, annotations: {is: '{{ toDuration 1 }}', no: '{{ now }}'}}"
    )
    refused = r'^made.yml:4: A "1": promtool does not take the rule: annotation "(is|no)": [^\n]*$'
    with pytest.raises(BadRules, match=refused):
        replay(recording, [rules], promtool, annotations=True)


def test_a_rule_that_cannot_be_evaluated_is_named_with_the_instant(promtool: Path) -> None:
    """The tool stops there, so nothing can be told; Prometheus would go on."""
    recording = make_recording(
        scrape("x", [1] * 10, labels={"a": "1"}),
        scrape("x", [1] * 5, labels={"a": "2"}, begin_ms=75_000),
        scrape("y", [1] * 10),
        until_s=135,
    )
    rules = one_group("{alert: A, expr: x > 1}\n{alert: Broken, expr: x * on () y > 0}")
    with pytest.raises(CouldNotTell, match=r"^made.yml:5: Broken: cannot be evaluated 1:15 into .*many-to-"):
        replay(recording, [rules], promtool)


def test_a_group_over_its_limit_is_an_error(promtool: Path) -> None:
    """As for Prometheus, the rule fails."""
    recording = make_recording(
        *(scrape("x", [0, 2], labels={"n": str(number)}) for number in range(3)), until_s=30
    )
    rules = one_group("{alert: A, expr: x > 1}", limit="2")
    with pytest.raises(CouldNotTell, match=r"A: cannot be evaluated 0:15 into .* limit of 2"):
        replay(recording, [rules], promtool)
    assert (
        len(list_events(replay(recording, [one_group("{alert: A, expr: x > 1}", limit="3")], promtool))) == 3
    )


def test_a_rule_that_this_promtool_does_not_know_is_named() -> None:
    """It is the user's, who may take another promtool."""
    rules = one_group("{alert: A, expr: x > 1}\n{alert: New, expr: 'mad_over_time(x[5m]) > 1'}")
    recording = make_recording(scrape("x", [1]), until_s=60)
    with pytest.raises(BadRules, match=r"^made.yml:5: New: promtool does not take the rule: .*mad_over_time"):
        replay(recording, [rules], find_promtool(GENERATIONS[0]))


def test_one_bad_replay_among_many_is_found(newest: Path) -> None:
    """What promtool says of many at once does not tell which it was."""
    good = ReplayJob(
        recording=make_recording(scrape("x", [2]), until_s=0), files=[one_group("{alert: A, expr: x}")]
    )
    bad = ReplayJob(
        recording=make_recording(
            scrape("x", [2], labels={"a": "1"}), scrape("x", [2], labels={"a": "2"}), until_s=0
        ),
        files=[one_group("{alert: B, expr: x * on () x > 0}")],
    )
    with pytest.raises(CouldNotTell, match="B: cannot be evaluated"):
        replay_all([good, good, bad, good], newest)


@pytest.mark.parametrize(
    "recording",
    [make_recording(until_s=60), make_recording(make_series("x", {}, stale_ms=[0]), until_s=60)],
    ids=["no series", "a marker only"],
)
def test_a_recording_without_samples_tells_nothing(recording: Recording, newest: Path) -> None:
    """Silence would be no proof."""
    with pytest.raises(CouldNotTell, match=r"made.om: the recording has no samples"):
        replay(recording, [one_group("{alert: A, expr: x > 1}")], newest)


def test_a_recording_that_is_too_long_is_refused(newest: Path) -> None:
    """With what to do about it."""
    recording = make_recording(scrape("x", [1]), until_s=8_000_000)
    with pytest.raises(CouldNotTell, match=r"533334 evaluations.* record a shorter time"):
        replay(recording, [one_group("{alert: A, expr: x > 1}")], newest)


def test_a_promtool_that_is_too_old_for_a_field_is_said() -> None:
    """The group that has the field is named, not a file that promtool was given."""
    recording = make_recording(scrape("x", [2]), until_s=60)
    rules = one_group("{alert: A, expr: x > 1}", query_offset="30s")
    with pytest.raises(
        BadRules, match=r"^made.yml:2: this promtool is too old to know the field query_offset$"
    ):
        replay(recording, [rules], find_promtool(GENERATIONS[0]))
