"""What a stack of containers leaves in the folder of logs, against containers of the tests' own."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from docker.errors import NotFound

from alertdrill.alertmanager.recorder import FILE_NAME
from alertdrill.stacks.compose import stack
from alertdrill.stacks.compose.containers import Project
from alertdrill.stacks.compose.stack import PREPARE, RECORDED, ComposeStack


class Container:
    """One that says a line, and has these files."""

    def __init__(self, **files: bytes) -> None:
        self.name = "container"
        self._files = files

    def logs(self, **_: Any) -> bytes:
        """Return its log."""
        return b"a line\n"

    def get_archive(self, path: str) -> tuple[Iterator[bytes], None]:
        """Return a file of it, packed."""
        if path not in self._files:
            raise NotFound(f"{path} is not there")
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            entry = tarfile.TarInfo(path.rpartition("/")[2])
            entry.size = len(self._files[path])
            archive.addfile(entry, io.BytesIO(self._files[path]))
        return iter([packed.getvalue()]), None


def save_logs(folder: Path, prepare: Container) -> dict[str, bytes]:
    """Return the files that a stack writes whose preparing container is this one."""
    containers = {PREPARE: prepare, "alertmanager": Container()}
    project = cast("Project", SimpleNamespace(find=lambda: containers))
    ComposeStack(project, logs=folder, is_inside=False).save_logs()
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_alertmanager_recorded_lies_among_the_logs(tmp_path: Path) -> None:
    """Where a report of local processes finds it, too."""
    saved = save_logs(tmp_path, Container(**{RECORDED: b'{"data": {}}\n'}))
    assert saved[FILE_NAME] == b'{"data": {}}\n'
    assert saved["alertmanager.log"] == b"a line\n"


def test_without_a_record_there_are_logs_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is not there, or too large, is left out: what was seen from outside stands."""
    monkeypatch.setattr(stack, "MAX_EVENTS_BYTES", 1000)
    for prepare in (Container(), Container(**{RECORDED: b"x" * 20_000})):
        saved = save_logs(tmp_path, prepare)
        assert FILE_NAME not in saved
        assert saved["alertmanager.log"] == b"a line\n"
