"""Gatewayz's queries: as its documentation has them, before the real promtool of both generations."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from support.plain_yaml import read_yaml

from alertdrill.runtime.binaries import Generation, find_engines
from alertdrill.systems import find_systems

HERE = Path(__file__).parent
FOLDER = next(system.folder for system in find_systems() if system.name == "gatewayz")
QUERIES = read_yaml(FOLDER / "queries.yml")
BROKEN = "topk(10, increase(credits_used_total[24h]) by (user_id))"


@pytest.fixture(scope="module", params=list(Generation), ids=str)
def promtool(request: pytest.FixtureRequest) -> Path:
    """Return the promtool of a generation."""
    return find_engines(os.environ, generation=request.param).promtool


def run(promtool: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run promtool to its end."""
    return subprocess.run([promtool, *arguments], capture_output=True, text=True, timeout=60, check=False)


def check(promtool: Path, folder: Path, expr: str) -> subprocess.CompletedProcess[str]:
    """Have promtool check a rule file with an expression."""
    path = folder / "rules.yml"
    rule = {"record": "checked", "expr": expr}
    path.write_text(json.dumps({"groups": [{"name": "queries", "rules": [rule]}]}))
    return run(promtool, "check", "rules", str(path))


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query["name"])
def test_a_query_loads_as_shipped_and_all_but_one_as_written(promtool, tmp_path, query):
    """Only the query of the top users does not even load: an aggregation's `by` is on a function."""
    assert check(promtool, tmp_path, query["expr"]).returncode == 0
    as_written = check(promtool, tmp_path, query["as_written"])
    assert (as_written.returncode != 0) == (query["as_written"] == BROKEN), as_written.stderr
    if query["as_written"] == BROKEN:
        assert "unexpected <by>" in as_written.stdout + as_written.stderr


def test_queries_as_written_are_wrong_as_the_findings_say(promtool):
    """Each wrong query and its correction, on series of which the right answer is known."""
    tested = run(promtool, "test", "rules", str(HERE / "gatewayz_as_written.yml"))
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_a_query_is_changed_only_where_a_finding_says_why():
    """What is shipped differs from what is written where there is a finding, and only there."""
    for query in QUERIES:
        assert (query["expr"] != query["as_written"]) == ("finding" in query), query["name"]
