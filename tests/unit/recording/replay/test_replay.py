"""Replay of unmodified rules: instants calculated by hand, on promtool of both generations."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.both_generations import GENERATIONS, find_promtool
from support.recorded import make_recording, make_series, scrape

from alertdrill.errors import BadInput, BadRules, CouldNotTell
from alertdrill.recording.recording import Recording
from alertdrill.recording.replay.replay import Replay, ReplayJob, replay, replay_all
from alertdrill.rules.files import RuleFile, parse_rules

Told = list[tuple[float, str, str]]


@pytest.fixture(params=GENERATIONS, ids=str)
def promtool(request: pytest.FixtureRequest) -> Path:
    """Return promtool of each generation in turn."""
    return find_promtool(request.param)


@pytest.fixture
def newest() -> Path:
    """Return promtool of the newest generation."""
    return find_promtool(GENERATIONS[-1])


def write_rules(text: str) -> RuleFile:
    """Return the rules of a file."""
    return parse_rules(text, "made.yml")


def one_group(rules: str, **fields: str) -> RuleFile:
    """Return a file with one group; each rule is a line of YAML."""
    lines = [f"  {name}: {value}" for name, value in fields.items()]
    lines += ["  rules:", *(f"  - {rule}" for rule in rules.strip().splitlines())]
    return write_rules("groups:\n- name: g\n" + "\n".join(lines))


def change(replayed: Replay) -> Told:
    """Return what happened, without labels."""
    return [(event.at_s, event.kind, event.alert) for event in replayed.timeline.events]


def test_an_alert_is_pending_for_as_long_as_its_for(promtool: Path) -> None:
    """It fires at the first evaluation that is `for` after the first true one, and not before."""
    # Above from 60 s on; evaluations at 60, 75, 90; below again at 120.
    recording = make_recording(scrape("x", [0, 0, 0, 0, 2, 2, 2, 2, 0, 0, 0]), until_s=150)
    rules = one_group(
        """{alert: Soon, expr: x > 1, for: 30s}
        {alert: Odd, expr: x > 1, for: 31s}
        {alert: Never, expr: x > 1, for: 60s}"""
    )
    assert change(replay(recording, [rules], promtool)) == [
        (60, "pending", "Never"),
        (60, "pending", "Odd"),
        (60, "pending", "Soon"),
        (90, "firing", "Soon"),
        (105, "firing", "Odd"),
        (120, "resolved", "Odd"),
        (120, "resolved", "Soon"),
    ]


def test_an_alert_without_for_fires_at_once_and_is_told_with_its_labels(promtool: Path) -> None:
    """There is no pending; labels are the series' and the rule's, rendered, without the alert's name."""
    labels = {"a": 'one "two", {three}\n\\', "b": "ü"}
    recording = make_recording(scrape("x", [0, 7, 7], labels=labels), until_s=30)
    rules = one_group("{alert: A, expr: x > 1, labels: {severity: page, value: 'v{{ $value }}'}}")
    (event,) = replay(recording, [rules], promtool).timeline.events
    assert (event.at_s, event.kind, event.alert) == (15, "firing", "A")
    assert event.labels == {**labels, "severity": "page", "value": "v7"}


def test_an_alert_goes_on_firing_for_as_long_as_it_is_kept(promtool: Path) -> None:
    """With keep_firing_for it resolves that long after the first evaluation that found it gone."""
    recording = make_recording(scrape("x", [2, 2, 0, 0, 0, 0, 0, 0, 0, 0]), until_s=135)
    rules = one_group("{alert: A, expr: x > 1, keep_firing_for: 1m}")
    assert change(replay(recording, [rules], promtool)) == [(0, "firing", "A"), (90, "resolved", "A")]


def test_an_alert_that_comes_back_at_the_next_evaluation_is_two_activations(promtool: Path) -> None:
    """One evaluation without it resolves it."""
    recording = make_recording(scrape("x", [2, 2, 0, 2, 2, 2]), until_s=75)
    rules = one_group("{alert: A, expr: x > 1}\n{alert: B, expr: x > 1, for: 15s}")
    assert change(replay(recording, [rules], promtool)) == [
        (0, "firing", "A"),
        (0, "pending", "B"),
        (15, "firing", "B"),
        (30, "resolved", "A"),
        (30, "resolved", "B"),
        (45, "firing", "A"),
        (45, "pending", "B"),
        (60, "firing", "B"),
    ]


