"""docs/reference/reliability.md and the tests of servers say the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

UNIT = Path(__file__).parents[2]
DOCUMENT = Path(__file__).parents[4] / "docs" / "reference" / "reliability.md"
TESTED = (
    UNIT / "runtime" / "servers" / "test_server_faults.py",
    UNIT / "runtime" / "servers" / "test_serving.py",
    UNIT / "runtime" / "servers" / "test_odd_requests.py",
    UNIT / "stacks" / "guard" / "test_guard_forwarding.py",
)
BESIDE = {"test_a_sentence_is_no_document", "test_filters_that_are_switches_are_understood"}
"""Tests that are about no fault."""


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    """A row whose test is gone is no promise, and a test without a row is a promise nobody reads."""
    (section,) = re.findall(r"^## Servers\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    rows = set(re.findall(r"\| (test_\w+) \|$", section, re.MULTILINE))
    tests = {
        node.name
        for path in TESTED
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }
    assert rows == tests - BESIDE
