"""Fixtures for tests of whole runs, and which tests run beside which."""

from __future__ import annotations

import gc
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from _pytest.unraisableexception import gc_collect_iterations_key  # has no public name
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# What tests share says of an assertion that fails what was there instead, as tests do. What is imported
# already, since pytest's settings name a warning in it, cannot any more.
SHARED = (f"support.{path.stem}" for path in Path(__file__).with_name("support").glob("[!_]*.py"))
pytest.register_assert_rewrite(*(name for name in SHARED if name not in sys.modules))
from support import terse_workers  # noqa: E402
from support.chromium_session import SKIPPED as NO_CHROMIUM  # noqa: E402
from support.docker_engine import demand_engine, describe_skipped  # noqa: E402
from support.slow_tests import read_slow  # noqa: E402
from support.turnstile import open_turnstile  # noqa: E402
from support.whole_runs import ROOT, CommandLine, open_command_line  # noqa: E402

from alertdrill.runtime.binaries import Engines, Generation  # noqa: E402
from alertdrill.stacks.scratch import find_scratch  # noqa: E402

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
# What `make check` has time for; `make test` and CI try all of them.
settings.register_profile("few", settings.get_profile("untimed"), max_examples=20)

# promtool and amtool start some hundred times, and would look for garbage as they do, a quarter of a start.
os.environ.setdefault("GOGC", "400")
# Commands are as wide as it says, and where tests run beside each other it is set for pytest's own lines.
os.environ.pop("COLUMNS", None)
# Databases and promtool sync their files, which costs nothing in memory. What tests start has no such TMPDIR.
if memory := find_scratch(os.environ):
    tempfile.tempdir = str(memory)

pytest_plugins = ["pytester"]
LIVE = ROOT / "tests" / "live"
"""Tests that hold drills, or send traffic at its instants; `make check` leaves them out."""
GARBAGE_AFTER = 10_000
"""So many more objects than were freed are made before Python looks for garbage; by itself it is 700."""
SLOW = read_slow()
NO_PARAMS = SimpleNamespace(params={})
"""What a test has in place of pytest's `callspec` that is no case of several."""


def pytest_configure(config: pytest.Config) -> None:
    """Look for garbage once, not five times, as a process of tests ends: there is much to look through.

    Workers tell little, unless how long each part of a test takes is asked for.
    """
    config.stash[gc_collect_iterations_key] = 1
    if hasattr(config, "workerinput") and config.option.durations is None:
        config.pluginmanager.register(terse_workers)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are collected, and never again in what was: all of it stays.

    Tests make a lot that lives on for a moment; looked for as often as by default, garbage takes a sixth
    of all their time.
    """
    gc.disable()
    gc.set_threshold(GARBAGE_AFTER)
    try:
        return (yield)
    finally:
        make_random_numbers()
        gc.freeze()
        gc.enable()


@settings(max_examples=1, database=None, derandomize=True)
@given(st.none())
def make_random_numbers(_: None) -> None:
    """Have Hypothesis make its generator before what is there is frozen, for it warns of one that nobody has.

    It asks the garbage collector who has it, which since Python 3.14 does not look at what is frozen.
    """


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the live tests, the slow ones, those of the oldest engines and those in a browser.

    A file that takes long begins first, or at the end one process would work and all others be idle. Who runs
    alone comes last.
    """
    folders: dict[Path, bool] = {}
    turns: dict[pytest.Item, tuple[bool, bool]] = {}
    for item in items:
        # Ten thousand items stand in five hundred files.
        if item.path not in folders:
            folders[item.path] = item.path.is_relative_to(LIVE)
        if folders[item.path]:
            item.add_marker(pytest.mark.live)
        if item.nodeid.partition("[")[0] in SLOW:
            item.add_marker(pytest.mark.slow)
        if Generation.OLDEST in getattr(item, "callspec", NO_PARAMS).params.values():
            item.add_marker(pytest.mark.oldest)
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        marks = {mark.name for mark in item.iter_markers()}
        turns[item] = "alone" in marks, "long" not in marks
    items.sort(key=turns.__getitem__)


def stays(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Return whether what a test's module started stands on after it, for the next test."""
    definitions = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined] # nothing else tells
    shares = any(last.scope == "module" for *_, last in definitions)
    return shares and nextitem is not None and nextitem.path == item.path


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Let a live test run when the machine has room for it; who shares a stack stays until the last."""
    if item.get_closest_marker("live") is None:
        return (yield)
    turnstile = open_turnstile()
    with ExitStack() as stack:
        if item.get_closest_marker("alone") is None:
            turnstile.enter()
        else:
            stack.enter_context(turnstile.alone())
        result = yield
    if not stays(item, nextitem):
        turnstile.leave()
    return result


@pytest.fixture(scope="session", autouse=True)
def heed_interrupts() -> None:
    """Let what tests start be interrupted, also when the tests run in the background.

    A shell's background job ignores SIGINT, and whatever it starts inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def engines(alertdrill_engines: Engines) -> Engines:
    """Return the programs by a short name, which a plugin must not take from anybody."""
    return alertdrill_engines


@pytest.fixture
def alertdrill(engines: Engines) -> Iterator[CommandLine]:
    """Return the command line, and hold it to leaving nothing behind."""
    with open_command_line(engines) as command:
        yield command


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """Let the test run only where the compose stack can; see `demand_engine`."""
    demand_engine(ROOT, os.environ)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say last which tests were not run for the want of an engine, and how to run alone what failed."""
    skips = [report.longrepr for report in terminalreporter.getreports("skipped")]
    reasons = [skip[2].removeprefix("Skipped: ") for skip in skips if isinstance(skip, tuple)]
    if line := describe_skipped(reasons):
        terminalreporter.write_line(line, yellow=True)
    if NO_CHROMIUM in reasons:
        terminalreporter.write_line(
            f"SKIPPED, not passed: what pages do in a browser: {NO_CHROMIUM}", yellow=True
        )
    failed = [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]
    for name in dict.fromkeys(report.nodeid for report in failed):
        terminalreporter.write_line(f"To run it alone: .venv/bin/pytest {shlex.quote(name)}", red=True)
