"""Every place that says which versions of Python there are says the same, and set-up says what is missing."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

import bootstrap

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
VERSIONS = [
    text.rpartition(" ")[2] for text in PROJECT["project"]["classifiers"] if ":: Python :: 3." in text
]
OLDEST, NEWEST = VERSIONS[0], VERSIONS[-1]


def test_the_versions_are_all_from_the_oldest_to_the_newest() -> None:
    """The classifiers leave none out, and are in order."""
    numbers = [int(version.removeprefix("3.")) for version in VERSIONS]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len(numbers) > 1


def test_tools_and_lock_have_the_oldest_as_their_target() -> None:
    """What the oldest does not know is found by ruff and mypy, and the lock is for it and all newer ones."""
    assert PROJECT["project"]["requires-python"] == f">={OLDEST}"
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{OLDEST.replace('.', '')}"
    assert PROJECT["tool"]["mypy"]["python_version"] == OLDEST
    assert f"pip compile --quiet --universal --python-version {OLDEST} " in (ROOT / "Makefile").read_text()


def test_warnings_are_errors_on_all_of_them() -> None:
    """Nothing is ignored on any version; a warning of the tests' own may be shown."""
    first, *others = PROJECT["tool"]["pytest"]["ini_options"]["filterwarnings"]
    assert first == "error"
    assert all(re.fullmatch(r"default::support\.whole_runs\.\w+", other) for other in others)


def test_set_up_looks_for_each_of_them() -> None:
    """The newest first, behind the machine's own; what is older than the oldest is passed over."""
    text = (ROOT / "bootstrap.sh").read_text()
    newest_first = [f"python{version}" for version in reversed(VERSIONS)]
    assert f"${{PYTHON:-python3 {' '.join(newest_first)}}}" in text
    assert f"sys.version_info < ({OLDEST.replace('.', ', ')})" in text
    assert f"needs Python {OLDEST} to {NEWEST} as python3, {', '.join(newest_first[:-1])} or" in text


def test_the_image_has_one_of_them() -> None:
    """The containers run a version that is tested."""
    images = re.findall(r"^FROM python:(3\.\d+)-", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert images
    assert set(images) <= set(VERSIONS)


@pytest.mark.parametrize("name", ["README.md", "Makefile"])
def test_documents_name_the_oldest_and_the_newest(name: str) -> None:
    """A reader learns which versions there are, in so many words."""
    text = (ROOT / name).read_text()
    assert f"Python {OLDEST} to {NEWEST}" in text
    assert set(re.findall(r"\b3\.1\d\b(?!\.\d)", text)) <= {OLDEST, NEWEST}


def test_a_dependency_without_a_wheel_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys
) -> None:
    """Set-up says which, for which Python, and goes on with pip building it."""
    pip = (
        "ERROR: Could not find a version that satisfies gevent==26.4.0 (from versions: none)\n"
        "ERROR: No matching distribution found for gevent==26.4.0\n"
    )
    ran: list[list[str]] = []

    def attempt(argv: list[str]) -> str | None:
        ran.append(argv)
        return pip if "--only-binary=:all:" in argv else None

    monkeypatch.setattr(bootstrap, "attempt", attempt)
    bootstrap.install_lock(tmp_path / "lock.txt", ["--no-compile"])
    said = capsys.readouterr().err
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"There is no wheel of gevent 26.4.0 for Python {here} on this machine" in said
    assert f"tested with Python {OLDEST} to {NEWEST}" in said
    assert ["--only-binary=:all:" in argv for argv in ran] == [True, False]
    assert all({"--require-hashes", "--no-compile"} <= set(argv) for argv in ran)


def test_set_up_that_fails_otherwise_shows_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a network nothing is said of wheels, and pip is not run again."""
    monkeypatch.setattr(bootstrap, "attempt", lambda _: "ERROR: Connection refused")
    with pytest.raises(SystemExit, match="ERROR: Connection refused"):
        bootstrap.install_lock(tmp_path / "lock.txt", [])
