"""`alertdrill run --explain`: which drills and which speed it speaks of, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from support.answering import serve

from alertdrill.cli.main import cli
from alertdrill.cli.options.project import read_project_drills
from alertdrill.errors import BadInput
from alertdrill.project.reading import read_project

RULES = """\
groups:
- name: g
  interval: 16s
  rules:
  - alert: Failing
    expr: rate(failed_total[5m]) > 1
  - alert: Busy
    expr: rate(cpu_seconds_total[5m]) > 1
"""
DRILLS = """\
drills:
- name: failing
  why: Calls fail.
  expect:
  - {alert: Failing, fires: 6m..9m, pages: oncall, resolves_by: 20m}
- name: busy
  why: Many calls.
  expect:
  - {alert: Busy, fires: 6m..9m, pages: oncall, resolves_by: 20m}
"""


@pytest.fixture(autouse=True)
def _in_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules.yml").write_text(RULES)
    Path("drills.yml").write_text(DRILLS)
    Path("alertdrill.toml").write_text('rules = ["rules.yml"]\ndrills = ["drills.yml"]\n')


def explain(*arguments: str) -> str:
    """Return what `alertdrill run --explain` prints; what it raises is raised."""
    called = CliRunner().invoke(
        cli, ["run", "--explain", *arguments], catch_exceptions=False, standalone_mode=False
    )
    assert called.exit_code == 0
    return called.output


def test_without_a_speed_each_drill_has_its_most() -> None:
    """Which one it will be is found when the run begins."""
    shown = explain()
    assert shown.startswith(
        "own: no target, by alertdrill.toml\nspeed: the highest that the gateway keeps up"
    )
    assert "failing  any speed\n    each of its rules is exact\nbusy  speed 1\n" in shown


def test_a_limit_above_all_speeds_that_are_tried_is_said_with_the_lower() -> None:
    """It is what `--speed` may be, and no speed that a run would choose."""
    Path("drills.yml").write_text(DRILLS.replace("why: Calls fail.", "why: Calls fail.\n  max_speed: 181"))
    assert "failing  at most speed 20, the highest that is tried; with --speed up to 181\n" in explain()


def test_a_model_that_the_target_does_not_list_is_named() -> None:
    """With who asks for it, and which there are; of a target that is away nothing is known."""
    drills = DRILLS.replace(
        "  why: Calls fail.\n",
        "  why: Calls fail.\n"
        "  traffic: [{scenario: steady, models: [gpt-4.1, mini], rate: 1/s, lasts: 9m}]\n",
    )
    Path("drills.yml").write_text(drills)
    project = Path("alertdrill.toml").read_text()
    with serve(lambda *_: (200, b'{"data": [{"id": "gpt-main"}, {"id": "mini"}]}', {})) as url:
        Path("alertdrill.toml").write_text(f'{project}[target]\nurl = "{url}"\n[[scrape]]\njob = "own"\n')
        shown = explain()
    assert (
        f"MODELS: which {url}/v1/models does not list: it has gpt-main, mini\ngpt-4.1  asked for by failing\n"
    ) in shown
    assert "MODELS" not in explain()


def test_a_speed_that_is_given_wins_over_the_projects() -> None:
    """As it does in a run."""
    with Path("alertdrill.toml").open("a") as file:
        file.write("speed = 12\n")
    assert "\nfailing  speed 12\n" in explain()
    assert "\nfailing  speed 4\n" in explain("--speed", "4")


def test_what_a_speed_cannot_divide_is_named() -> None:
    """With its place, as `alertdrill dilate` names it."""
    shown = explain("--speed", "12")
    assert "REFUSED: what cannot be divided by 12\nrules.yml:2: group g: interval 16s divided by the" in shown
    assert "REFUSED" not in explain("--speed", "4")


def test_drills_that_are_named_are_spoken_of_alone() -> None:
    """A name that no drill has is said with the one that was probably meant."""
    assert "failing" not in explain("busy").partition("DRILLS")[2]
    with pytest.raises(BadInput, match=r"the project has no drill 'bus'; do you mean 'busy'\?"):
        explain("bus")


def test_a_project_needs_rules_but_no_drills() -> None:
    """There is nothing to say of a project without rules."""
    Path("alertdrill.toml").write_text('rules = ["rules.yml"]\n')
    assert explain().endswith("the project names no drills\n")
    Path("alertdrill.toml").write_text("\n")
    with pytest.raises(BadInput, match=r"^alertdrill.toml:1: the project states no rules"):
        explain()


def test_a_project_file_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its paths are relative to it, wherever one stands."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "\nFailing  exact  " in explain("--project-file", "../alertdrill.toml")


def test_what_a_file_states_moves_no_cursor() -> None:
    """Control characters are escaped."""
    Path("rules.yml").write_text(RULES.replace("alert: Busy", r'alert: "Bu\e[2Jsy"'))
    Path("drills.yml").write_text(DRILLS.replace("alert: Busy", "alert: Failing"))
    assert "Bu\\x1b[2Jsy  accrues" in explain()


def test_a_drill_that_is_not_finished_keeps_no_other_from_being_named() -> None:
    """All of them cannot be held, and neither can it; the other one can."""
    Path("drills.yml").write_text(DRILLS + "  todo: say how many calls are many\n")
    project = read_project(Path("alertdrill.toml"))
    for names in ([], ["busy"]):
        with pytest.raises(BadInput, match=r"drills\.yml:10: busy is not finished: say how many"):
            read_project_drills(project, names)
    assert [drill.name for drill in read_project_drills(project, ["failing"])] == ["failing"]
