"""What is typed wins over what is set; what is wrong is said at once where it was typed."""

from __future__ import annotations

import pytest
from support.stranger import Stranger


def test_settings_stand_in_pytests_own_file(recorded: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths count from that file, wherever pytest is started."""
    recorded.write(
        "pyproject.toml",
        '[tool.pytest.ini_options]\nalertdrill_replay = "recordings"\nalertdrill_out = "reports"\n',
    )
    monkeypatch.chdir(recorded.folder / "drills")
    result = recorded.run("-k", "near")
    result.assert_outcomes(passed=2)
    assert (recorded.folder / "reports" / "timeline.json").exists()


def test_what_is_typed_counts_from_where_one_stands(
    recorded: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And wins."""
    recorded.write("pytest.ini", "[pytest]\nalertdrill_replay = elsewhere\n")
    monkeypatch.chdir(recorded.folder / "drills")
    recorded.run("--alertdrill-replay", "../recordings", "-k", "near").assert_outcomes(passed=2)


def test_recordings_that_are_set_and_not_there_are_an_error_of_drills_alone(stranger: Stranger) -> None:
    """Other tests of the repository are none the worse."""
    stranger.write("pytest.ini", "[pytest]\nalertdrill_replay = recordings\n")
    stranger.write("tests/test_one.py", "def test_one(): pass\n")
    result = stranger.run()
    result.assert_outcomes(passed=1, errors=4)
    result.stdout.fnmatch_lines(["ERROR *::deep - recordings: is not there, and drills are to be *"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--alertdrill-replay", "absent"), "--alertdrill-replay absent: is not there"),
        (("--alertdrill-project", "absent.toml"), "--alertdrill-project absent.toml: is not there"),
        (("--alertdrill-speed", "fast"), "--alertdrill-speed fast: is no number from 1 up"),
        (("--alertdrill-speed", "0.5"), "--alertdrill-speed 0.5: is no number from 1 up"),
        (
            ("--alertdrill-speed", "2", "--alertdrill-replay", "drills"),
            "--alertdrill-speed is for drills that are held, and --alertdrill-replay holds none",
        ),
    ],
)
def test_what_is_typed_wrong_is_a_usage_error(
    stranger: Stranger, arguments: tuple[str, ...], said: str
) -> None:
    """As it is of pytest's own options: exit code 4."""
    result = stranger.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {said}"])


def test_the_markers_and_options_are_listed(stranger: Stranger) -> None:
    """Where pytest lists those of all plugins."""
    stranger.run("--markers").stdout.fnmatch_lines(["@pytest.mark.alertdrill(*drills): *"])
    stranger.run("--help").stdout.fnmatch_lines(
        ["alertdrill, fire drills*:", "*--alertdrill-replay=DIR|FILE*"]
    )


def test_it_takes_no_plain_name(stranger: Stranger) -> None:
    """Every fixture of ours begins with the name of the plugin."""
    result = stranger.run("--fixtures", "-p", "no:cacheprovider")
    section = result.stdout.str().partition("fixtures defined from alertdrill.pytest_plugin")[2]
    ours = [line.split()[0] for line in section.splitlines()[1:] if line[:1].isalpha() and " -- " in line]
    assert ours
    assert all(name.startswith("alertdrill") for name in ours)
