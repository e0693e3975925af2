"""Which files are drills, and what is said of a mistake in one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.stranger import DRILLS, PROJECT, Stranger

QUIET = "drills: [{name: quiet, why: Nothing is sent., lasts: 10m, expect: []}]\n"


def list_collected(stranger: Stranger, *arguments: str) -> list[str]:
    """Return the ids of what is collected."""
    result = stranger.run("--collect-only", "-q", *arguments)
    assert result.ret in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    return [line for line in result.outlines if "::" in line]


def test_files_of_a_drills_folder_are_collected_and_others_are_not(stranger: Stranger) -> None:
    """Further down, only those that state drills; elsewhere none, whatever they state."""
    stranger.write("drills/more/quiet.yaml", QUIET)
    stranger.write("drills/more/compose.yml", "services: {}\n")
    stranger.write("drills/.hidden.yml", "nonsense\n")
    stranger.write("elsewhere/drills.yml", QUIET)
    stranger.write("compose.yml", "services: {}\n")
    assert list_collected(stranger) == [
        "drills/more/quiet.yaml::quiet",
        "drills/queues.yml::deep",
        "drills/queues.yml::late",
        "drills/queues.yml::near",
        "alertdrill.toml::unexpected-alerts",
    ]


def test_a_project_may_name_its_files_and_stand_in_pyproject(stranger: Stranger) -> None:
    """As other tools have it."""
    (stranger.folder / "alertdrill.toml").unlink()
    stranger.write("pyproject.toml", '[tool.alertdrill]\nrules = ["rules.yml"]\ndrills = ["one.yml"]\n')
    stranger.write("one.yml", QUIET)
    assert list_collected(stranger) == ["one.yml::quiet", "pyproject.toml::unexpected-alerts"]


def test_each_folder_has_the_project_above_it(stranger: Stranger) -> None:
    """A repository may have several; each has its own run, and its own item for unexpected alerts."""
    stranger.write("other/alertdrill.toml", PROJECT)
    stranger.write("other/rules.yml", "groups: []")
    stranger.write("other/drills/quiet.yml", QUIET)
    assert list_collected(stranger)[3:] == [
        "other/drills/quiet.yml::quiet",
        "alertdrill.toml::unexpected-alerts",
        "other/alertdrill.toml::unexpected-alerts",
    ]


def test_a_project_can_be_named(stranger: Stranger) -> None:
    """On the command line, and in pytest's settings."""
    (stranger.folder / "alertdrill.toml").rename(stranger.folder / "ours.toml")
    assert list_collected(stranger) == []
    assert len(list_collected(stranger, "--alertdrill-project", "ours.toml")) == 4
    stranger.write("pytest.ini", "[pytest]\nalertdrill_project = ours.toml\n")
    assert len(list_collected(stranger)) == 4


def test_yaml_of_another_plugin_is_left_to_it(stranger: Stranger) -> None:
    """Also where a project's file cannot be read."""
    stranger.write(
        "conftest.py",
        "import pytest\n"
        "class Item(pytest.Item):\n"
        "    def runtest(self): pass\n"
        "class File(pytest.File):\n"
        "    def collect(self): yield Item.from_parent(self, name='theirs')\n"
        "def pytest_collect_file(file_path, parent):\n"
        "    if file_path.name == 'test_api.yml': return File.from_parent(parent, path=file_path)\n",
    )
    stranger.write("api/test_api.yml", "stages: []\n")
    assert list_collected(stranger, "api") == ["api/test_api.yml::theirs"]
    stranger.write("alertdrill.toml", "nonsense")
    assert list_collected(stranger, "api") == ["api/test_api.yml::theirs"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            DRILLS.replace("fires: 11m..13m", "fires: soon", 1),
            "drills/queues.yml:5: fires of *'soon', not a*",
        ),
        (DRILLS.replace("why:", "wy:", 1), "drills/queues.yml:2: *has no why, but a field 'wy'"),
        (
            DRILLS.replace("name: late", "name: deep"),
            "drills/queues.yml:6: there are two drills named 'deep': *:2",
        ),
        ("", "drills/queues.yml:1: the file is empty: *"),
        ("drills: [", "drills/queues.yml:*"),
        ("drils: []", "drills/queues.yml:1: *'drils'*drills*"),
    ],
)
def test_a_mistake_is_an_error_with_its_line(stranger: Stranger, text: str, said: str) -> None:
    """Of the collection, without a traceback; nothing is held."""
    stranger.write("drills/queues.yml", text)
    result = stranger.run("drills")
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*ERROR collecting drills/queues.yml*", said, "*1 error*"])
    assert "Traceback" not in result.stdout.str()
    assert ".py" not in result.stdout.str().partition("= ERRORS =")[2]


def test_two_files_may_not_have_drills_of_one_name(stranger: Stranger) -> None:
    """Both places are named."""
    stranger.write("drills/second.yml", DRILLS)
    result = stranger.run("drills")
    result.stdout.fnmatch_lines(
        ["drills/second.yml:2: there are two drills named 'deep': another at drills/queues.yml:2"]
    )


def test_a_mistake_in_the_project_file_is_an_error_of_its_drills(stranger: Stranger) -> None:
    """With its line, and the nearest name."""
    stranger.write("alertdrill.toml", PROJECT.replace("drills", "drils"))
    result = stranger.run()
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*ERROR collecting drills/queues.yml*", "alertdrill.toml:3: *'drils'*"])
    assert "Traceback" not in result.stdout.str()


def test_a_second_drill_of_a_name_is_found_though_its_file_is_not_collected(recorded: Stranger) -> None:
    """Which of the two is meant is unknown, so neither is judged."""
    recorded.write("drills/second.yml", DRILLS)
    result = recorded.replay("drills/queues.yml::deep")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["drills/second.yml:2: there are two drills named 'deep': another at *"])


def test_a_mistake_in_another_file_is_none_of_a_drills(recorded: Stranger) -> None:
    """Which is judged all the same."""
    recorded.write("drills/second.yml", "drills: [")
    recorded.replay("drills/queues.yml::near").assert_outcomes(passed=2)


def test_a_project_file_that_is_named_says_what_is_wrong_with_it(stranger: Stranger) -> None:
    """As the id of its test does, when that is typed."""
    stranger.write("alertdrill.toml", PROJECT.replace("drills", "drils"))
    result = stranger.run("alertdrill.toml")
    result.stdout.fnmatch_lines(["alertdrill.toml:3: *'drils'*"])


def test_a_fixture_of_somebody_elses_by_our_name_is_theirs(stranger: Stranger) -> None:
    """What their tests raise is what they raised."""
    stranger.write(
        "test_theirs.py",
        "import pytest\n"
        "from alertdrill import BadInput\n"
        "@pytest.fixture\n"
        "def alertdrill(): return 'theirs'\n"
        "def test_theirs(alertdrill): raise BadInput(alertdrill)\n",
    )
    stranger.run("test_theirs.py").assert_outcomes(failed=1)


def test_little_is_imported_for_yaml_that_is_no_drills(stranger: Stranger) -> None:
    """Whoever has alertdrill installed has the plugin in each session."""
    (stranger.folder / "alertdrill.toml").unlink()
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "pytest", "-p", "alertdrill.pytest_plugin", "-q"],
        cwd=stranger.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    names = {line.rpartition("|")[2].strip() for line in finished.stderr.splitlines()}
    assert "alertdrill.pytest_plugin.session" in names
    heavy = {"alertdrill.reports", "alertdrill.project.reading", "promql_parser", "rich", "click"}
    assert heavy & names == set()
