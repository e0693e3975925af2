"""What selects tests selects drills, and only what is selected is held."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.stranger import Stranger


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("drills",), ["deep", "late", "near"]),
        (("drills", "-k", "late or near"), ["late", "near"]),
        (("drills", "-k", "queues and not late"), ["deep", "near"]),
        (("drills/queues.yml::near",), ["near"]),
        (("drills", "-m", "queues", "--strict-markers"), ["deep", "late", "near"]),
        (("drills", "-m", "alertdrill", "--deselect", "drills/queues.yml::deep"), ["late", "near"]),
        (("alertdrill.toml",), ["deep", "late", "near"]),
    ],
)
def test_one_run_holds_what_is_selected(
    recorded: Stranger, held: list[list[str]], arguments: tuple[str, ...], names: list[str]
) -> None:
    """By name, by marker (a drill's system is one), by id; all in one run."""
    recorded.replay(*arguments)
    assert held == [names]


@pytest.mark.parametrize("arguments", [("--collect-only",), ("-m", "not alertdrill"), ("-k", "nothing")])
def test_nothing_is_held_where_no_drill_is_selected(
    recorded: Stranger, held: list[list[str]], arguments: tuple[str, ...]
) -> None:
    """Nor for a list of what there is."""
    result = recorded.replay("drills", *arguments)
    assert held == []
    assert ("drills/queues.yml::deep" in result.stdout.str()) is False


def test_what_failed_last_is_held_again_alone(recorded: Stranger, held: list[list[str]]) -> None:
    """With --lf; a drill that is as expected then is not held."""
    recorded.replay("drills")
    recorded.replay("drills", "--lf")
    assert held[1:] == [["late"]]


def test_x_stops_after_the_first_that_is_not_met(recorded: Stranger) -> None:
    """The run held them all; the summary says how it came out."""
    result = recorded.replay("drills", "-x")
    result.stdout.fnmatch_lines(["alertdrill.toml: 1 of 3 drills not met", "*1 failed, 1 unobserved in *"])


def test_a_drill_that_is_skipped_is_not_held(recorded: Stranger, held: list[list[str]]) -> None:
    """By a marker that a conftest.py adds, as to any test."""
    recorded.write(
        "conftest.py",
        "import pytest\n"
        "def pytest_collection_modifyitems(items):\n"
        "    [one.add_marker(pytest.mark.skip) for one in items if one.name == 'late']\n",
    )
    recorded.replay("drills").assert_outcomes(passed=2, skipped=1)
    assert held == [["deep", "near"]]


def test_a_drill_that_is_known_to_fail_is_marked_as_any_test(recorded: Stranger) -> None:
    """With xfail."""
    recorded.write(
        "conftest.py",
        "import pytest\n"
        "def pytest_collection_modifyitems(items):\n"
        "    [one.add_marker(pytest.mark.xfail) for one in items if one.name == 'late']\n",
    )
    result = recorded.replay("drills")
    assert result.ret == 0
    result.assert_outcomes(passed=2, xfailed=1)


@pytest.mark.parametrize("how", ["load", "loadscope", "worksteal"])
def test_workers_share_one_run(recorded: Stranger, how: str) -> None:
    """Whichever of them asks first holds it; however they are dealt, verdicts are the same."""
    tests = "import pytest\n" + "".join(
        f"@pytest.mark.alertdrill('near')\ndef test_{number}(alertdrill): alertdrill.hold('near')\n"
        for number in range(4)
    )
    recorded.write("tests/test_near.py", tests)
    recorded.write(
        "conftest.py",
        "from pathlib import Path\n"
        "import os\n"
        "from alertdrill.runner.project_replay import ProjectReplay\n"
        "judge = ProjectReplay.judge\n"
        "def note(self, drills, among):\n"
        "    with Path(os.environ['RUNS']).open('a') as stream: stream.write(f'{len(drills)}\\n')\n"
        "    return judge(self, drills, among)\n"
        "ProjectReplay.judge = note\n",
    )
    runs = recorded.folder / "runs"
    recorded.pytester._monkeypatch.setenv("RUNS", str(runs))
    result = recorded.run_on_workers(
        "--alertdrill-replay", "recordings", "drills", "tests", "--dist", how, "-v"
    )
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*1 failed, 6 passed, 1 unobserved in *"])
    result.stdout.fnmatch_lines(["1 of 3 drills not met: *"])
    result.stdout.fnmatch_lines(["FAILED drills/queues.yml::late - Deep: fired at 17:00, after 13:00"])
    assert runs.read_text() == "3\n"
    assert _find_left(recorded.folder) == []


def _find_left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in {".run", ".part"} or "share" in path.name]
