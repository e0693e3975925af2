"""What a run record derives, and the words that the reports share."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from support.report_records import build_record

from alertdrill.core.expectation import Delivery, Expectation, Grouped, NearMiss, Suppressed, Text
from alertdrill.core.timeline import SuppressedSpan
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.core.wording import printable, say_selector
from alertdrill.judging.suppression import say_held
from alertdrill.reports import say_delay, say_deliveries, say_expected, say_hops, say_outcome

EXPECTATION = Expectation(
    alert="A", labels={}, fires_within_s=600, receiver="ops", resolves_within_s=3700, fires_after_s=90
)


def _verdict(outcome: str) -> Verdict:
    if outcome == "untold":
        return Verdict(drill="q", findings=(), doubt="the pager answered nothing")
    finding = Finding(outcome=outcome, alert="A", labels={}, expectation=None, observed={}, evidence="")  # type: ignore[arg-type]  # parametrized
    return Verdict(drill="d", findings=(finding,))


@pytest.mark.parametrize(
    ("outcomes", "doubts", "code"),
    [
        (["met"], (), 0),
        (["met", "unobserved"], (), 0),
        (["met", "late"], (), 1),
        (["unexpected"], (), 1),
        (["met"], ("the clock stood still",), 3),
        (["missing"], ("the clock stood still",), 3),
        (["met", "untold"], (), 3),
        (["missing", "untold"], (), 1),
    ],
)
def test_exit_code(outcomes: list[str], doubts: tuple[str, ...], code: int) -> None:
    """A doubted clock exits 3 whatever was seen, an unmet drill 1, one that cannot be told 3 beside none."""
    record = replace(build_record(), verdicts=tuple(map(_verdict, outcomes)), doubts=doubts)
    assert record.exit_code == code


def test_outcome_names_what_was_not_seen() -> None:
    """Drills that were not fully seen are never counted among those met."""
    record = replace(build_record(), verdicts=(_verdict("met"), _verdict("unobserved")))
    assert say_outcome(record) == "1 of 2 drills met, the others not fully seen"
    assert say_outcome(replace(record, doubts=("late",))) == "No verdict can be trusted"
    untold = replace(record, verdicts=(_verdict("met"), _verdict("untold")))
    assert say_outcome(untold) == "1 of 2 drills could not be judged"
    both = replace(record, verdicts=(_verdict("late"), _verdict("untold")))
    assert say_outcome(both) == "1 of 2 drills not met, 1 could not be judged"


def test_placement_of_a_verdict_nobody_asked_for() -> None:
    """A verdict's drill is found by its name; what no drill expects has none."""
    record = build_record()
    found = record.find_placement(record.verdicts[1])
    assert found is not None
    assert found.drill.name == record.verdicts[1].drill
    assert record.find_placement(Verdict(drill="(unasked)", findings=())) is None


def test_expected_in_words() -> None:
    """What was expected is said with the window, the receiver and the times as a stopwatch shows them."""
    assert say_expected(EXPECTATION) == "fires between 1:30 and 10:00, pages ops, resolves by 1:01:40"
    assert say_expected(replace(EXPECTATION, fires_after_s=0)).startswith("fires by 10:00, ")
    near = NearMiss(alert="A", labels={}, reaches=0.8, pending=False)
    assert say_expected(near) == "stays inactive although its value reaches 80% of the threshold"
    pending = replace(near, pending=True, pending_within_s=(60.0, 240.0))
    assert say_expected(pending) == "stays at pending, over the threshold for 1:00 to 4:00"
    assert say_expected(None) == "stays silent"


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (
            Suppressed(why="silenced", until_s=1200),
            "fires by 10:00, is suppressed by a silence until 20:00, then pages ops, resolves by 1:01:40",
        ),
        (
            Suppressed(why="muted", until_s=1200, by={"interval": "nights"}),
            "fires by 10:00, is suppressed by the time interval nights until 20:00, then pages ops, "
            "resolves by 1:01:40",
        ),
        (
            Suppressed(why="inhibited", by={"alertname": "Down", "zone": "a"}),
            'fires by 10:00, resolves by 1:01:40, pages nobody: inhibited by Down{zone="a"}',
        ),
        (
            Suppressed(why="silenced", by={"zone": "a"}),
            'fires by 10:00, resolves by 1:01:40, pages nobody: silenced by a silence of {zone="a"}',
        ),
        (
            Suppressed(why="refused"),
            "fires by 10:00, resolves by 1:01:40, pages nobody: refused by its receiver",
        ),
    ],
)
def test_held_back_in_words(held: Suppressed, words: str) -> None:
    """What is suppressed says by what, and until when or that nobody is paged."""
    assert say_expected(replace(EXPECTATION, fires_after_s=0, suppressed=held)) == words


