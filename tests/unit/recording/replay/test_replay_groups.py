"""Replay of groups: their intervals, order, offsets, files, and what one group reads of another."""

from __future__ import annotations

from pathlib import Path

from support.recorded import make_recording, scrape
from support.replayed import list_events, one_group, write_rules

from alertdrill.recording.replay.replay import ReplayJob, replay, replay_all


def test_groups_are_evaluated_at_their_own_intervals_and_read_each_other(promtool: Path) -> None:
    """What a group records every minute, another reads every 15 s, and a third one's alerts every 30 s."""
    # Above from 65 s to 125 s: the minute's group sees it at 120 s only.
    recording = make_recording(scrape("x", [0] * 4 + [2] * 5 + [0] * 20, begin_ms=5_000), until_s=300)
    rules = write_rules(
        """
groups:
- name: reads
  rules:
  - {alert: Read, expr: 'minute:x > 1', for: 30s}
- name: alerts
  interval: 30s
  rules:
  - {alert: Meta, expr: 'ALERTS{alertname="Read", alertstate="firing"} == 1'}
- name: records
  interval: 1m
  rules:
  - {record: 'minute:x', expr: x}
"""
    )
    assert list_events(replay(recording, [rules], promtool)) == [
        (120, "pending", "Read"),
        (150, "firing", "Meta"),
        (150, "firing", "Read"),
        (180, "resolved", "Meta"),
        (180, "resolved", "Read"),
    ]


def test_a_recorded_series_that_ends_is_handed_on_as_ended(promtool: Path) -> None:
    """A rule of another interval sees it end at once, not after the lookback."""
    recording = make_recording(scrape("x", [2] * 5, stale_ms=[75_000]), until_s=300)
    rules = write_rules(
        """
groups:
- {name: a, interval: 30s, rules: [{record: r, expr: x * 3, labels: {own: l}}]}
- {name: b, rules: [{alert: A, expr: 'r{own="l"} == 6'}]}
"""
    )
    assert list_events(replay(recording, [rules], promtool)) == [(0, "firing", "A"), (90, "resolved", "A")]


def test_rules_read_alerts_and_since_when_they_are_active(promtool: Path) -> None:
    """In one group, and through a group of another interval, ALERTS and ALERTS_FOR_STATE are there."""
    recording = make_recording(scrape("x", [0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0]), until_s=180)
    rules = write_rules(
        """
groups:
- name: a
  rules:
  - {alert: A, expr: x > 1, for: 1m}
  - {alert: Same, expr: 'ALERTS{alertname="A", alertstate="pending"}'}
- name: b
  interval: 30s
  rules:
  - {alert: Since, expr: 'ALERTS_FOR_STATE{alertname="A"} == 30'}
  - {alert: Long, expr: 'time() - ALERTS_FOR_STATE{alertname="A"} >= 90'}
"""
    )
    assert list_events(replay(recording, [rules], promtool)) == [
        (30, "pending", "A"),
        (30, "firing", "Same"),
        (30, "firing", "Since"),
        (90, "firing", "A"),
        (90, "resolved", "Same"),
        (120, "firing", "Long"),
        (165, "resolved", "A"),
        (180, "resolved", "Long"),
        (180, "resolved", "Since"),
    ]


def test_the_query_offset_is_kept(newest: Path) -> None:
    """Rules see what was that long ago; instants are those of the evaluations."""
    recording = make_recording(scrape("x", [0, 2, 2, 2, 0, 0, 0, 0, 0, 0]), until_s=135)
    rules = write_rules(
        """
groups:
- name: late
  query_offset: 1m
  rules:
  - {alert: Late, expr: x > 1, for: 15s}
  - {record: r, expr: x}
- name: now
  rules:
  - {alert: Now, expr: x > 1}
- name: other
  interval: 30s
  rules:
  - {alert: Other, expr: r offset 1m > 1}
"""
    )
    assert list_events(replay(recording, [rules], newest)) == [
        (15, "firing", "Now"),
        (60, "resolved", "Now"),
        (75, "pending", "Late"),
        (90, "firing", "Late"),
        # r is of 15 s, 30 s and 45 s.
        (90, "firing", "Other"),
        (120, "resolved", "Late"),
        (120, "resolved", "Other"),
    ]


def test_subqueries_without_a_step_step_as_the_server_evaluates(promtool: Path) -> None:
    """Also in a group of another interval than the server's."""
    recording = make_recording(scrape("x", [0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]), until_s=180)
    rules = one_group("{alert: A, expr: 'max_over_time(x[50s:]) > 4'}", interval="1m")
    # With steps of a minute, 75 s would not be among them.
    assert list_events(replay(recording, [rules], promtool)) == [(120, "firing", "A"), (180, "resolved", "A")]


def test_a_resource_of_the_operator_is_replayed_like_a_plain_file(promtool: Path) -> None:
    """Its groups are the same."""
    rules = write_rules(
        """
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: r}
spec:
  groups:
  - name: g
    rules:
    - {alert: A, expr: x > 1, labels: {severity: page}}
"""
    )
    recording = make_recording(scrape("x", [0, 2]), until_s=15)
    assert list_events(replay(recording, [rules], promtool)) == [(15, "firing", "A")]


def test_groups_of_one_name_in_two_files_are_both_replayed(promtool: Path) -> None:
    """Names of groups tell nothing."""
    files = [one_group("{alert: A, expr: x > 1}"), one_group("{alert: B, expr: x > 1}")]
    recording = make_recording(scrape("x", [2]), until_s=0)
    assert list_events(replay(recording, files, promtool)) == [(0, "firing", "A"), (0, "firing", "B")]


def test_groups_are_evaluated_in_the_order_of_the_files(promtool: Path) -> None:
    """A chain through twelve groups is whole at the first evaluation, every time."""
    chain = [
        f"- {{name: g{number}, rules: [{{record: 'r{number + 1}', expr: r{number}}}]}}"
        for number in range(12)
    ]
    rules = write_rules("groups:\n" + "\n".join(chain) + "\n- {name: z, rules: [{alert: A, expr: r12 > 1}]}")
    recording = make_recording(scrape("r0", [2, 2]), until_s=15)
    assert list_events(replay(recording, [rules], promtool)) == [(0, "firing", "A")]


def test_many_replays_are_held_at_once_and_come_in_order(promtool: Path) -> None:
    """Each has its own recording, rules and number of stages."""
    two = write_rules(
        "groups:\n- {name: a, interval: 30s, rules: [{record: r, expr: x}]}\n"
        "- {name: b, rules: [{alert: A, expr: r > 1}]}"
    )
    one = one_group("{alert: A, expr: x > 1}")
    jobs = [
        ReplayJob(
            recording=make_recording(scrape("x", [0] * number + [2] * 9), until_s=120),
            files=[two if number % 2 else one],
        )
        for number in range(8)
    ]
    told = [list_events(replayed) for replayed in replay_all(jobs, promtool)]
    assert told == [
        [(-(-number // 2) * 30 if number % 2 else number * 15, "firing", "A")] for number in range(8)
    ]
