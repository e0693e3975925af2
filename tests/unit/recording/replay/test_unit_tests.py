"""Tests of unit tests for promtool: what they state passes, and nothing else does."""

from __future__ import annotations

import math
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.examples import scale_examples

from alertdrill.errors import BadInput
from alertdrill.recording.replay import unit_tests
from alertdrill.recording.replay.activity import Activity
from alertdrill.recording.replay.promtool import COLLECT_LATE
from alertdrill.recording.replay.unit_tests import (
    MAX_EXPECTED,
    Annotated,
    Count,
    Span,
    UnitTest,
    find_spans,
    list_counts,
    list_looks,
    render_test,
)
from alertdrill.rules.promql.expressions import quote
from alertdrill.runtime.binaries import Engines

INTERVAL_MS = 15_000
RULES = """
groups:
  - name: load
    rules:
      - alert: Busy
        expr: c > 5
        for: 30s
        labels:
          severity: warning
        annotations:
          summary: "{{ $labels.a }} is at {{ $value }}"
  - name: other
    rules:
      - alert: Gone
        expr: absent(c)
"""
VALUES = "1x3 6x3 8x3 1x3 stale"
LABELS = {"a": "b", "severity": "warning"}


def set_bits(*stretches: tuple[int, int]) -> int:
    """Return the mask of evaluations, each stretch from one on and before another."""
    return sum((1 << end) - (1 << begin) for begin, end in stretches)


ACTIVITIES = (
    Activity(alert="Busy", labels=LABELS, pending=set_bits((4, 6)), firing=set_bits((6, 12))),
    Activity(alert="Gone", labels={}, firing=set_bits((16, 25))),
)


def count(
    activities: Sequence[Activity], evaluations: int, alerts: Sequence[str] | None = None
) -> list[Count]:
    """Return what the counts of a test should come to, by going through every evaluation."""
    counts = []
    first = 0
    for expr, at_ms in list_counts(INTERVAL_MS, (evaluations - 1) * INTERVAL_MS, alerts):
        last = at_ms // INTERVAL_MS
        samples = []
        for activity in activities:
            named = {**activity.labels, "alertname": activity.alert}
            active = [bool((activity.pending | activity.firing) >> at & 1) for at in range(first, last + 1)]
            if "changes" in expr and any(active):
                begun = sum(now and not before for before, now in pairwise([False, *active]))
                samples.append((named, begun - 1))
            for state, mask in (("pending", activity.pending), ("firing", activity.firing)):
                lasted = sum(mask >> at & 1 for at in range(first, last + 1))
                if "count" in expr and lasted:
                    samples.append(({**named, "alertstate": state}, lasted))
        counts.append(Count(expr=expr, at_ms=at_ms, samples=samples))
        first = last + 1 if "changes" in expr else first
    return counts


def make_test(**changes: object) -> UnitTest:
    """Return the test of `VALUES` over `RULES`, six minutes long."""
    spans = find_spans(ACTIVITIES, INTERVAL_MS)

    def busy(value: int) -> list[Annotated]:
        return [Annotated(labels=LABELS, annotations={"summary": f"b is at {value}"})]

    looks = {
        (75_000, "Busy"): [],
        (90_000, "Busy"): busy(6),
        (165_000, "Busy"): busy(8),
        (180_000, "Busy"): [],
        (225_000, "Gone"): [],
        (240_000, "Gone"): [Annotated(labels={}, annotations={})],
        (360_000, "Gone"): [Annotated(labels={}, annotations={})],
    }
    assert sorted(looks) == list_looks(spans, INTERVAL_MS, 360_000)
    test = UnitTest(
        name="hand.om",
        preface=["made by\nhand"],
        rule_files=["rules.yml"],
        groups=["load", "other"],
        series=[('c{a="b"}', VALUES)],
        step_ms=15_000,
        interval_ms=INTERVAL_MS,
        last_ms=360_000,
        spans=spans,
        looks=looks,
        counts=count(ACTIVITIES, 25),
    )
    return replace(test, **changes)  # type: ignore[arg-type]