def test_bounds_of_pages_in_words() -> None:
    """A drill's own bounds on page and close are said where it states them."""
    words = say_expected(replace(EXPECTATION, pages_within_s=300, closes_within_s=90))
    assert words == (
        "fires between 1:30 and 10:00, pages ops within 5:00, resolves by 1:01:40, closes within 1:30"
    )


def test_group_in_words() -> None:
    """A group says how many alerts make how few incidents."""
    grouped = Grouped(
        alert="A", labels={}, alerts=40, fires_within_s=600, resolves_within_s=900, receiver="ops",
        integration="pagerduty",
    )  # fmt: skip
    assert say_expected(grouped) == (
        "at least 40 fire by 10:00, page ops by pagerduty in 1 incident of at most 2 notifications, "
        "resolve by 15:00"
    )
    assert "in 3 incidents of at most 1 notification," in say_expected(
        replace(grouped, incidents=3, notifications=1)
    )


def test_deliveries_in_words() -> None:
    """A delivery says who is told and what; each bound in a few words."""
    full = Delivery(
        receiver="ops",
        integration="slack",
        group_labels={"zone": "a"},
        title=Text(how="exact", text='"x"\n'),
        text=Text(how="regex", text=r"\d+ min"),
        group_key=Text(how="contains", text="zone"),
        notifications=(2, 3),
        notifications_within_s=(60, math.inf),
        repeats_after_s=(600, 660),
        refused=(0, 0),
        alerts=(1, 1),
    )
    bare = Delivery(receiver="mail")
    endless = Delivery(receiver="mail", integration="email", closes=False)
    assert say_deliveries(replace(EXPECTATION, deliveries=(full, bare, endless))) == (
        'slack of ops: group {zone="a"}, group key contains "zone", title is "\\"x\\"\\n", '
        r"text matches /\d+ min/, 2 to 3 notifications in 1:00 to the end, repeated after 10:00 to 11:00, "
        "0 attempts refused, 1 alert in the largest",
        "each integration of mail: is notified",
        "email of mail: no notification of the end",
    )
    assert say_deliveries(None) == ()


def test_held_span_in_words() -> None:
    """What held an alert back is said with its time and its name."""
    span = SuppressedSpan(alert="A", labels={}, why="inhibited", by={}, since_s=60, until_s=95)
    assert say_held(span) == "inhibited 1:00 to 1:35 by another alert"


def test_delay_is_said_in_rule_and_wall_time() -> None:
    """A duration is said in both times, and once where they are the same."""
    assert say_delay(41, 60) == "0:41/0.68 s"
    assert say_delay(41, 1) == "0:41"


def test_hops_come_in_the_order_in_which_they_happen() -> None:
    """Hops are said in their order, however they were stored."""
    finding = Finding(
        outcome="met", alert="A", labels={}, expectation=EXPECTATION, evidence="",
        observed={"page_resolved": 3725.4, "firing": 65.0, "pending": 5.0},
    )  # fmt: skip
    assert say_hops(finding) == ("pending 0:05", "firing 1:05", "page closed 1:02:05")


def test_selector_quotes_label_values() -> None:
    """A label value can end neither its quotes nor its line."""
    assert say_selector("A", {}) == "A"
    assert say_selector("A", {"a": 'x"y\\z\n', "b": "1"}) == r'A{a="x\"y\\z\n", b="1"}'


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x7f", "\x9b", "\u2028", "\ud800", "\ufffe", "\u202e"])
def test_printable_escapes_what_must_not_be_written(bad: str) -> None:
    """Controls, lone surrogates and direction marks are written as escapes, all else as it is."""
    written = printable(f"né ✓\n{bad}")
    assert written.startswith("né ✓\n\\")
    assert bad not in written


def test_builder_resembles_a_run() -> None:
    """The record that the other tests use has every outcome, a gap and an infinite value."""
    record = build_record()
    values = [value for curve in record.timeline.curves for _, value in curve.points]
    outcomes = {finding.outcome for verdict in record.verdicts for finding in verdict.findings}
    assert len(record.verdicts) == len(record.placements) == 18
    assert {"met", "late", "missing", "mismatched", "unobserved"} <= outcomes
    assert any(map(math.isnan, values))
    assert any(map(math.isinf, values))
