"""Tests of what rules read, and of what a recording lacks of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.recordings import make_recording, make_series

from alertdrill.errors import BadInput
from alertdrill.recording.selecting import (
    find_unrecorded,
    list_selectors,
    narrow,
    read_selector,
    say_unrecorded,
    selects,
    widen,
)
from alertdrill.rules.files import RuleFile, parse_rules, read_rules
from alertdrill.rules.promql.expressions import render_selector
from alertdrill.systems import find_systems


@pytest.mark.parametrize(
    ("count", "last"), [(20, "r.yml:19: A: reads a, which it lacks"), (20_000, "and 19,980 more")]
)
def test_much_that_is_not_recorded_is_counted(count: int, last: str) -> None:
    """Nobody reads a line for each of thousands of rules."""
    said = say_unrecorded([(f"r.yml:{number}", "A", "a") for number in range(count)], "it")
    assert said[0] == "r.yml:0: A: reads a, which it lacks"
    assert said[-1] == last
    assert len(said) <= 21


def make_file(*exprs: str, annotation: str = "") -> RuleFile:
    """Return a rule file with an alert A0, A1, … for each expression, the last one with an annotation."""
    lines = ["groups:", "- name: g", "  rules:"]
    for number, expr in enumerate(exprs):
        lines += [f"  - alert: A{number}", f"    expr: {expr!r}"]
    if annotation:
        quoted = annotation.replace("'", "''")
        lines += ["    annotations:", f"      summary: '{quoted}'"]
    return parse_rules("\n".join(lines) + "\n", "rules.yml")


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("rate(a_total[5m] offset 1h) > 0", {"a_total"}),
        ("a{x='1'} / on(x) a{x='1'} @ 5", {'a{x="1"}'}),
        ("max_over_time((b - c)[1h:1m]) > scalar(d)", {"b", "c", "d"}),
        ("absent({__name__=~'x.*', y!=''})", {'{__name__=~"x.*", y!=""}'}),
        ("vector(1)", set()),
        ("up{job='x'} == 0", {'up{job="x"}'}),
        ("ALERTS{alertname='A0'}", set()),
        ("ALERTS{alertstate='firing'}", set()),
        ("ALERTS_FOR_STATE{alertname=~'A.*'}", set()),
        ("ALERTS{alertname='Other'}", {'ALERTS{alertname="Other"}'}),
    ],
)
def test_rules_read_their_selectors(expr: str, expected: set[str]) -> None:
    """Ranges, offsets, @ and the states of the rules' own alerts are left out; `up` is always read."""
    assert list_selectors([make_file(expr)]) == tuple(sorted({"up"} | expected))


def test_what_rules_record_is_not_read_from_outside() -> None:
    """A name that some rule of any of the files records is its own."""
    recording = parse_rules(
        "groups:\n- name: g\n  rules:\n  - record: job:a:rate\n    expr: rate(a_total[5m])\n", "more.yml"
    )
    assert list_selectors([make_file("job:a:rate > b"), recording]) == ("a_total", "b", "up")


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ('{{ with query "sum(rate(b_total[5m]))" }}{{ . | first | value }}{{ end }}', {"b_total"}),
        ('{{ query `b{x="1"}` | first | label `c` }}', {'b{x="1"}'}),
        ('{{ "b" | query | first | value | printf "%.2f" }}', {"b"}),
        ("""{{ with printf "b{x='%s',y='1'}" $labels.x | query }}{{ end }}""", {'b{y="1"}'}),
        ("""{{ range query (printf "b{x=%q}" .Labels.x) }}{{ end }}""", {"b"}),
        ('query "b" is no action, {{ "query" }} queries nothing, {{ $labels.query }} neither', set()),
        ('{{ query "b{" }}', set()),
    ],
)
def test_annotations_read_what_they_query(annotation: str, expected: set[str]) -> None:
    """The expressions that templates query are read too; what they fill in may be anything."""
    assert list_selectors([make_file("a", annotation=annotation)]) == tuple(sorted({"a", "up"} | expected))


@pytest.mark.parametrize(
    ("selectors", "expr", "is_recorded"),
    [
        (("a",), "a", True),
        (("a",), "rate(a{x='1'}[5m])", True),
        (("a{x='1'}",), "a{x='1',y='2'}", True),
        (("a{x=~'1|2'}",), "a{x='1'}", True),
        (("{__name__=~'a.*'}",), "ab{x='1'}", True),
        (("{__name__=~'.+'}",), "a", True),
        (("a{x='1'}",), "a", False),
        (("a{x='1'}",), "a{x='2'}", False),
        (("a{x=~'1|2'}",), "a{x='3'}", False),
        (("a{x!='1'}",), "a{y='1'}", False),
        (("b",), "a", False),
    ],
)
def test_a_recording_has_what_it_was_asked_for(
    selectors: tuple[str, ...], expr: str, is_recorded: bool
) -> None:
    """A rule may read what some selector of the recording includes, even where there is no series of it."""
    missing = find_unrecorded(make_recording(selectors=selectors), [make_file(expr)])
    selector = list_selectors([make_file(expr)])[0]
    assert missing == (() if is_recorded else (("rules.yml:4", "A0", selector),))


