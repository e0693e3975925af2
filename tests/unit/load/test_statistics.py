"""Counting arrivals and answers."""

from __future__ import annotations

import json

from alertdrill.load.statistics import Statistics, render_report


def is_success(status):
    """Welcome what a gateway answers when all is well."""
    return status == 200


def test_what_the_scenario_is_not_after_is_unwelcome():
    """That is other statuses than it welcomes, and no answer at all."""
    statistics = Statistics(planned=4, welcomes=is_success)
    for status in (200, 429, 500, 0):
        statistics.note_answer(status, 1.0)
    assert statistics.report()["unwelcome"] == 3


def test_an_empty_tally_has_no_percentiles():
    """Nothing measured is None, not 0."""
    report = Statistics(planned=5, welcomes=is_success).report()
    assert report["planned"] == 5
    assert report["sent"] == 0
    assert report["lateness_max_s"] is None
    assert report["latency_p99_s"] is None
    assert report["slowest_s"] == []


def test_the_latest_action_is_reported():
    """None where nothing was done at an instant."""
    statistics = Statistics(planned=5, welcomes=is_success)
    assert statistics.report()["action_lateness_max_s"] is None
    for lateness_s in (0.3, 5.7, 0.2):
        statistics.note_action(lateness_s)
    assert statistics.report()["action_lateness_max_s"] == 5.7


def test_percentiles_are_nearest_ranks():
    """Of 1 to 100 the median is 50, the 99th percentile 99 and the largest 100, in whatever order."""
    statistics = Statistics(planned=100, welcomes=is_success)
    for value in (*range(100, 50, -1), *range(1, 51)):
        statistics.note_sent(float(value))
        statistics.note_answer(200, value * 2.0)
    report = statistics.report()
    assert (report["lateness_p50_s"], report["lateness_p99_s"], report["lateness_max_s"]) == (50, 99, 100)
    assert (report["latency_p50_s"], report["latency_p99_s"]) == (100, 198)


def test_the_four_slowest_answers_are_reported():
    """The longest first, however many there are."""
    statistics = Statistics(planned=6, welcomes=is_success)
    for number, latency_s in enumerate((3.0, 9.0, 1.0, 7.0, 5.0, 8.0)):
        assert len(statistics.report()["slowest_s"]) == min(4, number)
        statistics.note_answer(200, latency_s)
    assert statistics.report()["slowest_s"] == [9.0, 8.0, 7.0, 5.0]


def test_percentiles_count_what_came_after_an_earlier_report():
    """A report in between changes nothing."""
    statistics = Statistics(planned=2, welcomes=is_success)
    statistics.note_sent(4.0)
    statistics.report()
    statistics.note_sent(1.0)
    assert statistics.report()["lateness_max_s"] == 4.0
    assert statistics.report()["lateness_p50_s"] == 1.0


def test_late_is_later_than_one_scrape():
    """15 s of rule time is not yet late."""
    statistics = Statistics(planned=2, welcomes=is_success)
    statistics.note_sent(15.0)
    statistics.note_sent(15.1)
    assert statistics.report()["late"] == 1


def test_requests_without_an_answer_have_no_latency():
    """They are counted under status 0 only."""
    statistics = Statistics(planned=1, welcomes=is_success)
    statistics.note_answer(0, 600.0)
    report = statistics.report()
    assert report["statuses"] == {"0": 1}
    assert report["latency_p50_s"] is None


def test_an_profile_is_complete_when_all_was_sent_and_answered():
    """Neither is enough; a load profile without arrivals is complete from the start."""
    assert Statistics(planned=0, welcomes=is_success).is_complete
    statistics = Statistics(planned=2, welcomes=is_success)
    statistics.note_sent(0.0)
    statistics.note_sent(0.0)
    statistics.note_answer(200, 1.0)
    assert not statistics.is_complete
    statistics.note_answer(0, 0.0)
    assert statistics.is_complete


def test_a_report_has_every_profile_and_worker():
    """It says of itself whether it is the last."""
    statistics = Statistics(planned=1, welcomes=is_success)
    statistics.note_sent(0.0)
    report = json.loads(
        render_report(
            {"a": statistics},
            done=True,
            workers=[{"id": "worker-1"}],
            stalls=[(1.0, 7.5)],
            refusals={"a": {"404": "no such model"}},
        )
    )
    assert report["refusals"] == {"a": {"404": "no such model"}}
    assert report["done"] is True
    assert report["workers"] == [{"id": "worker-1"}]
    assert report["stalls"] == [[1.0, 7.5]]
    assert report["profiles"]["a"]["sent"] == 1
