"""What `export` wrote passes without us, and fails once a rule or a series is another."""

from __future__ import annotations

import math
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.examples import scale_examples
from support.exported import RULES, export_busy, hold, list_files, make_busy, make_steady
from support.recordings import make_labelled, make_series

from alertdrill.recording.replay.export import export
from alertdrill.rules.files import parse_rules, read_rules
from alertdrill.runtime.binaries import Engines


@pytest.fixture(scope="module")
def exported(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what `export_busy` writes: the same each time, as a test below holds."""
    return export_busy(engines, tmp_path_factory.mktemp("exported")).parent


@pytest.fixture
def busy(exported: Path, tmp_path: Path) -> Path:
    """Return the test's own copy of what `export_busy` writes."""
    shutil.copytree(exported, tmp_path, dirs_exist_ok=True)
    return tmp_path / "test.yml"


def test_an_exported_test_passes_without_us(engines: Engines, busy: Path) -> None:
    """All of what happened is in it: two alerts, three activations, what was rendered."""
    assert hold(engines, busy) == ""
    text = busy.read_text()
    told = re.findall(r"# (\w+): (Busy|Down) (.*)", text)
    assert told == [
        ("2m15s", "Busy", "is pending"),
        ("2m45s", "Busy", "fires"),
        ("4m15s", "Busy", "resolves"),
        ("7m", "Busy", "is pending"),
        ("7m30s", "Busy", "fires, Down fires"),
        ("8m", "Down", "resolves"),
        ("8m45s", "Busy", "resolves"),
    ]
    assert "summary: '8 of 7'" in text
    assert list_files(busy.parent) == {"rules.yml", "test.yml"}


def test_the_same_is_written_twice(engines: Engines, tmp_path: Path, busy: Path) -> None:
    """Recording, rules and promtool decide every byte, and nothing of this machine is in it."""
    first = busy.read_bytes()
    assert export_busy(engines, tmp_path).read_bytes() == first
    assert str(tmp_path).encode() not in first
    assert export_busy(engines, tmp_path, name="/somewhere/else/made").read_bytes() == first


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("> 5", "> 6"),
        ("for: 30s", "for: 45s"),
        ("keep_firing_for: 15s", "keep_firing_for: 30s"),
        ("severity: warning", "severity: critical"),
        ("{{ $value }} of", "{{ $value }} out of"),
        ("max(c)", "min(c)"),
        ("sum(c)", "sum(c) + 1"),
        ("up == 0 or", "up == 2 or"),
    ],
)
def test_a_changed_rule_fails(engines: Engines, busy: Path, old: str, new: str) -> None:
    """The test is about the rules as they stand: whatever is changed about them is noticed."""
    assert old in RULES
    busy.with_name("rules.yml").write_text(RULES.replace(old, new))
    assert "FAILED" in hold(engines, busy)


@pytest.mark.parametrize("series", ['c{a="1"}', 'c{a="2"}', 'up{instance="x"}'])
def test_a_dropped_series_fails(engines: Engines, busy: Path, series: str) -> None:
    """Each of the series that an alert hangs on is needed."""
    text, count = re.subn(
        f"      - series: '{re.escape(series)}'\n        values: .*\n", "", busy.read_text()
    )
    assert count == 1
    busy.write_text(text)
    assert "FAILED" in hold(engines, busy)


def test_a_quiet_recording_says_that_nothing_fires(engines: Engines, tmp_path: Path) -> None:
    """Without an alert the test holds that there is none, from the first evaluation to the last."""
    series = (make_steady("c", [1] * 41), make_steady("up", [1] * 41))
    path = export_busy(engines, tmp_path, series=series)
    assert hold(engines, path) == ""
    text = path.read_text()
    for changed in (text.replace("'1x40'", "'1x20 9 1x19'", 1), text.replace("'1x40'", "'1x39 9'", 1)):
        path.write_text(changed)
        assert "FAILED" in hold(engines, path)


def test_rules_are_found_from_wherever_the_test_is(engines: Engines, tmp_path: Path) -> None:
    """Rule files are named relative to the test, and what promtool takes for patterns is a name."""
    rules = tmp_path / "r[u]les *" / "it's?.yml"
    other = tmp_path / "r[u]les *" / "more.yml"
    tests = tmp_path / "tests"
    for folder in (rules.parent, tests):
        folder.mkdir()
    first, _, second = RULES.partition("  - name: other")
    rules.write_text(first)
    other.write_text(f"groups:\n  - name: other{second}")
    export(make_busy(), [read_rules(rules), read_rules(other)], engines, tests / "test.yml")
    assert hold(engines, tests / "test.yml") == ""
    moved = tmp_path.with_name(f"{tmp_path.name}-moved")
    tmp_path.rename(moved)
    assert hold(engines, moved / "tests" / "test.yml") == ""