def test_a_pending_alert_that_goes_away_is_not_resolved(promtool: Path) -> None:
    """It never fired."""
    recording = make_recording(scrape("x", [2, 0, 0]), until_s=30)
    rules = one_group("{alert: A, expr: x > 1, for: 1m}")
    assert change(replay(recording, [rules], promtool)) == [(0, "pending", "A")]


def test_nothing_is_said_to_resolve_that_fires_to_the_end(promtool: Path) -> None:
    """The timeline ends with the recording."""
    recording = make_recording(scrape("x", [0, 2, 2, 2, 0, 0]), until_s=50)
    replayed = replay(recording, [one_group("{alert: A, expr: x > 1}")], promtool)
    assert change(replayed) == [(15, "firing", "A")]
    assert replayed.timeline.until_s == 50
    assert replayed.timeline.observed == {"pending", "firing", "resolved"}
    assert replayed.timeline.mode == "replay"


def test_many_evaluations_are_told_apart(promtool: Path) -> None:
    """Every other evaluation of two hundred is its own activation."""
    recording = make_recording(scrape("x", [2, 0] * 100), until_s=199 * 15)
    told = change(replay(recording, [one_group("{alert: A, expr: x > 1}")], promtool))
    assert [at_s for at_s, kind, _ in told if kind == "firing"] == [30 * number for number in range(100)]
    assert [at_s for at_s, kind, _ in told if kind == "resolved"] == [
        30 * number + 15 for number in range(100)
    ]


def test_a_staleness_marker_ends_a_series_at_once(promtool: Path) -> None:
    """Without one, its last value counts for five minutes."""
    recording = make_recording(
        scrape("x", [2, 2, 2], stale_ms=[45_000]), scrape("y", [2, 2, 2], begin_ms=7_000), until_s=400
    )
    rules = one_group("{alert: X, expr: x > 1}\n{alert: Y, expr: y > 1}")
    assert change(replay(recording, [rules], promtool)) == [
        (0, "firing", "X"),
        (15, "firing", "Y"),
        (45, "resolved", "X"),
        # The last sample is of 37 s.
        (345, "resolved", "Y"),
    ]


