"""Tests of where a finding is: the line and the column of the word that it is about."""

from __future__ import annotations

import pytest
from support.linted import lint_text

HEAD = "groups:\n- name: a\n  rules:\n  - alert: A\n    for: 5m\n"


def find_place(text: str, check: str = "never-met") -> str:
    """Return what stands in a text where the one finding of a check is, up to a blank."""
    (finding,) = (one for one in lint_text(text) if one.check == check)
    line = text.split("\n")[finding.line - 1]
    return f"{finding.line}: {line[finding.column - 1 :].split(' ')[0]}"


@pytest.mark.parametrize(
    ("expr", "place"),
    [
        ("    expr: up >2", "6: >2"),
        ('    expr: "up >2"', '6: >2"'),
        ("    expr: 'x{a=''>''} or up >2'", "6: >2'"),
        ('    expr: "x{a=\\">\\"} or\\tup >2"', '6: >2"'),
        ("    expr: |\n      x\n      or up\n      >2", "9: >2"),
        ("    expr: >-\n      x\n      or up >2", "8: >2"),
        ("    expr: x\n      or up >2", "7: >2"),
        ("    expr: |2\n      x or up >2", "7: >2"),
        ("    expr: &here up >2", "6: >2"),
        ("    expr: !!str up >2", "6: >2"),
        ("    expr: |\n      # up > 2\n      up >2", "8: >2"),
        ("    expr: sum by (up) (x > 1) > 3 or on () up >2", "6: >2"),
        ("    expr: x offset 5m > 1 or x[5m:1m] offset -2m > 1 or up >2", "6: >2"),
        ("    expr: x > 1 and on () (up >2 )", "6: >2"),
        ('    expr: x{a="é ü >"} or up >2', "6: >2"),
        ("    expr: x > 0.1 or -1 < y or 0x10 < z or up >2", "6: >2"),
    ],
)
def test_a_part_is_found_in_any_way_of_writing(expr: str, place: str) -> None:
    """Plain, quoted, in blocks, over several lines, with anchors, tags, comments and what looks alike."""
    text = HEAD + expr.replace("x[5m:1m] offset -2m", "max_over_time(x[5m:1m] offset 2m)") + "\n"
    assert find_place(text) == place


def test_a_field_is_found_by_its_key() -> None:
    """What is wrong with a text is told where the text is."""
    text = HEAD + "    expr: sum(x) > 1\n    annotations:\n      summary: '{{ $labels.a }}'\n"
    assert find_place(text, "template-label") == "8: summary:"


def test_what_is_missing_is_found_at_the_name() -> None:
    """There is no other place for it."""
    assert find_place(HEAD + "    expr: x > 1\n", "missing-severity") == "4: alert:"


def test_an_alias_is_found_where_it_stands() -> None:
    """An expression that is written elsewhere has no characters here."""
    text = HEAD + "    expr: &e up > 2\n  - alert: B\n    expr: *e\n    for: 5m\n"
    found = [(one.line, one.column) for one in lint_text(text) if one.check == "never-met"]
    assert found == [(6, 17), (8, 11)]


def test_resources_of_the_operator_are_found_alike() -> None:
    """The lines are those of the manifest."""
    text = "apiVersion: v1\nkind: PrometheusRule\nspec:\n  groups:\n  - name: a\n    rules:\n"
    assert find_place(f"{text}    - alert: A\n      expr: up >2\n      for: 5m\n") == "8: >2"
