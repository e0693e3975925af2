"""Tests of what the documents promise: alerts, drills, commands and files that they name exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from alertdrill.cli.main import cli
from alertdrill.rules.files import read_rules
from alertdrill.systems import System, find_systems
from alertdrill.systems.catalogue import list_drills, override_values
from docs_generator.pages import make_pages

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = find_systems()
DOCS = ROOT / "docs"
PAGES = [
    *sorted(DOCS.rglob("*.md")),
    *(
        ROOT / name
        for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
    ),
    ROOT / "deploy" / "kubernetes" / "README.md",
    *(system.folder / "runbook.md" for system in SYSTEMS),
]
WITH_COMMANDS = {
    "README.md",
    "docs/explanation/paging.md",
    *(f"docs/how-to/{name}.md" for name in ("coverage", "load", "stores", "values")),
}
MADE = {"alertdrill/shipped/"}
"""What is there in a wheel only."""
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
PARTS = ("tutorial", "how-to", "reference", "explanation")


def read_headings(path: Path) -> set[str]:
    """Return the anchors of a Markdown file's headings, as GitHub and mkdocs make them."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower() for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_alert_has_its_runbook_entry_and_links_to_it(system: System) -> None:
    """One alert, one runbook entry, one link that leads there, and the annotations that a page needs."""
    runbook = system.folder / "runbook.md"
    alerts = read_rules(system.rules_path).alerts
    entries = re.findall(r"^## (.*)$", runbook.read_text(), re.MULTILINE)
    assert set(entries) == {rule.name for rule in alerts}
    assert {entry.lower() for entry in entries} <= read_headings(runbook)
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


@each_page
def test_every_command_and_option_in_a_document_exists(page: Path) -> None:
    """`alertdrill NAME --option` in a document is understood by the command line."""
    lines = re.findall(r"^ *\$ (?:\.venv/bin/)?alertdrill (.*?)(?:\s+#.*)?$", page.read_text(), re.MULTILINE)
    assert lines or page.relative_to(ROOT).as_posix() not in WITH_COMMANDS
    for line in lines:
        name, *rest = line.split()
        shown = CliRunner().invoke(cli, [name, "--help"], prog_name="alertdrill").output
        assert f"Usage: alertdrill {name}" in shown
        for option in re.findall(r"(?<!\S)--[a-z-]+", " ".join(rest)):
            assert option in shown, f"{line}: {option}"


@each_page
def test_every_link_of_a_document_leads_somewhere(page: Path) -> None:
    """A link is written as seen from its page, and its anchor is a heading there."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for path, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)", text):
        target = page.parent / path if path else page
        assert target.exists(), path
        if anchor:
            assert anchor in read_headings(target), f"{path}#{anchor}"


@each_page
def test_every_file_in_a_document_exists(page: Path) -> None:
    """Paths into the checkout lead somewhere; patterns and placeholders are not looked for."""
    for path in re.findall(
        r"(?<![\w./-])(?:scenarios|harness|docs|tests)/[\w./-]+\w(?![\w*/…-])", page.read_text()
    ):
        if page.name != "CHANGELOG.md":
            assert (ROOT / path).exists(), path


def test_every_file_that_code_refers_to_in_docs_exists() -> None:
    """Comments, annotations and messages name pages that are there."""
    for folder in (
        "harness",
        "stub_providers",
        "scenarios",
        "benchmarks",
        "fuzz",
        "docs_generator",
        "tests",
        "deploy",
    ):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".yml", ".yaml", ".md"}:
                for name in re.findall(r"(?<![\w/])docs/[\w/-]+\.md", path.read_text()):
                    assert (ROOT / name).exists(), f"{path}: {name}"


def test_every_page_stands_in_one_part_and_on_the_index() -> None:
    """A reader finds each page from docs/index.md and in the site's navigation."""
    index, navigation = (DOCS / "index.md").read_text(), (ROOT / "mkdocs.yml").read_text()
    for page in DOCS.rglob("*.md"):
        name = page.relative_to(DOCS).as_posix()
        assert name in {"index.md", "glossary.md"} or name.split("/")[0] in PARTS
        assert name == "index.md" or f"({name})" in index, name
        assert f"- {name}\n" in navigation, name


@pytest.mark.parametrize(
    ("name", "text"), make_pages().items(), ids=lambda part: part if len(part) < 40 else ""
)
def test_a_generated_page_is_up_to_date(name: str, text: str) -> None:
    """`make generate` would change nothing in docs/reference."""
    assert (DOCS / "reference" / name).read_text() == text


def test_every_test_that_reliability_names_is_there() -> None:
    """A row that says what happens names the test that holds it."""
    named = set(re.findall(r"\btest_\w+", (ROOT / "docs" / "reference" / "reliability.md").read_text()))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert named
    assert named <= defined


def test_the_readme_is_short() -> None:
    """A newcomer reads 150 lines at most; the rest is in docs/."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_the_architecture_is_short() -> None:
    """Who changes something reads 200 lines at most before; and each module that they name is there."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert len(text.splitlines()) <= 200
    for path in re.findall(r"`([a-z_]+/[a-z_/]+(?:\.py)?)`", text):
        if path not in MADE:
            assert (ROOT / path).exists() or (ROOT / "harness" / "alertdrill" / path).exists(), path


def test_the_manual_builds_without_a_warning(tmp_path: Path) -> None:
    """`make docs` ends well; strictly, so a link or an anchor that leads nowhere would fail it."""
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "site" / "reference" / "cli.html").exists()
