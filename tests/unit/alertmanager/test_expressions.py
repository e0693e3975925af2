"""Tests of Go's regular expressions as Python's: which values they match, as amtool says it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from alertdrill.alertmanager.expressions import compile_expression
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines, Generation, find_engines

EXPRESSIONS = (
    *("a|b", "a.c", ".*", "", "(a|b)c", "(?:a|b)c", "(?P<n>a)b", "a$", "^a$", "a$b", "(a$)", "^$", r"\Aa\z"),
    *("[[:alpha:]]+", "[[:alpha:][:digit:]]+", "[^[:space:]]+", "[]a]+", "[^]a]+", "[a[]+", r"[\]a-]+"),
    *(
        "[a&&b]+",
        "[a||b]+",
        "[+--]+",
        "[[:punct:]]+",
        r"[\d\-x]+",
        r"\d+",
        r"\w+",
        r"\s",
        r"\S+",
        r"\.",
        r"a\|b",
    ),
    *("(?i)A", "a(?i)B", "(?i)a|B", "a(?i)b|C", "(a(?i)B)c", "(?i:A)B", "(?-i)a", "(?i)a(?-i)b", "(?s)a.c"),
    *(
        "a(?s).c",
        "(?s:a.c)",
        "(?m)^a$",
        "(?U)a+",
        "(?Ui)A+",
        "(?i)(a|B)c",
        "((?i)A|b)C",
        r"\Qa.c\E",
    ),
    *(
        "a{2}",
        "a{1,}",
        "a+?",
        "a*?b",
        "(a+)+b",
        r"\x61",
        r"\v",
        "a b",
        "ü",
        "(?i)Ü",
        r"a\b.*",
        r".\B.",
        r"[^\s]+",
        r"\D\W",
        "eu-(west|east)-[12]",
    ),
)
VALUES = (
    *("a", "c", "ab", "aB", "Ab", "ac", "BC", "bC", "aBc", "AC", "a.c", "a|b", "aa", "AA", "aab", "a1"),
    *("-", "a]", "a[", "&", "ü", "a b", "a\nc", "a\n", "eu-west-1", "C", "\n", "x-1"),
)


def list_found(engines: Engines, folder: Path, value: str) -> list[int]:
    """Return the numbers of the expressions that match a value, as amtool says it."""
    routes = [
        {"receiver": str(number), "match_re": {"x": expression}, "continue": True}
        for number, expression in enumerate(EXPRESSIONS)
    ]
    receivers = [{"name": name} for name in ("none", *map(str, range(len(EXPRESSIONS))))]
    path = folder / "alertmanager.yml"
    path.write_text(json.dumps({"route": {"receiver": "none", "routes": routes}, "receivers": receivers}))
    escaped = value.replace("\\", "\\\\").replace("\n", "\\n")
    argv = [engines.amtool, "config", "routes", "test", f"--config.file={path}", f'x="{escaped}"']
    finished = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stderr
    named = finished.stdout.strip().rpartition("\n")[2].split(",")
    return [int(name) for name in named if name != "none"]


@pytest.mark.parametrize("value", VALUES)
def test_expressions_match_what_they_match_in_go(tmp_path: Path, value: str) -> None:
    """Whole values, with Go's flags, classes and quotes."""
    engines = find_engines(os.environ, generation=Generation.NEWEST)
    ours = [
        number
        for number, expression in enumerate(EXPRESSIONS)
        if compile_expression(expression).fullmatch(value)
    ]
    found = list_found(engines, tmp_path, value)
    assert [EXPRESSIONS[number] for number in ours] == [EXPRESSIONS[number] for number in found]


@pytest.mark.parametrize(
    "expression", ["(", "*", "[", "a)", r"\pL", "[[:foo:]]", "(?z)a", "a{2,1}", "(" * 10_000]
)
def test_an_expression_that_cannot_be_read_is_bad_input(expression: str) -> None:
    """What is none, and what Python has nothing like."""
    with pytest.raises(BadInput, match="cannot be read"):
        compile_expression(expression)
