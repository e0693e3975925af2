"""What cannot be exported is refused with a sentence, and nothing is written."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.exported import RULES, export_busy, hold, list_files, make_busy
from support.recordings import make_series

from alertdrill.errors import BadInput, BadRules, CouldNotTell
from alertdrill.recording.replay import export as exporting
from alertdrill.recording.replay.export import export
from alertdrill.rules.files import read_rules
from alertdrill.runtime.binaries import Engines


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
