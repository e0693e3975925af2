"""Tests of the comments that ignore a check: `# alertdrill ignore CHECK until DATE: why`."""

from __future__ import annotations

import pytest
from support.linted import lint_text

RULES = """groups:
- name: a
  rules:
  - alert: First
    # IN FIRST
    expr: queue > 5 # BEHIND
  # ABOVE SECOND
  - alert: Second
    expr: |
      # IN EXPR
      queue > 6
"""


def list_found(text: str, check: str = "no-for") -> list[str]:
    """Return the rules, or the lines, of which one check says something."""
    return [one.rule or str(one.line) for one in lint_text(text) if one.check == check]


@pytest.mark.parametrize(
    ("place", "left"),
    [
        ("IN FIRST", ["Second"]),
        ("BEHIND", ["Second"]),
        ("ABOVE SECOND", ["First"]),
        ("IN EXPR", ["First"]),
    ],
)
def test_a_comment_holds_for_its_rule(place: str, left: list[str]) -> None:
    """It stands in the rule, or right above it."""
    text = RULES.replace(place, "alertdrill ignore no-for: it is so")
    assert list_found(text) == left
    assert list_found(text, "ignore-comment") == []


@pytest.mark.parametrize("above", ["- name: a", "groups:"])
def test_a_comment_above_holds_for_all_below(above: str) -> None:
    """Above a group it holds for the group's rules, above `groups:` for the file."""
    text = RULES.replace(above, f"# alertdrill ignore no-for: it is so\n{above}")
    assert list_found(text) == []
    assert list_found(text, "ignore-comment") == []


def test_a_comment_ignores_no_other_check() -> None:
    """What is not named is found."""
    text = RULES.replace("IN FIRST", "alertdrill ignore missing-severity, missing-summary: it is so")
    assert list_found(text) == ["First", "Second"]
    assert list_found(text, "missing-severity") == list_found(text, "missing-summary") == ["Second"]


def test_a_comment_may_have_an_end() -> None:
    """Up to that day, and on it, the check is ignored."""
    text = RULES.replace("IN FIRST", "alertdrill ignore no-for until 2026-11-30: it is so")
    assert list_found(text) == ["Second"]


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("alertdrill ignore", "does not say which check"),
        ("alertdrill ignoer no-for: it is so", "its word is 'ignoer'"),
        ("alertdrill disable no-for: it is so", "its word is 'disable'"),
        ("alertdrill ignore NO-FOR: it is so", "no check 'NO-FOR'"),
        ("alertdrill ignore no-for", "gives no reason"),
        ("alertdrill ignore no-for:", "gives no reason"),
        ("alertdrill ignore no-for until 2026-11-29: it was so", "2026-11-29 is past"),
        ("alertdrill ignore no-for until tomorrow: it is so", "'tomorrow' is no date"),
        ("alertdrill ignore no-fir: it is so", "no check 'no-fir'"),
        ("alertdrill ignore ignore-comment: it is so", "no check 'ignore-comment'"),
    ],
)
def test_a_comment_that_ignores_nothing_is_found(comment: str, said: str) -> None:
    """With its line, and what was meant to be ignored is there, too."""
    found = lint_text(RULES.replace("IN FIRST", comment))
    (wrong,) = (one for one in found if one.check == "ignore-comment")
    assert said in wrong.happens
    assert (wrong.line, wrong.column) == (5, 5)
    assert [one.rule for one in found if one.check == "no-for"] == ["First", "Second"]


def test_a_comment_that_no_rule_follows_is_found() -> None:
    """At the end of a file it holds for nothing."""
    text = f"{RULES}\n# alertdrill ignore no-for: it is so\n"
    assert list_found(text, "ignore-comment") == ["13"]


def test_prose_is_no_comment_of_lints() -> None:
    """What a sentence says of alertdrill is left alone."""
    text = RULES.replace("IN FIRST", "alertdrill ignores this one in its drills")
    assert list_found(text, "ignore-comment") == []
