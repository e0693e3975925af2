"""A rule that promtool does not come to an end with is named; and every child process has a time."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.recorded import make_recording, scrape
from support.sources import walk_files_naming

from alertdrill.cli.main import cli
from alertdrill.errors import CouldNotTell
from alertdrill.recording.files import write_recording
from alertdrill.recording.replay import promtool, slowness

ROOT = Path(__file__).resolve().parents[4]
LOOPS = "{{ range query `x` }}" * 9 + "{{ end }}" * 9
"""Over ten series: a thousand million times."""


@pytest.mark.parametrize("where", ["annotations", "labels"])
def test_a_template_that_loops_is_ended_and_its_rule_named(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`replay --annotations` says which rule it is, with file and line, and not another one."""
    monkeypatch.setattr(promtool, "ANSWER_WITHIN_S", 1.0)
    monkeypatch.setattr(slowness, "ALONE_WITHIN_S", 1.0)
    series = [scrape("x", [1] * 20, labels={"i": str(number)}) for number in range(10)]
    write_recording(make_recording(*series, until_s=285), tmp_path / "made.om")
    rules = tmp_path / "rules.yml"
    rules.write_text(
        "groups:\n- name: g\n  rules:\n"
        '  - {alert: Fine, expr: "x{i=\'1\'} > 0", annotations: {a: "{{ $labels.i }}"}}\n'
        f'  - {{alert: Loops, expr: "x{{i=\'1\'}} > 0", {where}: {{a: "{LOOPS}"}}}}\n'
    )
    with pytest.raises(CouldNotTell, match=r"rules\.yml:5: Loops: promtool does not come to an end"):
        CliRunner().invoke(
            cli,
            ["replay", str(tmp_path / "made.om"), "--rules", str(rules), "--annotations"],
            catch_exceptions=False,
            standalone_mode=False,
        )


def test_every_child_process_has_a_time() -> None:
    """Whoever runs a program to its end says how long it may take."""
    without = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, node in walk_files_naming((ROOT / "harness").rglob("*.py"), ["subprocess"])
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"subprocess.run", "subprocess.check_output", "subprocess.check_call"}
        and "timeout" not in {keyword.arg for keyword in node.keywords}
    ]
    assert without == []
