"""Files of secrets are their owner's alone, whatever the umask and whatever was there before."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.secret_files import make_secret_folder, write_secret
from alertdrill.stacks import paging_path as pagingpath


@pytest.fixture(params=[0o000, 0o002, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Let files be made with a umask; each of these is somebody's."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def read_mode(path: Path) -> int:
    """Return a file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_a_secret_is_its_owners_alone(tmp_path: Path) -> None:
    """Text or bytes, new or in the place of one that all could read."""
    (tmp_path / "old").write_text("open")
    (tmp_path / "old").chmod(0o666)
    for name, secret in (("old", "a"), ("new", b"a")):
        written = write_secret(tmp_path / name, secret)
        assert written.read_bytes() == b"a"
        assert read_mode(written) == 0o600


@pytest.mark.usefixtures("umask")
def test_a_folder_of_secrets_is_its_owners_alone(tmp_path: Path) -> None:
    """A new one, and one that was open before."""
    old = tmp_path / "old"
    old.mkdir()
    old.chmod(0o777)
    for folder in (old, tmp_path / "new"):
        assert read_mode(make_secret_folder(folder)) == 0o700


def test_a_secret_is_not_written_through_a_link(tmp_path: Path) -> None:
    """Where a link lies, the secret takes its place, and what it pointed at is left alone."""
    (tmp_path / "elsewhere").write_text("theirs")
    (tmp_path / "token").symlink_to(tmp_path / "elsewhere")
    write_secret(tmp_path / "token", "mine")
    assert (tmp_path / "elsewhere").read_text() == "theirs"
    assert not (tmp_path / "token").is_symlink()


@pytest.mark.usefixtures("umask")
def test_keys_and_configs_of_the_paging_path_are_their_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pager's key, its token, and the config that has the keys of the receivers."""
    monkeypatch.setattr(pagingpath, "check_config", lambda *_: None)
    folder = make_secret_folder(tmp_path / "stack")
    engines = Engines(
        prometheus=Path("-"),
        promtool=Path("-"),
        alertmanager=Path("-"),
        amtool=Path("-"),
        source="nowhere",
        versions={"alertmanager": "0.33.1"},
    )
    pagingpath.write_paging_files(
        folder,
        make_reference_config(["metis"]),
        {},
        engines=engines,
        deliveries="127.0.0.1:1",
        smtp="127.0.0.1:2",
        token="pager-secret",
        speed=60.0,
        logs=tmp_path,
    )
    holders = {path for path in folder.rglob("*") if path.is_file()} - {folder / "authority.pem"}
    assert {path.name for path in holders} >= {"alertmanager.yml", "certificate.pem", "pager-token"}
    secret = {path for path in holders if path.parent == folder}
    assert {read_mode(path) for path in secret} == {0o600}
