"""`alertdrill export`: what it takes, and what it says of bad input."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.exported import RULES, hold, list_files, make_busy
from support.whole_runs import CommandLine

from alertdrill.recording.files import write_recording
from alertdrill.runtime.binaries import Engines


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
        (("{0}/busy.om", "--rules", "{0}/none.yml"), 2, "none.yml: the file cannot be read: No such file"),
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