def test_a_foreign_recording_has_the_names_that_it_has() -> None:
    """Where nobody says what was asked for, a rule may read every name that has a series."""
    recording = make_recording(make_series("a", [(0, 1.0)]), selectors=())
    assert find_unrecorded(recording, [make_file("a{x='1'} > 0", "b > 0")]) == (("rules.yml:6", "A1", "b"),)


def test_selectors_are_widened_to_their_names() -> None:
    """A run records every series of a name; states of others' alerts, and patterns, stay as they are."""
    texts = ["a{x='1'}", 'ALERTS{alertname="B"}', '{__name__=~"b.*"}', '{__name__="c"}', "up"]
    assert widen(texts) == ('ALERTS{alertname="B"}', "a", "c", "up", '{__name__=~"b.*"}')


def test_what_is_recorded_of_a_recording_is_what_both_were_asked_for() -> None:
    """A recording that was backfilled cannot have more than it was asked for itself."""
    assert narrow(["a", "up"], ["a", "up"]) == ("a", "up")
    assert narrow(['{__name__=~".+"}'], ["a", "up"]) == ("a", "up")
    assert narrow(['a{x="1"}', "b"], ["a", "up"]) == ('a{x="1"}',)


def test_a_selector_selects_as_prometheus_does() -> None:
    """Patterns are anchored, and a label that is not there is empty."""
    labels = {"__name__": "a", "x": "12"}
    for text, expected in {
        "a": True,
        "b": False,
        'a{x=~"1"}': False,
        'a{x=~"1."}': True,
        'a{x!~"1."}': False,
        'a{y=""}': True,
        'a{y!=""}': False,
        '{x="12"}': True,
    }.items():
        assert selects(read_selector(text), labels) is expected, text


@pytest.mark.parametrize("text", ["a[5m]", "a offset 5m", "a @ 5", "rate(a[5m])", "a + a", "1", "a{", "{}"])
def test_what_is_no_selector_is_refused(text: str) -> None:
    """Only a plain selector says what to record."""
    with pytest.raises(BadInput):
        read_selector(text)


def test_every_rule_of_ours_reads_something() -> None:
    """All systems' rules have selectors that read back, and none of their own series is among them."""
    files = [read_rules(system.rules_path) for system in find_systems()]
    listed = list_selectors(files)
    assert len(listed) > 30
    assert all(render_selector(read_selector(text)) == text for text in listed)
    assert find_unrecorded(make_recording(selectors=widen(listed)), files) == ()


@pytest.mark.parametrize("text", ["a{", "rate(a[5m])", "-" * 4000 + "a", ""])
def test_a_selector_of_a_recording_that_cannot_be_read_names_the_recording(text: str) -> None:
    """Somebody else may have written it."""
    recording = replace(make_recording(selectors=["up", text]), name="theirs.om.gz")
    rules = parse_rules("groups: [{name: g, rules: [{alert: A, expr: a > 0}]}]", "r.yml")
    with pytest.raises(BadInput, match=r"^theirs\.om\.gz: a selector that it was asked for: "):
        find_unrecorded(recording, [rules])


@pytest.mark.parametrize(
    ("expr", "is_there"),
    [
        ("{__name__=~'response_.*'}", True),
        ("{__name__=~'response_.*', job='x'}", True),
        ("{__name__=~'response_.*', job='y'}", False),
        ("{__name__=~'request_.*'}", False),
        ("{__name__!='other', job='x'}", True),
        ("{job='x'}", True),
        ("{job='y'}", False),
        ("{__name__=~'job:.*'}", True),
    ],
)
def test_a_pattern_of_names_reads_whatever_it_matches(expr: str, is_there: bool) -> None:
    """A recording that nobody was asked for has what it has; what the rules record is there, too."""
    recording = replace(make_recording(make_series("response_a", [(0, 1.0)], job="x")), selectors=())
    records = parse_rules("groups:\n- name: g\n  rules:\n  - {record: job:a, expr: response_a}\n", "more.yml")
    assert (find_unrecorded(recording, [make_file(expr), records]) == ()) == is_there
    asked = replace(recording, selectors=("response_a",))
    is_own = "job:" in expr
    assert (find_unrecorded(asked, [make_file(expr), records]) == ()) == is_own
