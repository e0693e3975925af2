"""Packages for the tests: unpacked once, and an error where there are none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import debian_packages

from alertdrill.errors import MissingEngine

FAKE_APT = """\
#!/bin/sh
echo "$@" >>"{root}/log"
for last; do :; done
case "$last" in
update) exit 0 ;;
there) touch there.deb ;;
*) echo "E: Unable to locate package $last" >&2; exit 100 ;;
esac
"""
FAKE_DPKG = """\
#!/bin/sh
mkdir -p "$3/usr/bin"
touch "$3/usr/bin/program"
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of a made-up Debian with a cache of its own; its apt has one package, `there`."""
    for name, text in (("apt-get", FAKE_APT), ("dpkg-deb", FAKE_DPKG)):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(text.replace("{root}", str(tmp_path)))
        program.chmod(0o755)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/sources.list").write_text("deb http://m.example/debian trixie main\n")
    monkeypatch.setattr(debian_packages, "ETC_APT", tmp_path / "etc")
    monkeypatch.setenv("ALERTDRILL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    debian_packages._read_lists.cache_clear()
    yield tmp_path
    debian_packages._read_lists.cache_clear()


def test_a_package_is_downloaded_once(machine: Path) -> None:
    """The second call finds what the first one has unpacked, and the lists are read once."""
    place = debian_packages.unpack("there", "unstable")
    assert (place / "usr/bin/program").is_file()
    assert place.is_relative_to(machine / "cache")
    assert debian_packages.unpack("there", "unstable") == place
    assert [line.split()[-1] for line in (machine / "log").read_text().splitlines()] == ["update", "there"]


def test_suites_are_kept_apart(machine: Path) -> None:
    """A package of another suite is another package."""
    assert debian_packages.unpack("there", "unstable") != debian_packages.unpack("there", "trixie")
    assert (machine / "log").read_text().count("update") == 2


@pytest.mark.usefixtures("machine")
def test_a_package_that_is_nowhere() -> None:
    """What apt says is said, and nothing half made is left."""
    with pytest.raises(MissingEngine, match=r"^nowhere of unstable: Unable to locate package nowhere$"):
        debian_packages.unpack("nowhere", "unstable")


def test_a_mirror_that_cannot_be_read(machine: Path) -> None:
    """What apt said of the lists explains more than that a package is not in them."""
    apt = machine / "bin/apt-get"
    apt.write_text(apt.read_text().replace("update) exit 0", "update) echo 'E: Expired' >&2; exit 100"))
    with pytest.raises(MissingEngine, match=r"^nowhere of unstable: Expired$"):
        debian_packages.unpack("nowhere", "unstable")


def test_a_machine_without_a_mirror(machine: Path) -> None:
    """A machine that is no Debian is told so."""
    (machine / "etc/sources.list").unlink()
    with pytest.raises(MissingEngine, match="no mirror of Debian"):
        debian_packages.unpack("there", "unstable")
