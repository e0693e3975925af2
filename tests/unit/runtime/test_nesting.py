"""Tests of depth: it is found before a parser goes there, in every format, and nothing else is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertdrill.alertmanager.config import parse_config
from alertdrill.errors import BadInput, BadRules, ComponentFailed
from alertdrill.gateway.config import read_config
from alertdrill.reports.history import parse_run
from alertdrill.rules.files import parse_rules
from alertdrill.rules.promql.expressions import parse
from alertdrill.runner.synthetic.client import Alertmanager
from alertdrill.runtime.http_client import Answer
from alertdrill.runtime.nesting import MAX_DEPTH, find_too_deep, load_json

BRACKETS = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "-" * 8000 + "x",
        "- " * 4000 + "x",
        "+".join(["1"] * 4000),
        " or ".join(["x"] * 1300),
        "x[" + "+".join(["1s"] * 2000) + "]",
        "x[" + "(" * 3000 + "5m" + ")" * 3000 + "]",
        "x offset (" * 700,
        "x offset " + "(" * 3000 + "5m" + ")" * 3000,
        "(" * 4000 + "x" + ")" * 4000,
        "abs(" * 1300 + "x" + ")" * 1300,
        "x @ " + "-" * 3000 + "1",
        "(" + "+".join(["1"] * 150) + ")" + "+1" * 150,
    ],
    ids=lambda text: text[:12],
)
def test_an_expression_is_refused_before_it_is_parsed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs, operators, brackets and durations that are nested deeply never reach the parser."""
    monkeypatch.setattr("alertdrill.rules.promql.expressions.ast.parse", None)
    monkeypatch.setattr("alertdrill.rules.promql.text.ast.parse", None)
    with pytest.raises(BadInput, match="nested"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        " or ".join(["x"] * 99),
        " + ".join(["a * b"] * 98),
        "label_join(" * 97 + "x" + ', "a", ",")' * 97,
        "(" * 98 + "x" + ")" * 98,
        "sum by (" + ", ".join(f"l{number}" for number in range(900)) + ") (x)",
        'x{a="' + "((((----" * 500 + '"}',
        "x # " + "-(" * 2000,
        " + ".join(["1e-5"] * 95),
        "clamp(x, " + ", ".join([" + ".join(["1"] * 90)] * 2) + ") + 1",
    ],
    ids=lambda text: text[:12],
)
def test_what_the_tree_may_have_is_not_refused(text: str) -> None:
    """Up to a hundred levels are taken, and what is in texts, comments and lists adds none."""
    assert parse(text)


def test_eight_thousand_signs_take_little_memory() -> None:
    """A process with 600 MB of address space more than Python's own reads them, and refuses them."""
    code = (
        "import resource\n"
        "from alertdrill.errors import BadInput\n"
        "from alertdrill.rules.promql.expressions import parse\n"
        "resource.setrlimit(resource.RLIMIT_AS, (900_000_000, 900_000_000))\n"
        "for text in ('-' * 8000 + 'x', '+'.join(['1'] * 4000), 'x[' + '(' * 3000 + ')' * 3000 + ']'):\n"
        "    try:\n        parse(text)\n    except BadInput as error:\n        print(error)\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("nested") == 3


@pytest.mark.parametrize("text", ["[" * BRACKETS, '{"a":' * BRACKETS, "[" * BRACKETS + "]" * BRACKETS])
def test_a_deep_document_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    """A timeline and a gateway's config of a hundred thousand brackets are bad input."""
    with pytest.raises(ValueError, match="line 2: nested more than 100 levels deep"):
        load_json("\n" + text)
    with pytest.raises(ValueError, match="line 1: nested"):
        parse_run(text)
    path = tmp_path / "gateway.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"gateway\.json: .*line 1: nested"):
        read_config(path)


class CannedApi:
    """Answers everything with one body."""

    def __init__(self, body: str) -> None:
        self._body = body

    def get(self, _path: str) -> Answer:
        """Return the body."""
        return Answer(self._body.encode())


@pytest.mark.parametrize(
    "body", ["[" * BRACKETS, json.dumps({"config": {"original": "route: " + "[" * BRACKETS}})]
)
def test_a_deep_answer_is_none_of_an_alertmanager(body: str) -> None:
    """What `page` asks may answer brackets, or have them in its config."""
    alertmanager = Alertmanager(CannedApi(body))  # type: ignore[arg-type] # it is only asked
    with pytest.raises(ComponentFailed, match="is no Alertmanager"):
        alertmanager.read_status()
    with pytest.raises(ComponentFailed, match="is no Alertmanager"):
        alertmanager.read_groups()


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_yaml_is_refused_with_file_and_line(opening: str) -> None:
    """Rules and an alertmanager.yml of a hundred thousand levels are refused where they get too deep."""
    text = "# deep\n" + opening * BRACKETS
    with pytest.raises(BadRules, match=r"^deep\.yml:2: the file is nested too deeply"):
        parse_rules(text, "deep.yml")
    with pytest.raises(BadInput, match=r"^deep\.yml:2: the file is nested too deeply"):
        parse_config(text, "deep.yml")


def test_yaml_is_as_deep_as_its_indentation() -> None:
    """Levels without brackets count, and levels side by side do not add up."""
    nested = "".join(f"{' ' * level}a:\n" for level in range(MAX_DEPTH))
    assert find_too_deep(nested) is None
    assert find_too_deep(nested + f"{' ' * MAX_DEPTH}a: 1\n") == MAX_DEPTH + 1
    assert find_too_deep("- [[]]\n" * 1000) is None


def measure(value: object) -> int:
    """Return how many levels a value has."""
    if isinstance(value, dict):
        return 1 + max(map(measure, value.values()), default=0)
    return 1 + max(map(measure, value), default=0) if isinstance(value, list) else 0


@given(
    st.recursive(
        st.none() | st.integers() | st.text('[]{}"\\,:a\n', max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}"\\a'), inner, max_size=3),
        max_leaves=30,
    ),
    st.integers(min_value=90, max_value=110),
)
def test_exactly_what_is_too_deep_is_refused(value: object, around: int) -> None:
    """Brackets in texts, quotes and escapes mislead nobody."""
    deep = value
    for _ in range(around):
        deep = [deep, "]"]
    text = json.dumps(deep)
    if measure(deep) > MAX_DEPTH:
        with pytest.raises(ValueError, match="nested"):
            load_json(text)
    else:
        assert load_json(text) == deep
