"""Tests of `export`: what was written passes without us, or nothing is written."""

from __future__ import annotations

import math
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.examples import scale_examples
from support.recordings import make_labelled, make_recording, make_series
from support.whole_runs import CommandLine

from alertdrill.errors import BadInput, BadRules, CouldNotTell
from alertdrill.recording.files import write_recording
from alertdrill.recording.recording import RecordedSeries, Recording
from alertdrill.recording.replay import export as exporting
from alertdrill.recording.replay.export import export
from alertdrill.rules.files import parse_rules, read_rules
from alertdrill.runtime.binaries import Engines

RULES = """# Kept as it is.
groups:
  - name: load
    interval: 15s
    rules:
      - record: c:sum
        expr: sum(c)
      - alert: Busy
        expr: c:sum > 5
        for: 30s
        keep_firing_for: 15s
        labels:
          severity: warning
        annotations:
          summary: "{{ $value }} of {{ with query \\"max(c)\\" }}{{ . | first | value }}{{ end }}"
  - name: other
    rules:
      - alert: Down
        expr: up == 0 or absent(up)
"""


def make_steady(
    name: str, values: Sequence[float], *, stale_ms: Sequence[int] = (), **labels: str
) -> RecordedSeries:
    """Return a series with a sample every 15 s."""
    samples = [(15_000 * at, float(value)) for at, value in enumerate(values)]
    return make_series(name, samples, stale_ms=stale_ms, **labels)


def make_busy(**changes: object) -> Recording:
    """Return ten minutes in which Busy fires twice and Down once."""
    recording = make_recording(
        make_steady("c", [1] * 8 + [4, 5, 6, 7] * 2 + [1] * 12 + [9] * 6 + [1] * 7, a="1"),
        make_steady("c", [1] * 41, a="2"),
        make_steady("up", [1] * 30 + [0] * 2 + [1] * 9, instance="x"),
        make_steady("unread", [1] * 41),
        end_ms=600_000,
        selectors=(),
    )
    return replace(recording, **changes)  # type: ignore[arg-type]


def hold(engines: Engines, path: Path) -> str:
    """Return what promtool alone says of a test that fails, and nothing if it passes."""
    done = subprocess.run(
        [engines.promtool, "test", "rules", path],
        env={},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def export_busy(engines: Engines, folder: Path, rules: str = RULES, **changes: object) -> Path:
    """Export `make_busy` over rules that are written to a folder."""
    (folder / "rules.yml").write_text(rules)
    path = folder / "test.yml"
    export(make_busy(**changes), [read_rules(folder / "rules.yml")], engines, path)
    return path


def list_files(folder: Path) -> set[str]:
    """Return the names of all files in a folder, hidden ones too."""
    return {path.name for path in folder.iterdir()}


def test_an_exported_test_passes_without_us(engines: Engines, tmp_path: Path) -> None:
    """All of what happened is in it: two alerts, three activations, what was rendered."""
    path = export_busy(engines, tmp_path)
    assert hold(engines, path) == ""
    text = path.read_text()
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
    assert list_files(tmp_path) == {"rules.yml", "test.yml"}


def test_the_same_is_written_twice(engines: Engines, tmp_path: Path) -> None:
    """Recording, rules and promtool decide every byte, and nothing of this machine is in it."""
    first = export_busy(engines, tmp_path).read_bytes()
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
def test_a_changed_rule_fails(engines: Engines, tmp_path: Path, old: str, new: str) -> None:
    """The test is about the rules as they stand: whatever is changed about them is noticed."""
    path = export_busy(engines, tmp_path)
    assert old in RULES
    (tmp_path / "rules.yml").write_text(RULES.replace(old, new))
    assert "FAILED" in hold(engines, path)


@pytest.mark.parametrize("series", ['c{a="1"}', 'c{a="2"}', 'up{instance="x"}'])
def test_a_dropped_series_fails(engines: Engines, tmp_path: Path, series: str) -> None:
    """Each of the series that an alert hangs on is needed."""
    path = export_busy(engines, tmp_path)
    text, count = re.subn(
        f"      - series: '{re.escape(series)}'\n        values: .*\n", "", path.read_text()
    )
    assert count == 1
    path.write_text(text)
    assert "FAILED" in hold(engines, path)


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


def test_only_what_the_rules_read_is_in_it(engines: Engines, tmp_path: Path) -> None:
    """A series that no rule reads would be ballast."""
    text = export_busy(engines, tmp_path).read_text()
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


def check_refused(engines: Engines, folder: Path, says: str, rules: str = RULES, **changes: object) -> None:
    """Hold that an export is refused with a sentence, and that what was there before stays."""
    (folder / "test.yml").write_text("kept")
    with pytest.raises(BadInput, match=re.escape(says)) as caught:
        export_busy(engines, folder, rules, **changes)
    assert "\n" not in str(caught.value)
    assert (folder / "test.yml").read_text() == "kept"
    assert list_files(folder) == {"rules.yml", "test.yml"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "interval: 15s",
            "interval: 1m",
            "groups of different intervals cannot be in one test, for promtool has one for all: 'load' (",
        ),
        (
            "name: other",
            "name: other\n    query_offset: 1m",
            "groups of different query offsets cannot be in one test",
        ),
    ],
)
def test_groups_that_promtool_cannot_hold_together_are_refused(
    engines: Engines, tmp_path: Path, old: str, new: str, says: str
) -> None:
    """All groups have promtool's one interval and no group's own, which is said with the groups' names."""
    check_refused(engines, tmp_path, says, RULES.replace(old, new))


