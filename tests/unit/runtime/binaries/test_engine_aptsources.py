"""Reading sources.list(5) in both formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertdrill.runtime.binaries.apt_sources import Mirror, find_mirrors

DEB822 = """\
# Debian
Types: deb
URIs: http://mirror.example/debian
# an old one stood here
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /keys/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /keys/debian-archive-keyring.gpg

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""


@pytest.fixture
def etc_apt(tmp_path: Path) -> Path:
    """Return a folder like /etc/apt without any source."""
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_deb822(etc_apt: Path) -> None:
    """A .sources file gives the main archive only: no updates of security, no sources, none switched off."""
    (etc_apt / "sources.list.d/debian.sources").write_text(DEB822)
    assert find_mirrors(etc_apt, distribution="debian", component="main") == [
        Mirror("http://mirror.example/debian", "/keys/debian-archive-keyring.gpg")
    ]


def test_one_line_entries(etc_apt: Path) -> None:
    """A .list file gives its main archive, with or without options."""
    (etc_apt / "sources.list").write_text(
        "# deb http://comment.example/debian bookworm main\n"
        "deb cdrom:[Debian 12]/ bookworm main\n"
        "deb http://a.example/debian/ bookworm main # a comment\n"
        "deb [arch=amd64 signed-by=/keys/k.gpg] https://b.example/debian bookworm contrib main\n"
        "deb http://security.example/debian-security bookworm-security main\n"
    )
    assert find_mirrors(etc_apt, distribution="debian", component="main") == [
        Mirror("http://a.example/debian/", ""),
        Mirror("https://b.example/debian", "/keys/k.gpg"),
    ]


def test_the_distributions_own_come_first(etc_apt: Path) -> None:
    """Another vendor that uses the same suite name comes after the distribution."""
    (etc_apt / "sources.list").write_text(
        "deb [signed-by=/keys/v.gpg] https://vendor.example bookworm main\n"
    )
    (etc_apt / "sources.list.d/debian.sources").write_text(DEB822)
    mirrors = find_mirrors(etc_apt, distribution="debian", component="main")
    assert [mirror.uri for mirror in mirrors] == ["http://mirror.example/debian", "https://vendor.example"]


def test_a_key_inside_the_file(etc_apt: Path) -> None:
    """A key block that stands in the stanza itself is kept with its line breaks."""
    key = "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----"
    (etc_apt / "sources.list.d/own.sources").write_text(
        f"Types: deb\nURIs: http://a.example/debian\nSuites: trixie\nComponents: main\nSigned-By:{key}\n"
    )
    assert find_mirrors(etc_apt, distribution="debian", component="main")[0].signed_by == key


def test_ubuntu(etc_apt: Path) -> None:
    """The component asked for decides, as Ubuntu has Prometheus in another one."""
    (etc_apt / "sources.list").write_text(
        "deb http://u.example/ubuntu noble main\ndeb http://u.example/ubuntu noble universe\n"
    )
    assert find_mirrors(etc_apt, distribution="ubuntu", component="universe") == [
        Mirror("http://u.example/ubuntu", "")
    ]


def test_no_sources(tmp_path: Path) -> None:
    """A machine without apt has no mirrors."""
    assert find_mirrors(tmp_path / "absent", distribution="debian", component="main") == []