def passes(engines: Engines, folder: Path, test: str, rules: str = RULES) -> str:
    """Return nothing if promtool, alone, says that a test passes, else what it says."""
    (folder / "rules.yml").write_text(rules)
    (folder / "test.yml").write_text(test)
    done = subprocess.run(
        [engines.promtool, "test", "rules", "test.yml"],
        cwd=folder,
        env=COLLECT_LATE,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_what_rules_did_passes(engines: Engines, tmp_path: Path) -> None:
    """Pending, firing, resolved, firing to the end, with labels and annotations: promtool finds it so."""
    assert passes(engines, tmp_path, render_test(make_test())) == ""


def test_a_test_reads_like_this() -> None:
    """Instants are durations, series stand one a line, and each instant says what happens then."""
    text = render_test(make_test())
    assert text.startswith("# made by\\nhand\nrule_files:\n  - 'rules.yml'\nevaluation_interval: 15s\n")
    assert (
        "    input_series:\n      - series: 'c{a=\"b\"}'\n        values: '1x3 6x3 8x3 1x3 stale'\n" in text
    )
    assert [line.strip(" #") for line in text.splitlines() if line.startswith("      # ")] == [
        "45s: the evaluation before",
        "1m: Busy is pending",
        "1m15s: the evaluation before",
        "1m30s: Busy fires",
        "2m45s: the evaluation before",
        "3m: Busy resolves",
        "3m45s: the evaluation before",
        "4m: Gone fires",
        "6m: the end",
        "Over the whole: how many evaluations each state lasted, and how often an alert began anew.",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c > 5", "c > 7"),
        ("c > 5", "c > 0"),
        ("for: 30s", "for: 45s"),
        ("for: 30s", "for: 0s"),
        ("for: 30s", "for: 30s\n        keep_firing_for: 15s"),
        ("severity: warning", "severity: critical"),
        ("severity: warning", "severity: warning\n          team: web"),
        ("is at", "is now at"),
        ("$labels.a", "$labels.b"),
        ("alert: Busy", "alert: Busier"),
        ("absent(c)", "absent(c) > 1"),
        ("absent(c)", "absent(c)\n      - alert: More\n        expr: c == 8"),
        ("absent(c)", "absent(c)\n      - alert: More\n        expr: c == 8\n        for: 5m"),
    ],
)
def test_a_changed_rule_fails(engines: Engines, tmp_path: Path, old: str, new: str) -> None:
    """A threshold, a wait, a label, an annotation, a name, or an alert more: any of it is noticed."""
    assert old in RULES
    assert "FAILED" in passes(engines, tmp_path, render_test(make_test()), RULES.replace(old, new))


@pytest.mark.parametrize(
    ("values"),
    [
        "1x3 6x3 8x3 1x12",  # never gone
        "1x3 6x3 8x2 1x4 stale",  # one evaluation less
        "1x3 6x3 8x3 1x3 stale stale 1 stale",  # gone, and there again for an evaluation
        "1x3 6x3 8x3 1 9 1 stale",  # pending once more
        "6 1x2 6x3 8x3 1x3 stale",  # pending before
        "1x3 6x1 7 6 8x3 1x3 stale _x3 1 stale",
    ],
)
def test_other_samples_fail(engines: Engines, tmp_path: Path, values: str) -> None:
    """An alert that lasts longer or shorter, or begins once more, between any two instants, is noticed."""
    test = render_test(make_test(series=[('c{a="b"}', values)]))
    assert "FAILED" in passes(engines, tmp_path, test)


def test_a_pause_that_is_made_up_for_fails(engines: Engines, tmp_path: Path) -> None:
    """An alert that pauses between instants, and fires as long where it should not, has begun anew."""
    rules = "groups: [{name: g, rules: [{alert: A, expr: c > 5}]}]"
    activities = [Activity(alert="A", labels={}, firing=set_bits((4, 13)))]
    spans, counts = find_spans(activities, INTERVAL_MS), count(activities, 25)

    def hold(values: str) -> str:
        test = make_test(series=[("c", values)], spans=spans, counts=counts, looks={}, groups=["g"])
        return passes(engines, tmp_path, render_test(test), rules)

    assert hold("1x3 6x8 1x11") == ""
    said = hold("1x3 6x3 1 6x3 1x6 6 1x4")
    assert "changes(" in said
    assert "count_over_time(" not in said


