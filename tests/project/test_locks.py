"""The locks that .venv is made from: `make lock` writes them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.txt", "requirements-dev.txt")


def read_lock(name: str) -> dict[str, str]:
    """Return what a lock holds: package -> its version and hashes."""
    text = re.sub(r"^#.*\n", "", (ROOT / name).read_text(), flags=re.MULTILINE)
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    return dict(entry.split("==", 1) for entry in entries)


def list_names(requirements: list[str]) -> set[str]:
    """Return requirements' names as locks write them."""
    names = [re.split(r"[\[<>=~! ]", requirement)[0] for requirement in requirements]
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_by_hash(name: str) -> None:
    """Each entry has one version and at least one SHA-256."""
    lock = read_lock(name)
    assert lock
    for package, pin in lock.items():
        assert re.fullmatch(r"[a-z0-9-]+", package)
        assert re.match(r"\d\S* .*\\\n +--hash=sha256:[0-9a-f]{64}\b", pin), package


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_says_where_to_download_from(name: str) -> None:
    """A lock names no index, no address and no path, so that it is right on any machine."""
    assert not re.search(r"://|index-url|find-links|trusted-host|file:|/", (ROOT / name).read_text())


def test_the_locks_hold_what_the_project_declares() -> None:
    """A dependency that is added to pyproject.toml is in the lock, and so is what builds the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = list_names(project["project"]["dependencies"] + project["build-system"]["requires"])
    assert declared <= set(read_lock("requirements.txt"))
    assert declared | list_names(project["project"]["optional-dependencies"]["dev"]) <= set(
        read_lock("requirements-dev.txt")
    )


def test_the_dev_lock_holds_the_runtime_lock() -> None:
    """Both locks hold the same versions and hashes, so that tests run what users run."""
    runtime, dev = read_lock("requirements.txt"), read_lock("requirements-dev.txt")

    def strip_marker(pin: str) -> str:
        return re.sub(r" ; .*(?= \\)", "", pin.split("\n")[0]) + pin.partition("\n")[2]

    for package in runtime:
        assert strip_marker(dev[package]) == strip_marker(runtime[package]), package
