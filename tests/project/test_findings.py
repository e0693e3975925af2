"""Tests of docs/reference/findings.md: what it names is there, and it says what is wrong with what is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.plain_yaml import read_yaml
from support.query_files import read_queries

from alertdrill.rules.files import read_rules
from alertdrill.systems import System, find_systems
from alertdrill.systems.catalogue import list_drills, override_values

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "reference" / "findings.md").read_text(encoding="utf-8")
SYSTEMS = find_systems()
PARTS = ("As written", "What happens", "Evidence", "Correction")
SECTIONS = {
    found.group(1): found.group(0)
    for found in re.finditer(r"^### (F-\w+-\d+): .*?(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
}
each_section = pytest.mark.parametrize("section", SECTIONS)
each_system = pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)


def find_system(section: str) -> System:
    """Return the system that a section is about."""
    (system,) = (one for one in SYSTEMS if section.startswith(f"F-{one.name.upper()}-"))
    return system


def read_as_written(system: System) -> set[str]:
    """Return the names of the alerts that a system keeps as written."""
    path = system.as_written_path
    return {rule.name for rule in read_rules(path).alerts} if path.exists() else set()


def list_texts(value: object) -> list[str]:
    """Return every text in a document, its white space made single blanks."""
    if isinstance(value, dict):
        return [text for entry in value.values() for text in list_texts(entry)]
    if isinstance(value, list):
        return [text for entry in value for text in list_texts(entry)]
    return [" ".join(str(value).split())]


def find_evidence(section: str) -> str:
    """Return the part of a section that says how it was shown."""
    return SECTIONS[section].partition("**Evidence**")[2].partition("**Correction**")[0]


def make_anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))


@each_section
def test_a_section_has_its_four_parts(section: str) -> None:
    """Each finding says what is written, what happens, how it was shown and what is right, in this order."""
    places = [SECTIONS[section].find(f"**{part}**") for part in PARTS]
    assert -1 not in places
    assert places == sorted(places)


def test_the_table_has_every_section_and_its_links_lead_there() -> None:
    """One row a section, in order, with its title and the anchor of its heading."""
    headings = re.findall(r"^### (F-\w+-\d+): (.*)$", TEXT, re.MULTILINE)
    rows = re.findall(r"^\| \[(F-\w+-\d+)\]\(#(.*?)\) \| (.*) \|$", TEXT, re.MULTILINE)
    assert rows == [(number, make_anchor(f"{number}: {title}"), title) for number, title in headings]
    assert list(SECTIONS) == [number for number, _ in headings]
    assert len(set(headings)) == len(headings) > len(SYSTEMS)


@each_system
def test_every_finding_that_a_system_names_has_its_section(system: System) -> None:
    """What queries.yml, a rule or a runbook calls a finding is one of that system's."""
    folder = "\n".join(path.read_text() for path in sorted(system.folder.iterdir()) if path.is_file())
    named = {query.finding for query in read_queries(system.queries_path)} - {None}
    named |= set(re.findall(r"\bF-\w+-\d+\b", folder))
    assert named <= SECTIONS.keys()
    assert {find_system(section) for section in named} <= {system}


@each_system
def test_every_rule_as_written_has_its_section(system: System) -> None:
    """Each alert that is kept as written is named in a section of its system, and no other is."""
    named = {
        alert
        for section in SECTIONS
        if find_system(section) == system
        for alert in re.findall(r"\b\w+AsWritten\b", SECTIONS[section])
    }
    assert named == read_as_written(system)


@each_section
def test_expressions_are_those_in_the_systems_folder(section: str) -> None:
    """An expression in a block is, but for white space, a text of the system's files."""
    system = find_system(section)
    texts = [
        text
        for name in ("queries.yml", "rules.yml", "as_written.yml")
        if (system.folder / name).exists()
        for text in list_texts(read_yaml(system.folder / name))
    ]
    for block in re.findall(r"```promql\n(.*?)```", SECTIONS[section], re.DOTALL):
        assert " ".join(block.split()) in texts, block


@each_section
def test_evidence_is_a_drill_a_test_or_said_to_be_none(section: str) -> None:
    """Whoever doubts a finding can repeat it, or is told that it was only read."""
    evidence = find_evidence(section)
    drills = re.findall(r"`([a-z_]+-[a-z0-9-]+)`", evidence)
    tests = re.findall(r"\btest_\w+|`tests/[^`]+`", evidence)
    assert drills or tests or "promtool check rules" in evidence or "by reading" in evidence


def test_drills_that_are_named_exist() -> None:
    """What looks like the name of a system's drill is one."""
    names = "|".join(system.name for system in SYSTEMS)
    named = set(re.findall(rf"`((?:{names})-[a-z0-9-]+)`", TEXT))
    assert named
    assert named <= {drill.name for drill in list_drills(override_values(()))}


def test_tests_and_files_that_are_named_exist() -> None:
    """A test that is evidence is in the test suite, and a path leads to a file."""
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for name in set(re.findall(r"\btest_\w+(?!\w*\.py)\b", re.sub(r"`tests/[^`]*`", "", TEXT))):
        assert f"def {name}(" in sources, name
    for path in set(re.findall(r"`((?:tests|harness|docs|scenarios)/[^`]*\.\w+)`", TEXT)):
        assert (ROOT / path).exists(), path
