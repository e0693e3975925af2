"""Tests of what a process of tests tells the one that started it."""

from __future__ import annotations

import pytest

EACH_WAY = """
    import pytest

    @pytest.fixture
    def broken():
        raise ValueError("in setup")

    @pytest.fixture
    def left_open():
        yield
        raise ValueError("in teardown")

    @pytest.fixture
    def missing():
        pytest.skip("in setup")

    def test_passes():
        pass

    def test_fails():
        assert 1 == 2

    def test_has_a_broken_setup(broken):
        pass

    def test_has_a_broken_teardown(left_open):
        pass

    def test_is_skipped(missing):
        pass

    def test_skips_itself():
        pytest.skip("in the test")

    @pytest.mark.xfail(strict=True)
    def test_is_known_to_fail():
        assert 1 == 2
"""


class Told:
    """Every report, as it is told."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, str | None, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a report is of."""
        self.parts.append((report.nodeid.rpartition("::")[2], report.when, report.outcome))


def test_what_a_test_came_to_is_told_once_and_nothing_that_went_wrong_is_left_out(
    pytester: pytest.Pytester,
) -> None:
    """A test that passed is one report; what fails or is skipped in its setup or teardown is told too."""
    pytester.makepyfile(EACH_WAY)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    told = Told()
    plugins = ["-p", "no:cloudcoil", "-p", "no:terminal", "-p", "support.terse_workers"]
    result = pytester.inline_run(*plugins, plugins=[told])
    assert told.parts == [
        ("test_passes", "call", "passed"),
        ("test_fails", "call", "failed"),
        ("test_has_a_broken_setup", "setup", "failed"),
        ("test_has_a_broken_teardown", "call", "passed"),
        ("test_has_a_broken_teardown", "teardown", "failed"),
        ("test_is_skipped", "setup", "skipped"),
        ("test_skips_itself", "call", "skipped"),
        ("test_is_known_to_fail", "call", "skipped"),
    ]
    assert result.ret == pytest.ExitCode.TESTS_FAILED