def test_rules_that_read_the_clock_are_refused_away_from_0(engines: Engines, tmp_path: Path) -> None:
    """Rules that read the clock can be held only on a recording that begins where promtool's clock does."""
    rules = RULES.replace("c:sum > 5", "c:sum > 5 and on () (vector(time()) > 200)")
    assert hold(engines, export_busy(engines, tmp_path, rules)) == ""
    series = make_series("c", [(3_600_000, 1)])
    says = "Busy: reads the clock, so it cannot be exported from a recording that does not begin at 0"
    check_refused(engines, tmp_path, says, rules, series=(series,), start_ms=3_600_000, end_ms=4_200_000)


def test_a_subquery_without_a_step_is_refused_where_promtool_takes_another(
    engines: Engines, tmp_path: Path
) -> None:
    """Its step is the server's interval, which promtool takes to be that of the group."""
    rules = RULES.partition("  - name: other")[0].replace("sum(c)", "max_over_time(sum(c)[2m:])")
    assert hold(engines, export_busy(engines, tmp_path, rules)) == ""
    says = "c:sum: a subquery states no step, which promtool takes to be the group's interval, 1m: state it"
    check_refused(engines, tmp_path, says, rules.replace("interval: 15s", "interval: 1m"))


def test_rules_without_an_alert_are_refused(engines: Engines, tmp_path: Path) -> None:
    """There would be nothing to expect."""
    check_refused(
        engines, tmp_path, "no rule is an alert", "groups: [{name: g, rules: [{record: r, expr: c}]}]"
    )