def test_a_resource_is_copied_as_plain_rules(engines: Engines, tmp_path: Path) -> None:
    """Of a PrometheusRule the test names a copy that promtool reads, and that says the same."""
    indented = "\n".join(f"  {line}" for line in RULES.splitlines()[1:])
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: r}\nspec:"
    resource = f"{head}\n{indented}\n"
    path = export_busy(
        engines, tmp_path, resource.replace("name: load", "name: load\n      partial_response_strategy: warn")
    )
    assert hold(engines, path) == ""
    assert list_files(tmp_path) == {"rules.yml", "test.yml", "test.rules.yml"}
    copied, original = read_rules(tmp_path / "test.rules.yml"), parse_rules(RULES, "rules.yml")
    assert strip_sources(copied.groups) == strip_sources(original.groups)


def strip_sources(groups: Sequence[object]) -> str:
    """Return groups as text without the lines that they stand on."""
    return re.sub(r"source='[^']*'", "", repr(groups))


def test_other_alerts_in_the_recording_are_told_apart(engines: Engines, tmp_path: Path) -> None:
    """Rules may read alerts of others, which are samples and not what is expected."""
    rules = "groups: [{name: g, rules: [{alert: Mine, expr: 'ALERTS{alertname=\"Theirs\"} == 1'}]}]"
    theirs = make_steady("ALERTS", [1] * 10, stale_ms=[150_000], alertname="Theirs", alertstate="firing")
    path = export_busy(engines, tmp_path, rules, series=(theirs,))
    assert hold(engines, path) == ""
    assert "ALERTS{alertname=~" in path.read_text()


def test_a_query_offset_is_kept(engines: Engines, tmp_path: Path) -> None:
    """What rules make is then older than their evaluation, and is looked for where it is."""
    if engines.versions["prometheus"].startswith("2."):
        pytest.skip("Prometheus 2.42 has no query_offset")
    rules = "groups: [{name: g, query_offset: 30s, rules: [{alert: A, expr: c > 5, for: 30s}]}]"
    path = export_busy(engines, tmp_path, rules)
    assert hold(engines, path) == ""
    assert "'ALERTS offset 30s'" in path.read_text()
    (tmp_path / "rules.yml").write_text(rules.replace("query_offset: 30s", "query_offset: 45s"))
    assert "FAILED" in hold(engines, path)


def test_uneven_samples_stay_where_they_were(engines: Engines, tmp_path: Path) -> None:
    """The step is as fine as the samples need, whatever the rules' interval is."""
    series = make_series("c", [(0, 1), (15_250, 9), (44_500, 9), (61_000, 1)], stale_ms=[75_250])
    path = export_busy(engines, tmp_path, series=(series,))
    assert hold(engines, path) == ""
    assert "interval: 250ms" in path.read_text()


def test_only_what_the_rules_read_is_in_it(busy: Path) -> None:
    """A series that no rule reads would be ballast."""
    text = busy.read_text()
    assert text.count("- series: ") == 3
    assert "unread" not in text


def test_a_window_around_the_hour_is_the_same_when_moved(engines: Engines, tmp_path: Path) -> None:
    """A recording that begins at any time is moved to promtool's 0, by whole intervals and steps."""
    rules = RULES.replace("sum(c)", "max_over_time(sum(c)[2m:1m])")
    start_ms = 1_700_000_000_000 + 10_000
    series = make_series("c", [(start_ms + 15_000 * at, 9 if 10 < at < 20 else 1) for at in range(41)])
    path = export_busy(
        engines, tmp_path, rules, series=(series,), start_ms=start_ms, end_ms=start_ms + 600_000
    )
    assert hold(engines, path) == ""
    assert "Busy fires" in path.read_text()


VALUES = st.one_of(
    st.floats(),
    st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 5e-324, 1e308, 0.1]),
    st.integers(-9, 9).map(float),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)


@settings(max_examples=scale_examples(0.2), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    series=st.dictionaries(
        TEXTS,
        st.lists(st.one_of(VALUES, st.sampled_from(["stale", "none"])), min_size=1, max_size=40),
        max_size=12,
    )
)
def test_whatever_was_recorded_can_be_exported(
    engines: Engines, series: dict[str, list[float | str]]
) -> None:
    """Any text in labels, any value, gaps and staleness markers: the test passes, and names every series."""
    recorded = [
        make_labelled(
            {"__name__": "c", "on": text},
            [(15_000 * at, value) for at, value in enumerate(values) if not isinstance(value, str)],
            stale_ms=[15_000 * at for at, value in enumerate(values) if value == "stale"],
        )
        for text, values in series.items()
    ]
    rules = """
groups:
  - name: g
    rules:
      - alert: Is
        expr: c > 0
        for: 15s
        annotations: {text: "{{ $labels.on }} {{ $value }}"}
      - alert: Odd
        expr: c != c or c == +Inf
"""
    up = make_steady("up", [1] * 41)
    with tempfile.TemporaryDirectory() as name:
        path = export_busy(engines, Path(name), rules, series=(up, *recorded))
        assert hold(engines, path) == ""
        assert path.read_text().count("- series: ") == len(
            [one for one in recorded if one.times_ms or one.stale_ms]
        )
