"""Where in an expression it is not PromQL, as far as the parser's words tell."""

from __future__ import annotations

import pytest

from alertdrill.errors import BadInput
from alertdrill.rules.promql.expressions import parse


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sum(rate(a[5m]) > 1", "unclosed left parenthesis, at character 4 of it"),
        ('sum(rate(a{b="("}[5m]) > 1', "unclosed left parenthesis, at character 4 of it"),
        ("sum(\n  rate(a[5m])\n  / max(b > 1)", "at line 1, character 4 of it"),
        (
            "sum(\n  rate(a[5m])\n  / raet(b[1m]))",
            "unknown function with name 'raet', at line 3, character 5 of it",
        ),
        ("raet(a[5m]) > 1\n", "with name 'raet', at character 1 of it"),
        ("rate(a) > 1", "got vector, at character 1 of it"),
        ("a{b=c} > 1", "expected string, at character 5 of it"),
        ("a[5q] > 1", "syntax: 5q, at character 3 of it"),
        ("a + on(b) group_left c{", "inside braces, at character 23 of it"),
    ],
)
def test_a_complaint_has_its_place(text: str, said: str) -> None:
    """As an editor counts; the line only where there are several."""
    with pytest.raises(BadInput) as caught:
        parse(text)
    assert str(caught.value).endswith(said)


@pytest.mark.parametrize(
    "text", ["sum(a) > ", "a > 1 1", "", "rate(a) + rate(b)", "raet(a) + raet(b)", "a[0s]"]
)
def test_a_place_that_is_not_certain_is_none(text: str) -> None:
    """The parser names no place, or a word that is there twice."""
    with pytest.raises(BadInput) as caught:
        parse(text)
    assert "character" not in str(caught.value)
