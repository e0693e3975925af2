"""docs/reference/project.schema.json says of project files what their reader takes."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.documents import walk
from support.project_files import PROJECT, write_project
from support.whole_runs import ROOT

from alertdrill.core.error_classes import ERROR_CLASSES
from alertdrill.errors import BadInput
from alertdrill.project import relabelling
from alertdrill.project.project import DIALECTS, Project
from alertdrill.project.reading import FIELDS, OUT, read_project
from docs_generator.behaviours import make_definitions
from stub_providers.behaviour_fields import FLAWS, LATENCIES, PARTS

SCHEMA = json.loads((ROOT / "docs" / "reference" / "project.schema.json").read_text())
BEHAVIOURS = make_definitions().keys()
READER = ROOT / "harness" / "alertdrill" / "project"
EXAMPLES = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "how-to" / "project.md").read_text(), re.DOTALL)
MINIMAL = '[target]\nurl = "https://gateway.example"\n[[scrape]]\njob = "g"\n'


def find_faults(text: str) -> list[str]:
    """Return what the schema finds wrong with a project file."""
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(tomllib.loads(text))]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Project]:
    """Return what reads a text as a project whose files are there."""

    def read_text(text: str) -> Project:
        return read_project(write_project(tmp_path, text))

    return read_text


def test_the_schema_is_one() -> None:
    """Editors take it."""
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_knows_the_fields_that_the_reader_takes() -> None:
    """No more, and no fewer."""
    code = "".join(path.read_text() for path in READER.glob("*.py"))
    taken = set(re.findall(r"""(?:_?take_\w+|has|_list_tables)\((?:\w+, )?"(\w+)\"""", code))
    tables = [SCHEMA, *(node for part, node in SCHEMA["$defs"].items() if part not in BEHAVIOURS)]
    stated = {
        name
        for table in tables
        for node in walk(table if table is not SCHEMA else {**SCHEMA, "$defs": {}})
        for name in node.get("properties", ())
        if "description" in node
    }
    assert stated == taken | {*relabelling.TEXTS, *PARTS}
    assert set(SCHEMA["properties"]) == set(FIELDS)


def test_the_schema_knows_the_words_and_defaults_of_the_code(read: Any) -> None:
    """A word that is added is added there, too."""
    kinds = SCHEMA["$defs"]
    assert kinds["provider"]["properties"]["dialect"]["enum"] == list(DIALECTS)
    assert kinds["relabel"]["properties"]["action"]["enum"] == list(relabelling.ACTIONS)
    for name, known in (("latency", LATENCIES), ("flaw", FLAWS)):
        named = [
            one["properties"]["kind"] for one in kinds[name]["anyOf"] if "kind" in one.get("required", ())
        ]
        assert named == [{"const": kind} for kind in known]
    by_class, mixed = kinds["errors"]["anyOf"]
    assert by_class["properties"]["class"]["enum"] == list(ERROR_CLASSES)
    assert list(mixed["properties"]["mix"]["properties"]) == list(ERROR_CLASSES)
    project = read(MINIMAL)
    (scrape,) = project.scrapes
    assert (project.name, OUT) == tuple(SCHEMA["properties"][key]["default"] for key in ("name", "out"))
    assert scrape.path == kinds["scrape"]["properties"]["path"]["default"]
    assert f"{scrape.interval_s:g}s" == kinds["scrape"]["properties"]["interval"]["default"]
    assert project.target.ready == kinds["target"]["properties"]["ready"]["default"]


@pytest.mark.parametrize("text", [PROJECT, MINIMAL, "", *EXAMPLES])
def test_what_can_be_read_is_valid(read: Any, text: str) -> None:
    """Every example of the manual, too."""
    read(text)
    assert find_faults(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("speed = 12", "sped = 12"),
        ("speed = 12", 'speed = "12"'),
        ("speed = 12", "speed = 0.5"),
        ("speed = 12", "speed = 500"),
        ('name = "litellm"', "name = 5"),
        ('name = "litellm"', 'name = "Lite LLM"'),
        ('["rules.yml"]', '"rules.yml"'),
        ('["rules.yml"]', "[1]"),
        ('["rules.yml"]', '["rules.yml", "rules.yml"]'),
        ("[[scrape]]", "[scrape]"),
        ('url = "http://127.0.0.1:4000/"\n', ""),
        ('url = "http', 'url = "ftp'),
        ('url = "http://', 'url = "http://user:pass@'),
        (":4000/", ":4000/?a=b"),
        ('"/health/readiness"', '"ready"'),
        ('command = ["litellm", "--port", "4000"]\n', ""),
        ('"--port", "4000"', '"--port", 4000'),
        ("API_BASE", '"API BASE"'),
        ('{env = "MASTER_KEY"}', '"sk-1234"'),
        ('{env = "MASTER_KEY"}', '{env = "sk-1234"}'),
        ('{env = "MASTER_KEY"}', '{env = "A", file = "b"}'),
        ('{env = "MASTER_KEY"}', "{}"),
        ("x-plain", "X-Api-Key"),
        ("x-plain", "Authorization"),
        ("x-plain", '"x plain"'),
        ('interval = "30s"', 'interval = "30 s"'),
        ('interval = "30s"', 'interval = "0s"'),
        ('interval = "30s"', "interval = 30"),
        ('path = "/metrics/"', 'path = "metrics"'),
        ('path = "/metrics/"', 'targets = ["http://x:1"]'),
        ('{source_labels = ["a"], target_label = "b", replacement = ""}', "{}"),
        ('target_label = "b"', 'target_labels = "b"'),
        ('target_label = "b"', 'action = "remove"'),
        ('dialect = "openai"', 'dialect = "opanai"'),
        ('dialect = "openai"\n', ""),
        ("port = 9101", "port = 70000"),
        ('kind = "constant"', 'kind = "constat"'),
        ("s = 0.2", "s = -1"),
        ('class = "timeout"', 'class = "tired"'),
        ("every = 3", "every = 3, next = 1"),
        ('lasts = "30s"\n', ""),
        ('["DeploymentDown"]', '"DeploymentDown"'),
    ],
)
def test_what_cannot_be_read_is_invalid(read: Any, old: str, new: str) -> None:
    """An editor marks what the reader refuses."""
    assert old in PROJECT
    text = PROJECT.replace(old, new, 1)
    with pytest.raises(BadInput):
        read(text)
    assert find_faults(text) != []


def test_a_scrape_wants_an_address() -> None:
    """Its own targets, or that of the project."""
    assert find_faults('[[scrape]]\njob = "g"\n') != []
    assert find_faults('[[scrape]]\njob = "g"\ntargets = ["h:1"]\n') == []