@pytest.mark.parametrize("most", [1, 7, 24, 25])
def test_a_long_test_counts_in_stretches(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """More evaluations than promtool reads at once are counted in windows, each of them in one."""
    monkeypatch.setattr(unit_tests, "MAX_COUNTED", most)
    text = render_test(make_test())
    assert text.count("count_over_time(") == math.ceil(25 / most)
    assert passes(engines, tmp_path, text) == ""
    longer = render_test(make_test(series=[('c{a="b"}', "1x3 6x3 8x4 1x2 stale")]))
    assert "count_over_time(" in passes(engines, tmp_path, longer)


def test_many_alerts_are_not_too_many(engines: Engines, tmp_path: Path) -> None:
    """A test of more alerts and evaluations than promtool reads at once, 10,000, still passes."""
    labelled = [{"n": str(number)} for number in range(400)]
    activities = [Activity(alert="A", labels=labels, firing=set_bits((0, 60))) for labels in labelled]
    test = make_test(
        series=[(f'c{{n="{labels["n"]}"}}', "1x100") for labels in labelled],
        spans=find_spans(activities, INTERVAL_MS),
        counts=count(activities, 60),
        looks={},
        groups=["g"],
        last_ms=59 * INTERVAL_MS,
    )
    rules = "groups: [{name: g, rules: [{alert: A, expr: c}]}]"
    assert passes(engines, tmp_path, render_test(test), rules) == ""


def test_a_dropped_series_fails(engines: Engines, tmp_path: Path) -> None:
    """Without its series the alert is not what it was."""
    assert "FAILED" in passes(engines, tmp_path, render_test(make_test(series=[])))


def test_alerts_among_the_samples_are_not_the_rules_own(engines: Engines, tmp_path: Path) -> None:
    """Where other alerts were recorded, the test asks for the rules' own and no others."""
    series = [('ALERTS{alertname="Other", alertstate="firing"}', "1x20"), ('c{a="b"}', VALUES)]
    assert "FAILED" in passes(engines, tmp_path, render_test(make_test(series=series)))
    own = ["Busy", "Gone"]
    test = make_test(series=series, alerts=own, counts=count(ACTIVITIES, 25, own))
    assert passes(engines, tmp_path, render_test(test)) == ""


def test_each_stretch_of_a_state_is_a_span() -> None:
    """A state that an alert leaves and comes back to is two spans, in the order of time."""
    activity = Activity(
        alert="A", labels={}, pending=set_bits((2, 3), (5, 6)), firing=set_bits((0, 2), (6, 9))
    )
    assert [(span.state, span.from_ms, span.until_ms) for span in find_spans([activity], INTERVAL_MS)] == [
        ("firing", 0, 30_000),
        ("firing", 90_000, 135_000),
        ("pending", 30_000, 45_000),
        ("pending", 75_000, 90_000),
    ]


def test_a_test_that_would_be_endless_is_refused() -> None:
    """Past a bound of expected alerts there is a sentence and no test."""
    spans = [
        Span(alert="A", labels={"n": str(number)}, state="firing", from_ms=0, until_ms=15_000 * (number + 1))
        for number in range(500)
    ]
    with pytest.raises(
        BadInput, match=f"hand.om: a test of it would expect more than {MAX_EXPECTED:,} alerts"
    ):
        render_test(make_test(spans=spans, last_ms=10_000_000))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(max_examples=scale_examples(0.25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(TEXTS, min_size=1, max_size=30, unique=True), name=TEXTS)
def test_any_label_is_written_so_that_promtool_reads_it(
    engines: Engines, texts: Sequence[str], name: str
) -> None:
    """Quotes, newlines, braces, control characters, any script: in labels, annotations, series and names."""
    spans = tuple(
        Span(alert="Up", labels={"on": text, "y": "1"}, state="firing", from_ms=0, until_ms=15_000)
        for text in texts
    )
    test = UnitTest(
        name=name,
        preface=[name],
        rule_files=["rules.yml"],
        groups=["g"],
        series=[(f"c{{on={quote(text)}}}", "1 stale") for text in texts],
        step_ms=15_000,
        interval_ms=15_000,
        last_ms=15_000,
        spans=spans,
        counts=[],
        looks={
            (0, "Up"): [
                Annotated(labels=span.labels, annotations={"null": f"v: {span.labels['on']}\n"})
                for span in spans
            ]
        },
    )
    rules = """
groups:
  - name: g
    rules:
      - alert: Up
        expr: c
        labels: {"y": "1"}
        annotations: {"null": "v: {{ $labels.on }}\\n"}
"""
    with tempfile.TemporaryDirectory() as folder:
        assert passes(engines, Path(folder), render_test(test), rules) == ""
