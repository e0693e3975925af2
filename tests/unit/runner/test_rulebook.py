"""Tests of which rules concern which drills, and which series they read."""

from __future__ import annotations

import pytest
from support.recorded import make_recording, scrape

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import BlindRule
from alertdrill.rules.files import RuleFile, parse_rules
from alertdrill.runner.rulebook import RuleBook, choose_series, find_reaches_s, name_metrics, split_files


def make_file(name: str, *rules: str) -> RuleFile:
    """Return a rule file of one group; each rule is a line of YAML."""
    lines = "\n".join(f"      - {rule}" for rule in rules)
    return parse_rules(f"groups:\n  - name: {name}\n    rules:\n{lines}\n", f"{name}.yml")


def make_drill(system: str, *alerts: str) -> Drill:
    """Return a drill that is about some alerts."""
    expects = tuple(BlindRule(alert=alert, labels={}) for alert in alerts)
    return Drill(name="d", system=system, traffic=(), expects=expects, why="", lasts_s=60)


OWN = make_file("own", "{alert: A, expr: a_total > 1}")
EDITION = make_file("edition", "{alert: AAsWritten, expr: a_total > 2, labels: {edition: as_written}}")
OTHER = make_file("other", "{alert: B, expr: b_total > 1 or up == 0}")
BOOK = RuleBook(own={"one": (OWN, EDITION), "two": (OTHER,)})


@pytest.mark.parametrize(
    ("drill", "files"),
    [
        (make_drill("one", "A"), (OWN,)),
        (make_drill("one", "A", "AAsWritten"), (OWN, EDITION)),
        (make_drill("one"), (OWN,)),
        (make_drill("two", "B"), (OTHER,)),
    ],
)
def test_a_drill_is_judged_by_its_systems_rules(drill: Drill, files: tuple[RuleFile, ...]) -> None:
    """Rules of its system concern a drill; those of an edition only if it is about one of them."""
    assert BOOK.choose(drill) == files


def test_given_rules_stand_for_the_systems_own() -> None:
    """A given file is of the system whose alerts it states, and no other file is taken then."""
    changed = make_file("changed", "{alert: A, expr: a_total > 100}")
    book = RuleBook(own=BOOK.own, given=(changed,))
    assert book.choose(make_drill("one", "A")) == (changed,)
    assert book.choose(make_drill("two", "B")) == ()


def test_a_given_file_of_nobodys_alerts_is_of_whose_metrics_it_reads() -> None:
    """Alerts that no system states, and recording rules, go to the system whose metrics they read."""
    new = make_file("new", "{alert: New, expr: b_total > 7}")
    book = RuleBook(own=BOOK.own, given=(new,))
    assert book.choose(make_drill("two")) == (new,)
    assert book.choose(make_drill("one")) == ()


def test_what_rules_read_and_record_is_named() -> None:
    """All selectors of all rules count, and what is recorded, but not alerts."""
    file = make_file("f", "{record: c, expr: sum(d) / e}", "{alert: F, expr: c > 1 and on() g offset 5m}")
    assert name_metrics(file) == {"c", "d", "e", "g"}


def test_files_that_have_metrics_in_common_stay_together() -> None:
    """Parts read nothing in common but `up`, also where a third file joins two."""
    joins = make_file("joins", "{alert: C, expr: a_total > b_total}")
    alone = make_file("alone", "{alert: D, expr: d > 1 or up == 0}")
    assert split_files([OWN, OTHER, alone]) == [(OWN,), (OTHER,), (alone,)]
    assert split_files([OWN, alone, EDITION]) == [(alone,), (OWN, EDITION)]
    assert split_files([OWN, OTHER, alone, joins]) == [(alone,), (OWN, OTHER, joins)]


def test_a_pattern_of_names_may_read_everything() -> None:
    """A rule that selects by a pattern keeps all files together and all series."""
    wide = make_file("wide", "{alert: W, expr: '{__name__=~\"a.+\"} > 1'}")
    assert split_files([OWN, OTHER, wide]) == [(OWN, OTHER, wide)]
    recording = make_recording(scrape("z", [1]), until_s=60)
    assert choose_series(recording, [wide]).series == recording.series


def test_series_are_chosen_by_name() -> None:
    """A part of the rules is replayed on the metrics that it reads, and on `up`."""
    recording = make_recording(scrape("a_total", [1]), scrape("b_total", [1]), scrape("up", [1]), until_s=60)
    assert [one.labels["__name__"] for one in choose_series(recording, [OWN]).series] == ["a_total", "up"]


RECORDED = make_file(
    "recorded",
    '{record: "job:x:rate5m", expr: "rate(x_total[5m])"}',
    '{record: "job:x:max1h", expr: "max_over_time(job:x:rate5m[1h])"}',
)


@pytest.mark.parametrize(
    ("expr", "windows_s"),
    [
        ("x > 1", 0),
        ("rate(x_total[5m]) > 1", 300),
        ("rate(x_total[5m]) / rate(y_total[10m]) > 1", 600),
        ("rate(x_total[5m]) > 1 and rate(x_total[1h]) > 1", 3600),
        ("x - x offset 1h > 1", 3600),
        ("rate(x_total[5m] offset 1h) / rate(x_total[5m]) > 1", 3900),
        ("x offset -1h > 1", 0),
        ("max_over_time(rate(x_total[5m])[1h:1m]) > 1", 3900),
        ("max_over_time(rate(x_total[5m])[1h:1m] offset 10m) / rate(y_total[2h]) > 1", 7200),
        ("max_over_time(rate(x_total[5m] offset 10m)[1h:] offset 10m) > 1", 5100),
        # What is recorded is seen a few scrapes and an evaluation later.
        ("job:x:rate5m > 1", 300 + 60 + 15),
        ("job:x:max1h / rate(x_total[5m]) > 1", 3600 + 60 + 15 + 300 + 60 + 15),
        ("job:x:max1h offset 1h > 1", 3600 + 3600 + 60 + 15 + 300 + 60 + 15),
    ],
)
def test_a_rule_looks_as_far_back_as_its_longest_chain_of_windows(expr: str, windows_s: float) -> None:
    """What is nested, offset or recorded adds up, and what stands side by side does not."""
    rule = make_file("rule", f'{{alert: A, expr: "{expr}", for: 2m}}')
    assert find_reaches_s([RECORDED, rule]) == {"A": 120 + 60 + windows_s}