def test_too_many_samples_are_refused(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test has a bound, and only what the rules read counts."""
    monkeypatch.setattr(exporting, "MAX_SAMPLES", 3 * 41)
    export_busy(engines, tmp_path)
    monkeypatch.setattr(exporting, "MAX_SAMPLES", 3 * 41 - 1)
    check_refused(engines, tmp_path, "the rules read 123 samples, and a test has 122 at the most: record")


def test_what_is_read_is_not_overwritten(engines: Engines, tmp_path: Path) -> None:
    """A test that would replace its rules, by itself or by a copy, is refused."""
    rules = tmp_path / "test.yml"
    rules.write_text(RULES)
    with pytest.raises(BadInput, match="would be overwritten"):
        export(make_busy(), [read_rules(rules)], engines, tmp_path / "." / "test.yml")
    assert rules.read_text() == RULES


def test_a_place_that_cannot_be_written_is_said(engines: Engines, tmp_path: Path) -> None:
    """The folder must be there."""
    (tmp_path / "rules.yml").write_text(RULES)
    with pytest.raises(BadInput, match=r"none/test.yml: cannot be written: No such file or directory"):
        export(make_busy(), [read_rules(tmp_path / "rules.yml")], engines, tmp_path / "none" / "test.yml")


def test_a_test_that_does_not_pass_is_not_written(engines: Engines, tmp_path: Path) -> None:
    """Where promtool does not hold the test in the end, its reason is given and the old test stays."""
    promtool = tmp_path / "promtool"
    promtool.write_text(
        '#!/bin/sh\ncase "$3" in .test.*) echo "FAILED: not this one"; exit 1;; esac\n'
        f'exec {engines.promtool} "$@"\n'
    )
    promtool.chmod(0o755)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "test.yml").write_text("kept")
    with pytest.raises(CouldNotTell, match=r"test.yml: the test does not pass, .*: FAILED: not this one$"):
        export_busy(replace(engines, promtool=promtool), folder)
    assert (folder / "test.yml").read_text() == "kept"
    assert list_files(folder) == {"rules.yml", "test.yml"}


def test_a_file_that_only_promtool_cannot_read_is_said_with_its_line(
    engines: Engines, tmp_path: Path
) -> None:
    """Its reader of YAML is stricter than ours: that is the file's, and nothing is written."""
    strict = RULES + "  - {name: odd, rules: [{alert: Odd, expr: 'up > 5', labels: {a: b?c}}]}\n"
    line = strict.count("\n")
    said = (
        rf"rules.yml:({line - 1}|{line}): promtool cannot read the file there, or on the next line: did not"
    )
    with pytest.raises(BadRules, match=said):
        export_busy(engines, tmp_path, strict)
    assert list_files(tmp_path) == {"rules.yml"}


def test_export_is_a_command(alertdrill: CommandLine, engines: Engines, tmp_path: Path) -> None:
    """FILE, --rules and -o are all that it takes."""
    write_recording(make_busy(), tmp_path / "busy.om.gz")
    (tmp_path / "rules.yml").write_text(RULES)
    arguments = ("--rules", str(tmp_path / "rules.yml"), "-o", str(tmp_path / "test.yml"))
    finished = alertdrill.run("export", str(tmp_path / "busy.om.gz"), *arguments)
    assert (finished.code, finished.out, finished.err) == (0, "", "")
    assert hold(engines, tmp_path / "test.yml") == ""
    assert alertdrill.list_leftovers() == []


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (
            ("{0}/none.om", "--rules", "{0}/rules.yml"),
            2,
            "none.om: the recording cannot be read: No such file",
        ),
        (("{0}/rules.yml", "--rules", "{0}/rules.yml"), 2, "rules.yml:1: "),
        (("{0}/busy.om", "--rules", "{0}/none.yml"), 2, "none.yml:1: the file cannot be read: No such file"),
        (("{0}/busy.om",), 2, "Missing option '--rules'"),
        (
            ("{0}/busy.om", "--rules", "{0}/rules.yml", "--evaluation-interval", "soon"),
            2,
            "--evaluation-interval: 'soon' is not a duration",
        ),
        (
            ("{0}/busy.om", "--rules", "{0}/rules.yml", "--evaluation-interval", "0s"),
            2,
            "--evaluation-interval: rules cannot be evaluated every 0 s",
        ),
        (
            ("{0}/busy.om", "--rules", "{0}/other.yml"),
            3,
            'other.yml:1: A: reads none{{a="b"}}, which the recording lacks',
        ),
    ],
)
def test_bad_input_is_a_sentence(
    alertdrill: CommandLine, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """What cannot be exported is said in one line, and nothing is written."""
    write_recording(make_busy(), tmp_path / "busy.om")
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "other.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: 'none{a=\"b\"} > 1'}]}]")
    given = [argument.format(tmp_path) for argument in arguments]
    finished = alertdrill.run_here("export", *given, "-o", str(tmp_path / "test.yml"))
    assert finished.code == code, finished.err
    assert says.format(tmp_path) in finished.err
    assert finished.err.startswith("alertdrill: ")
    assert finished.err.count("\n") == 1
    assert list_files(tmp_path) == {"busy.om", "rules.yml", "other.yml"}
