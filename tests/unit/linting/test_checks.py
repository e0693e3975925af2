"""Tests of all checks: each has its page and its tests, and its examples do what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.linted import find

from alertdrill.linting.checks import Check, find_checks

CHECKS = find_checks()
each_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)


@each_check
def test_what_a_page_calls_wrong_is_found(check: Check) -> None:
    """The example below `Wrong:` has a finding of the check, with something to write instead."""
    found = find(check.name, check.page.wrong, check.page.given)
    assert found
    assert all(one.happens.endswith((".", ")")) and one.instead.endswith((".", ")", "?")) for one in found)
    assert not any(one.instead.endswith("?.") for one in found)


@each_check
def test_what_a_page_calls_right_is_not_found(check: Check) -> None:
    """The example below `Right:` has none of this check."""
    assert find(check.name, check.page.right, check.page.given) == []


@each_check
def test_a_check_has_a_test_of_its_own(check: Check) -> None:
    """A file beside this one, with what else is good and bad."""
    assert (Path(__file__).parent / "checks" / f"test_{check.name.replace('-', '_')}.py").exists()
