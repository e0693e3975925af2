"""`alertdrill gate` in a repository of a project's own, and on the house."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from support.gated_repository import ask_git, make_repository, run_git
from support.report_documents import read_document
from support.whole_runs import ROOT, CommandLine, Finished

TEXTED = """\
route: {receiver: chat, group_by: [alertname]}
templates: [texts/*.tmpl]
receivers:
- name: chat
  slack_configs:
  - {api_url: "http://127.0.0.1:9/x", channel: "#chat", title: '{{ template "own" . }}'}
"""
HOUR = ("--recordings", "recordings")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository, in a folder whose name has a space."""
    return make_repository(tmp_path / "a repository")


def change(repository: Path, old: str, new: str, name: str = "rules.yml") -> None:
    """Change a file on disk."""
    text = (repository / name).read_text()
    assert old in text
    (repository / name).write_text(text.replace(old, new))


def gate(alertdrill: CommandLine, repository: Path, *arguments: str) -> Finished:
    """Gate what is on disk."""
    return alertdrill.run_here("gate", *arguments, folder=repository)


def test_nothing_touched_is_said(alertdrill: CommandLine, repository: Path) -> None:
    """A comment is no change; no recording is needed to say so."""
    change(repository, "groups:", "# why\ngroups:")
    finished = gate(alertdrill, repository)
    assert (finished.code, finished.err) == (0, "")
    assert finished.out.endswith("no rule, route or setting means anything else than before\n")


def test_a_touched_alert_is_shown_before_and_after(alertdrill: CommandLine, repository: Path) -> None:
    """The rule's line, the field, and when the alert did what in each drill; its near miss is not met now."""
    change(repository, "> 100", "> 200")
    finished = gate(alertdrill, repository, *HOUR, "--out", "out", "--format", "github")
    assert finished.code == 1, finished.err
    assert "rules.yml:4: Deep: changed" in finished.out
    assert "- depth > 100" in finished.out
    assert "+ depth > 200" in finished.out
    assert "    + silent" in finished.out
    assert "·▒" in finished.out or "·█" in finished.out
    assert "✗ deep is not met: Deep: missing: " in finished.out
    assert "::error file=rules.yml,line=4,title=alertdrill gate::deep is not met: " in finished.out
    assert "**silent**<br>`···" in (repository / "out" / "gate.md").read_text()
    document = read_document((repository / "out" / "report.html").read_text(encoding="utf-8"))
    assert [(one["name"], one["kind"]) for one in document["entries"]] == [("Deep", "unmet")]
    assert document["entries"][0]["effects"][0]["bands"] == [
        [["pending", 600.0, 720.0], ["firing", 720.0, 1200.0]],
        [],
    ]
    suite = ET.parse(repository / "out" / "junit.xml").getroot()[0]  # noqa: S314 - written just now
    assert suite.get("failures") == "1"
    assert [case.get("name") for case in suite.iter("testcase")] == ["Deep"]


def test_code_scanning_has_a_place_for_each_result(alertdrill: CommandLine, repository: Path) -> None:
    """SARIF has the standard output alone; what people read is beside it."""
    change(repository, "> 100", "> 200")
    finished = gate(alertdrill, repository, *HOUR, "--format", "sarif")
    assert finished.code == 1
    (run,) = json.loads(finished.out)["runs"]
    assert {result["ruleId"] for result in run["results"]} <= {
        rule["id"] for rule in run["tool"]["driver"]["rules"]
    }
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert {(place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in places} == {
        ("rules.yml", 4)
    }
    assert "Deep: changed" in finished.err


def test_nothing_but_the_reports_is_written(alertdrill: CommandLine, repository: Path) -> None:
    """The base is read, and not checked out."""
    change(repository, "> 100", "> 90")
    gate(alertdrill, repository, *HOUR)
    assert ask_git(repository, "status", "--porcelain") == " M rules.yml\n"


def test_an_alert_without_drills_is_not_let_in(alertdrill: CommandLine, repository: Path) -> None:
    """It wants one that it fires and resolves in, and one that comes near."""
    change(repository, "  rules:\n", "  rules:\n  - {alert: New, expr: depth > 1}\n")
    finished = gate(alertdrill, repository, *HOUR)
    assert finished.code == 1
    assert "New: new" in finished.out
    assert "✗ New: no drill makes it fire and resolve: write one" in finished.out
    assert "✗ New: no drill comes near without making it fire: write one" in finished.out


def test_nothing_need_come_near_to_what_is_equal_or_not(alertdrill: CommandLine, repository: Path) -> None:
    """As init says of such a rule; a drill that fires it is wanted all the same."""
    change(repository, "  rules:\n", "  rules:\n  - {alert: Down, expr: depth == 1}\n")
    finished = gate(alertdrill, repository, *HOUR)
    assert finished.code == 1
    assert "✗ Down: no drill makes it fire and resolve" in finished.out
    assert "✗ Down: no drill comes near" not in finished.out


def test_who_knows_better_says_so_in_the_rule(alertdrill: CommandLine, repository: Path) -> None:
    """With a reason, for each drill that there is not; lint has nothing against such a comment."""
    fires = "  # alertdrill ignore no-firing-drill: it would take the database away\n"
    near = "  # alertdrill ignore no-near-miss: it counts one or none\n"
    rule = "  - {alert: New, expr: depth > 1000}\n"
    change(repository, "  rules:\n", f"  rules:\n{fires}{near}{rule}")
    finished = gate(alertdrill, repository, *HOUR)
    assert "New: new" in finished.out
    assert "no drill" not in finished.out
    linted = alertdrill.run_here("lint", "rules.yml", folder=repository)
    assert "ignore-comment" not in linted.out
    change(repository, near, "  # alertdrill ignore no-near-miss\n")
    finished = gate(alertdrill, repository, *HOUR)
    assert finished.code == 1
    assert "✗ New: no drill comes near without making it fire: write one" in finished.out
    assert "# alertdrill ignore no-near-miss: why" in " ".join(finished.out.split())


def test_alerts_that_are_paged_otherwise_are_named(alertdrill: CommandLine, repository: Path) -> None:
    """Though no rule says anything else."""
    change(repository, "receiver: oncall, routes", "receiver: chat, routes", "alertmanager.yml")
    finished = gate(alertdrill, repository, *HOUR, "--format", "github")
    assert "Deep: paged otherwise" in finished.out
    assert "Low: paged otherwise" not in finished.out
    assert finished.code == 1
    said = 'deep (drills/own.yml:2) expects Deep{queue="a"} to page oncall, and it ends at chat, which'
    assert f"✗ {said}" in finished.out
    assert f"::error file=alertmanager.yml,line=1,title=alertdrill gate::{said}" in finished.out


def test_a_drill_of_an_alert_that_was_taken_away_is_wrong(alertdrill: CommandLine, repository: Path) -> None:
    """The drill's line is annotated, and no other alert is said to be meant."""
    change(repository, "  - {alert: Low, expr: level > 3}\n", "")
    finished = gate(alertdrill, repository, "--format", "github", "--recordings", "recordings")
    assert finished.code == 1, finished.err
    said = "near (drills/own.yml:10) expects Low, which this change takes away: keep it, or change the drill"
    assert f"✗ {said}" in finished.out
    assert f"::error file=drills/own.yml,line=10,title=alertdrill gate::{said}" in finished.out
    assert "do you mean" not in finished.out


def test_a_text_that_changed_is_shown_as_it_is_read(alertdrill: CommandLine, repository: Path) -> None:
    """Templates are read of the commit, too; a real Alertmanager makes both texts."""
    (repository / "alertmanager.yml").write_text(TEXTED)
    (repository / "texts").mkdir()
    (repository / "texts" / "own.tmpl").write_text(
        '{{ define "own" }}Look at {{ .GroupLabels.alertname }}{{ end }}'
    )
    run_git(repository, "add", "-A")
    run_git(repository, "commit", "-qm", "texts")
    assert gate(alertdrill, repository).out.endswith("means anything else than before\n")
    change(repository, "Look at", "Please mend", "texts/own.tmpl")
    finished = gate(alertdrill, repository, "--out", "out")
    assert finished.code == 0, finished.err
    said = finished.out.splitlines()
    assert "chat reads otherwise by slack, of Deep" in said
    assert [line.strip()[:2] for line in said if "Look at Deep" in line or "Please mend Deep" in line] == [
        "- ",
        "+ ",
    ]
    assert "The Alertmanager config says something else in templates." in said
    assert "```diff\n" in (repository / "out" / "gate.md").read_text()


def test_what_lint_finds_in_a_changed_rule_is_said(alertdrill: CommandLine, repository: Path) -> None:
    """What can never fire is wrong; what it found before the change is not said again."""
    change(repository, "expr: depth > 100", "expr: 'rate(depth[5m]) < 0'")
    finished = gate(alertdrill, repository, *HOUR, "--format", "github")
    assert finished.code == 1
    assert "[never-met]" in finished.out
    assert "::error file=rules.yml,line=4,title=alertdrill gate::Deep: " in finished.out
    assert "Low: " not in finished.out


def test_a_score_that_fell_is_said(alertdrill: CommandLine, repository: Path) -> None:
    """The drill is met all the same, but notices fewer mistakes: one of two conditions is enough."""
    change(repository, "expr: depth > 100", "expr: depth > 100 or depth > 120")
    finished = gate(alertdrill, repository, *HOUR, "--out", "out")
    assert "! Deep: the drills notice " in finished.out
    assert "deep is not met" not in finished.out
    document = read_document((repository / "out" / "report.html").read_text(encoding="utf-8"))
    assert [one["says"] for one in document["troubles"] if one["kind"] == "warned"][-1] in finished.out
    assert "% before" in document["entries"][0]["score"]


def test_a_commit_is_the_base_that_is_named(alertdrill: CommandLine, repository: Path) -> None:
    """What was committed since is a change beside it, and none beside the last commit."""
    change(repository, "> 100", "> 200")
    run_git(repository, "commit", "-qam", "second")
    assert gate(alertdrill, repository).code == 0
    assert gate(alertdrill, repository, *HOUR, "--base", "HEAD~1").code == 1


def test_a_rule_file_that_is_there_no_more_was_there(alertdrill: CommandLine, repository: Path) -> None:
    """What the project named in the commit is read of the commit."""
    (repository / "rules.yml").rename(repository / "other.yml")
    change(repository, '"rules.yml"', '"other.yml"', "alertdrill.toml")
    change(repository, "> 100", "> 200", "other.yml")
    finished = gate(alertdrill, repository, *HOUR)
    assert "other.yml:4: Deep: changed" in finished.out


def test_links_and_submodules_are_read_of_the_commit(alertdrill: CommandLine, repository: Path) -> None:
    """A file that a link leads to, or that a submodule had, is what was there before."""
    inner = repository.parent / "inner"
    inner.mkdir()
    (repository / "rules.yml").rename(inner / "rules.yml")
    run_git(inner, "init", "-q")
    run_git(inner, "add", "-A")
    run_git(inner, "commit", "-qm", "inner")
    run_git(repository, "-c", "protocol.file.allow=always", "submodule", "-q", "add", str(inner), "shared")
    (repository / "rules.yml").symlink_to("shared/rules.yml")
    run_git(repository, "add", "-A")
    run_git(repository, "commit", "-qm", "linked")
    assert gate(alertdrill, repository).out.endswith("means anything else than before\n")
    change(repository, "> 100", "> 200", "shared/rules.yml")
    assert "Deep: changed" in gate(alertdrill, repository, *HOUR).out


def test_a_repository_says_why_it_knows_no_commit(alertdrill: CommandLine, repository: Path) -> None:
    """A shallow clone lacks its history, and a new repository has none."""
    run_git(repository, "commit", "-q", "--allow-empty", "-m", "second")
    shallow = repository.parent / "shallow"
    run_git(repository, "clone", "-q", "--depth", "1", f"file://{repository}", str(shallow))
    assert "this clone is shallow" in gate(alertdrill, shallow, "--base", "HEAD~1").err
    shutil.rmtree(repository / ".git")
    run_git(repository, "init", "-q")
    assert "the repository has no commit yet" in gate(alertdrill, repository).err


def test_what_cannot_be_compared_is_named(alertdrill: CommandLine, repository: Path) -> None:
    """A name that git does not know, a folder without a repository, a project without recordings."""
    unknown = gate(alertdrill, repository, "--base", "nobody")
    assert (unknown.code, unknown.err) == (
        2,
        "alertdrill: --base nobody: git knows no commit by that name\n",
    )
    option = gate(alertdrill, repository, "--base", "--help-me")
    assert option.code == 2
    change(repository, "> 100", "> 200")
    unnamed = gate(alertdrill, repository)
    assert unnamed.code == 2
    assert "name them with --recordings" in unnamed.err
    shutil.rmtree(repository / ".git")
    outside = gate(alertdrill, repository)
    assert outside.code == 2
    assert "no git repository" in outside.err


def test_a_drill_without_a_recording_is_not_green(alertdrill: CommandLine, repository: Path) -> None:
    """Nobody can tell what the change does in it."""
    (repository / "recordings" / "deep.om.gz").unlink()
    change(repository, "> 100", "> 99")
    finished = gate(alertdrill, repository, *HOUR)
    assert finished.code in {1, 3}
    assert "deep: recordings/deep.om.gz: is not there" in finished.out


def test_the_house_is_gated_by_what_is_on_disk(alertdrill: CommandLine) -> None:
    """The rules as they stand in the systems' folders, beside the last commit."""
    finished = alertdrill.run_here("gate", folder=ROOT)
    assert finished.code in {0, 1}, finished.err
    assert "Beside HEAD (" in finished.out
