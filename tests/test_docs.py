"""Tests of what the documents promise: alerts, drills, commands and files that they name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from alertdrill.cli.main import cli
from alertdrill.rules.files import read_rules
from alertdrill.systems import System, find_systems
from alertdrill.systems.catalogue import list_drills, override_values

ROOT = Path(__file__).resolve().parents[1]
SYSTEMS = find_systems()
PAGES_WITH_COMMANDS = ("coverage", "load", "paging", "stores", "values")


def read_headings(path: Path) -> set[str]:
    """Return the anchors of a Markdown file's second-level headings."""
    return {
        line.removeprefix("## ").strip().lower()
        for line in path.read_text().splitlines()
        if line[:3] == "## "
    }


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_alert_has_its_runbook_entry_and_links_to_it(system: System) -> None:
    """One alert, one runbook entry, one link that leads there, and the annotations that a page needs."""
    runbook = system.folder / "runbook.md"
    alerts = read_rules(system.rules_path).alerts
    assert read_headings(runbook) == {rule.name.lower() for rule in alerts}
    for rule in alerts:
        link = f"{runbook.relative_to(ROOT)}#{rule.name.lower()}"
        assert rule.annotations["runbook_url"] == link
        assert rule.annotations["summary"]
        assert rule.annotations["description"]
        assert rule.labels["system"] == system.name
        assert rule.labels["severity"] in {"critical", "warning"}


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_drill_that_a_runbook_names_exists(system: System) -> None:
    """A runbook says nothing of drills that are not there."""
    named = set(re.findall(rf"`({system.name}-[a-z-]+)`", (system.folder / "runbook.md").read_text()))
    assert named
    assert named <= {drill.name for drill in list_drills(override_values(()))}


def test_the_changelog_counts_the_drills_rightly() -> None:
    """The number of drills among the unreleased changes is the number there is."""
    drills = list_drills(override_values(()))
    unreleased = (ROOT / "CHANGELOG.md").read_text().split("\n## ")[1]
    assert f"{len(drills)} drills" in unreleased


@pytest.mark.parametrize("name", ["README.md", *(f"docs/{page}.md" for page in PAGES_WITH_COMMANDS)])
def test_every_command_and_option_in_a_document_exists(name: str) -> None:
    """`alertdrill NAME --option` in the README and its pages is understood by the command line."""
    lines = re.findall(r"^\$ alertdrill (.*?)(?:\s+#.*)?$", (ROOT / name).read_text(), re.MULTILINE)
    assert lines
    for line in lines:
        name, *rest = line.split()
        shown = CliRunner().invoke(cli, [name, "--help"], prog_name="alertdrill").output
        assert f"Usage: alertdrill {name}" in shown
        for option in re.findall(r"--[a-z-]+", " ".join(rest)):
            assert option in shown, f"{line}: {option}"


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name
)
def test_every_link_of_a_document_leads_somewhere(page: Path) -> None:
    """A link is written as seen from its page; what is below out/ is made by a run."""
    for path in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / path).exists(), path


@pytest.mark.parametrize(
    "name", ["README.md", *(f"docs/{page}.md" for page in (*PAGES_WITH_COMMANDS, "drills"))]
)
def test_every_file_in_a_document_exists(name: str) -> None:
    """Paths in the README and in the pages that it was divided into lead somewhere."""
    text = (ROOT / name).read_text()
    for path in re.findall(r"\b(?:scenarios|harness)/[\w./]+\w", text):
        assert (ROOT / path).exists(), path


def test_every_test_that_reliability_names_is_there() -> None:
    """A row that says what happens names the test that holds it."""
    named = set(re.findall(r"\btest_\w+", (ROOT / "docs" / "reliability.md").read_text()))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert named
    assert named <= defined


def test_the_readme_is_short() -> None:
    """A newcomer reads about 150 lines; the rest is in docs/."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 160
