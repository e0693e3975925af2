"""What a process of tests tells the one that started it: what each test came to, and nothing twice.

Five messages for a test that passed, that it began, was set up, ran, was torn down and ended, take as long
as most tests.
"""

from __future__ import annotations

import pytest
from _pytest.runner import runtestprotocol


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test, and report how it went, and what went wrong before it or after it."""
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True
