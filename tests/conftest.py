"""Fixtures for tests of whole runs."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker_engine import demand_engine, describe_skipped
from hypothesis import HealthCheck, settings
from whole_runs import ROOT, CommandLine

from harness.engines import Engines
from harness.stacks.scratch import find_scratch

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def heed_interrupts() -> None:
    """Let what tests start be interrupted, also when the tests run in the background.

    A shell's background job ignores SIGINT, and whatever it starts inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def alertdrill(engines: Engines) -> Iterator[CommandLine]:
    """Return the command line, and hold it to leaving nothing behind."""
    with tempfile.TemporaryDirectory(prefix="test-", dir=find_scratch(os.environ)) as folder:
        environ = {
            **os.environ,
            "TMPDIR": folder,
            "ALERTDRILL_PROMETHEUS": str(engines.prometheus),
            "ALERTDRILL_PROMTOOL": str(engines.promtool),
            "ALERTDRILL_ALERTMANAGER": str(engines.alertmanager),
            "ALERTDRILL_AMTOOL": str(engines.amtool),
        }
        yield CommandLine(environ=environ, temporary=Path(folder))


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """Let the test run only where the compose stack can; see `demand_engine`."""
    demand_engine(ROOT, os.environ)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say last which tests were not run for the want of an engine."""
    skips = [report.longrepr for report in terminalreporter.getreports("skipped")]
    reasons = [skip[2].removeprefix("Skipped: ") for skip in skips if isinstance(skip, tuple)]
    if line := describe_skipped(reasons):
        terminalreporter.write_line(line, yellow=True)