def test_a_scrape_that_failed_is_seen_in_up(promtool: Path) -> None:
    """Rules on `up` see the scrape that failed, and those on the target's series its markers."""
    up = scrape("up", [1, 1, 0, 0, 1], labels={"job": "gateway"})
    requests = make_series(
        "requests_total", {0: 1.0, 15_000: 2.0, 60_000: 3.0}, stale_ms=[30_000], labels={"job": "gateway"}
    )
    rules = one_group("{alert: Down, expr: up == 0, for: 15s}\n{alert: Gone, expr: absent(requests_total)}")
    assert change(replay(make_recording(up, requests, until_s=60), [rules], promtool)) == [
        (30, "pending", "Down"),
        (30, "firing", "Gone"),
        (45, "firing", "Down"),
        (60, "resolved", "Down"),
        (60, "resolved", "Gone"),
    ]


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
    assert change(replay(recording, [rules], promtool)) == [
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
    assert change(replay(recording, [rules], promtool)) == [(0, "firing", "A"), (90, "resolved", "A")]


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
    assert change(replay(recording, [rules], promtool)) == [
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
    assert change(replay(recording, [rules], newest)) == [
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
    assert change(replay(recording, [rules], promtool)) == [(120, "firing", "A"), (180, "resolved", "A")]


def test_utf_8_names_and_values_are_replayed(newest: Path) -> None:
    """Where promtool knows them: it quotes them."""
    labels = {"a.b": "c", "d": "🔥\x7f\u2028"}
    recording = make_recording(scrape("metric.name", [2, 2], labels=labels), until_s=15)
    rules = one_group("""{alert: "Feuer 🔥", expr: '{"metric.name"} > 1'}""")
    (event,) = replay(recording, [rules], newest).timeline.events
    assert (event.alert, event.labels) == ("Feuer 🔥", labels)


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
    assert change(replay(recording, [rules], promtool)) == [(15, "firing", "A")]


def test_groups_of_one_name_in_two_files_are_both_replayed(promtool: Path) -> None:
    """Names of groups tell nothing."""
    files = [one_group("{alert: A, expr: x > 1}"), one_group("{alert: B, expr: x > 1}")]
    recording = make_recording(scrape("x", [2]), until_s=0)
    assert change(replay(recording, files, promtool)) == [(0, "firing", "A"), (0, "firing", "B")]


def test_groups_are_evaluated_in_the_order_of_the_files(promtool: Path) -> None:
    """A chain through twelve groups is whole at the first evaluation, every time."""
    chain = [
        f"- {{name: g{number}, rules: [{{record: 'r{number + 1}', expr: r{number}}}]}}"
        for number in range(12)
    ]
    rules = write_rules("groups:\n" + "\n".join(chain) + "\n- {name: z, rules: [{alert: A, expr: r12 > 1}]}")
    recording = make_recording(scrape("r0", [2, 2]), until_s=15)
    assert change(replay(recording, [rules], promtool)) == [(0, "firing", "A")]


def test_what_the_rules_make_themselves_is_not_taken_from_the_recording(promtool: Path) -> None:
    """A note says so; an alert that others made is read, and is no event."""
    others = {"alertname": "Other", "alertstate": "firing"}
    recording = make_recording(
        scrape("x", [2, 2]),
        scrape("r", [9, 9]),
        scrape("ALERTS", [1, 1], labels={"alertname": "A", "alertstate": "firing", "old": "yes"}),
        scrape("ALERTS", [1, 1], labels=others),
        until_s=15,
    )
    rules = one_group(
        "{record: r, expr: x}\n{alert: A, expr: r > 1}\n{alert: B, expr: 'ALERTS{alertname=\"Other\"}'}"
    )
    replayed = replay(recording, [rules], promtool)
    assert change(replayed) == [(0, "firing", "A"), (0, "firing", "B")]
    assert replayed.timeline.events[0].labels == {}
    (note,) = replayed.notes
    assert note.startswith("made.om: has ALERTS, r, which the rules make themselves")


def test_a_recording_that_begins_later_is_replayed_as_well(promtool: Path) -> None:
    """Instants count from its start; what reads the clock, and an absolute @, see the recording's time."""
    start_s = 1_789_999_980
    recording = make_recording(
        scrape("x", [0, 2, 2, 2], begin_ms=start_s * 1000), start_s=start_s, until_s=start_s + 60
    )
    rules = one_group(
        f"""{{alert: A, expr: x > 1}}
        {{alert: Clock, expr: 'vector(time()) == {start_s + 30}'}}
        {{alert: At, expr: 'x @ {start_s + 15} == 2'}}"""
    )
    assert change(replay(recording, [rules], promtool)) == [
        (15, "firing", "A"),
        (15, "firing", "At"),
        (30, "firing", "Clock"),
        (45, "resolved", "Clock"),
    ]


def test_a_template_that_reads_the_clock_cannot_be_moved(newest: Path) -> None:
    """It is refused where the recording does not begin at 0, by name."""
    recording = make_recording(scrape("x", [2], begin_ms=600_000), start_s=600, until_s=660)
    rules = one_group("{alert: A, expr: x > 1, annotations: {at: '{{ now }}'}}")
    with pytest.raises(
        CouldNotTell, match=r"made.yml:4: A: cannot be replayed .* a template reads the clock"
    ):
        replay(recording, [rules], newest)


def test_annotations_are_rendered_as_the_alert_begins_to_fire(promtool: Path) -> None:
    """With the value at that evaluation; awkward texts come through."""
    recording = make_recording(scrape("x", [2, 3, 4, 5, 0, 6], labels={"path": '/a "b", [c]\n'}), until_s=75)
    rules = one_group(
        "{alert: A, expr: x > 1, for: 15s, annotations: {is: '{{ $labels.path }}: {{ $value }}', no: ''}}\n"
        "{alert: B, expr: x > 5}"
    )
    replayed = replay(recording, [rules], promtool, annotations=True)
    fired = [event for event in replayed.timeline.events if event.kind == "firing"]
    assert [replayed.find_annotations(event) for event in fired] == [
        {"is": '/a "b", [c]\n: 3', "no": ""},
        {},
    ]


def test_an_annotation_that_is_no_template_is_said_of_its_rule(promtool: Path) -> None:
    """It is the user's, and its rule has whatever name; which of two is said is promtool's choice."""
    recording = make_recording(scrape("x", [2]), until_s=30)
    rules = one_group("{alert: 'A \"1\"', expr: x > 1, annotations: {is: '{{ \\ }}', no: '{{ £ }}'}}")
    refused = r'^made.yml:4: A "1": promtool does not take the rule: annotation "(is|no)": [^\n]*$'
    with pytest.raises(BadRules, match=refused):
        replay(recording, [rules], promtool, annotations=True)


def test_curves_are_the_left_side_at_each_evaluation(promtool: Path) -> None:
    """Only of the alerts that are asked for; a gap is one NaN."""
    recording = make_recording(
        scrape("x", [1, 2, None, None, 5], labels={"a": "b"}, stale_ms=[30_000]), until_s=75
    )
    rules = one_group("{alert: A, expr: x * 2 > 3, labels: {own: l}}\n{alert: B, expr: x > 1}")
    replayed = replay(recording, [rules], promtool, curves=rules.alerts[:1])
    (curve,) = replayed.timeline.curves
    assert (curve.alert, curve.op, curve.threshold) == ("A", ">", 3.0)
    assert curve.labels == {"a": "b", "own": "l"}
    assert str(curve.points) == "((0.0, 2.0), (15.0, 4.0), (30.0, nan), (60.0, 10.0), (75.0, 10.0))"


def test_a_quiet_tail_drains_a_window_of_an_hour(promtool: Path) -> None:
    """Counters go on flat and gauges as they were, marked as appended; what had ended stays ended."""
    counter = scrape("c_total", [0, *range(0, 400, 10)])
    gauge = scrape("g", [3] * 41)
    ended = scrape("e", [3] * 10, stale_ms=[150_000])
    lost = scrape("l", [3] * 30)
    recording = make_recording(counter, gauge, ended, lost, until_s=600)
    rules = one_group(
        """{alert: Hour, expr: 'increase(c_total[1h]) > 100'}
        {alert: Gauge, expr: g == 3}
        {alert: Ended, expr: e == 3}
        {alert: Lost, expr: l == 3}"""
    )
    without = replay(recording, [rules], promtool)
    assert ("resolved", "Hour") not in [told[1:] for told in change(without)]
    assert without.timeline.appended_from_s is None
    replayed = replay(recording, [rules], promtool, tail_s=4000)
    assert replayed.timeline.appended_from_s == 600
    assert replayed.timeline.until_s == 4600
    told = {(kind, alert): at_s for at_s, kind, alert in change(replayed)}
    # The last hundred were counted between 450 s and 600 s, an hour and so long before.
    assert 3600 + 400 < told["resolved", "Hour"] < 3600 + 500
    assert ("resolved", "Gauge") not in told
    assert told["resolved", "Ended"] == 150
    assert told["resolved", "Lost"] <= 29 * 15 + 315


def test_samples_off_the_grid_are_exact_where_that_is_cheap(promtool: Path) -> None:
    """Each scrape has its own phase, as targets have; the first evaluation after it sees it."""
    series = [
        scrape("x", [0, 2, 2, 0], begin_ms=begin_ms, labels={"n": str(begin_ms)})
        for begin_ms in (0, 60, 4_260, 14_940)
    ]
    replayed = replay(make_recording(*series, until_s=90), [one_group("{alert: A, expr: x > 1}")], promtool)
    assert replayed.notes == ()
    assert {(event.kind, event.labels["n"], event.at_s) for event in replayed.timeline.events} == {
        ("firing", "0", 15),
        ("firing", "60", 30),
        ("firing", "4260", 30),
        ("firing", "14940", 30),
        ("resolved", "0", 45),
        ("resolved", "60", 60),
        ("resolved", "4260", 60),
        ("resolved", "14940", 60),
    }


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
    assert len(change(replay(recording, [one_group("{alert: A, expr: x > 1}", limit="3")], promtool))) == 3


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
    told = [change(replayed) for replayed in replay_all(jobs, promtool)]
    assert told == [
        [(-(-number // 2) * 30 if number % 2 else number * 15, "firing", "A")] for number in range(8)
    ]


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
