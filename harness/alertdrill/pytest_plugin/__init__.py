"""The pytest plugin: every drill of a project is a test, and `alertdrill` holds drills in tests of Python.

Pytest imports this wherever alertdrill is installed, so a hook imports what it needs when there is something
to do: a YAML file of a project, an option, a fixture.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alertdrill.pytest_plugin.keys import MODULE, PACKAGE, PROJECT_FILES, UNOBSERVED, YAML

if TYPE_CHECKING:
    from alertdrill.pytest_plugin.assertions import Alertdrill
    from alertdrill.pytest_plugin.collecting import DrillFile, ProjectFile
    from alertdrill.pytest_plugin.session import DrillSession
    from alertdrill.pytest_plugin.stack import StandingStack
    from alertdrill.runtime.binaries import Engines
    from alertdrill.runtime.http_client import Api

SETTINGS = {
    "project": ("FILE", "The project file; found upwards from each file of drills otherwise."),
    "replay": ("DIR|FILE", "Judge drills on recordings: a folder with DRILL.om.gz, or one recording."),
    "speed": ("K", "Hold drills at this speed; the project says it, or it is found otherwise."),
    "out": ("DIR", "Write timeline.json, junit.xml and report.html of the run to this folder."),
}
"""What can be set, by `--alertdrill-NAME` and by `alertdrill_NAME` in pytest's own settings."""
_SESSION = pytest.StashKey["DrillSession"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and the settings of the same names."""
    group = parser.getgroup("alertdrill", "alertdrill, fire drills for Prometheus alerts")
    for name, (metavar, text) in SETTINGS.items():
        group.addoption(f"--alertdrill-{name}", metavar=metavar, default=None, help=text)
        parser.addini(f"alertdrill_{name}", text, type="string", default="")


def pytest_configure(config: pytest.Config) -> None:
    """State the marker, and refuse what was typed and cannot be."""
    config.addinivalue_line(
        "markers",
        "alertdrill(*drills): a drill; on a test of Python, names the drills that the session holds for it",
    )
    if any(config.getoption(f"alertdrill_{name}") for name in SETTINGS):
        from alertdrill.pytest_plugin.settings import check_options

        check_options(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell a worker of pytest-xdist where all of them share the session's run."""
    from alertdrill.pytest_plugin.workers import tell_worker

    tell_worker(node)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what workers shared."""
    from alertdrill.pytest_plugin.workers import forget_folder

    forget_folder(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> DrillFile | ProjectFile | None:
    """Collect the YAML files of a project's drills and what makes those of its packs; leave others alone."""
    is_named = file_path.name in PROJECT_FILES and parent.session.isinitpath(file_path)
    may_be_packed = file_path.name == MODULE or file_path.parts[-2:] == PACKAGE
    if file_path.suffix not in YAML and not is_named and not may_be_packed:
        return None
    return _get_session(parent.config).collect(file_path, parent)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the item that fails for alerts that no drill expects, once it is known that drills are held."""
    if any(item.get_closest_marker("alertdrill") for item in items):
        _get_session(config).add_unexpected(session, items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which drills are selected: these are held."""
    if any(item.get_closest_marker("alertdrill") for item in session.items):
        _get_session(session.config).select(session.items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test for an unexpected alert in a run of its own that it never asked about."""
    result = yield
    drills = _find_drills(item)
    if drills is not None:
        drills.check_unexpected()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report as an error what could not be told, and as unobserved what could not be seen."""
    report = yield
    if call.when == "call" and (_find_drills(item) or item.get_closest_marker("alertdrill")):
        if report.passed and item.stash.get(UNOBSERVED, False):
            report.alertdrill_outcome = "unobserved"  # type: ignore[attr-defined] # reports take what plugins add
        elif report.failed and call.excinfo is not None:
            from alertdrill.errors import AlertdrillError

            # A failure says that an alert did what it should not have done.
            if isinstance(call.excinfo.value, AlertdrillError):
                report.when = "setup"
    return report


def _find_drills(item: pytest.Item) -> Alertdrill | None:
    """Return what our fixture gave a test; somebody may have a fixture of that name of their own."""
    given = getattr(item, "funcargs", {}).get("alertdrill")
    return given if type(given).__module__ == "alertdrill.pytest_plugin.assertions" else None


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> object:
    """Say of a test that not everything could be seen; it is no failure, and nothing is proved."""
    if report.when == "call" and getattr(report, "alertdrill_outcome", "") == "unobserved":
        return "unobserved", "?", ("UNOBSERVED", {"yellow": True})
    return None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how the runs came out: all of it with -v."""
    from alertdrill.pytest_plugin.workers import ENDING, find_folder

    folder = find_folder(config)
    is_used = _SESSION in config.stash and config.stash[_SESSION].has_projects
    if is_used or (folder is not None and any(folder.glob(f"*{ENDING}"))):
        from alertdrill.pytest_plugin.summary import write_summary

        write_summary(terminalreporter, _get_session(config).share.list_runs())


@pytest.fixture(scope="session")
def alertdrill_engines() -> Engines:
    """Return prometheus, promtool, alertmanager and amtool, from wherever this machine has them."""
    from alertdrill.runtime.binaries import find_engines

    return find_engines(os.environ)


@pytest.fixture
def alertdrill(request: pytest.FixtureRequest) -> Alertdrill:
    """Hold drills of the project that the test's file is in: `alertdrill.hold("provider-outage")`."""
    from alertdrill.pytest_plugin.assertions import Alertdrill

    session = _get_session(request.config)
    return Alertdrill(request.node, lambda: session.find_for_test(request.path))


@pytest.fixture(scope="module")
def alertdrill_stack(request: pytest.FixtureRequest) -> Iterator[StandingStack]:
    """Start the project's stack for the tests of a module: its gateway, Prometheus, Alertmanager, pager."""
    from alertdrill.pytest_plugin.stack import open_standing

    session = _get_session(request.config)
    with open_standing(lambda: session.find_for_test(request.path)) as stack:
        yield stack


@pytest.fixture(scope="module")
def alertdrill_prometheus(alertdrill_stack: StandingStack) -> Api:
    """Return a client of the stack's Prometheus, which evaluates the project's rules."""
    return alertdrill_stack.prometheus


@pytest.fixture(scope="module")
def alertdrill_alertmanager(alertdrill_stack: StandingStack) -> Api:
    """Return a client of the stack's Alertmanager, which has the project's config."""
    return alertdrill_stack.alertmanager


@pytest.fixture(scope="module")
def alertdrill_pager(alertdrill_stack: StandingStack) -> Api:
    """Return a client of the pager that stands for all receivers: `.get("/incidents")`."""
    return alertdrill_stack.pager


@pytest.fixture(scope="module")
def alertdrill_providers(alertdrill_stack: StandingStack) -> dict[str, Api]:
    """Return a client of the control API of each stub provider, by its name."""
    return alertdrill_stack.providers


def _get_session(config: pytest.Config) -> DrillSession:
    if _SESSION not in config.stash:
        from alertdrill.pytest_plugin.session import DrillSession

        config.stash[_SESSION] = DrillSession(config)
    return config.stash[_SESSION]
