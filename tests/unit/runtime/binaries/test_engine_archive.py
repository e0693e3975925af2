"""Release archives, from a server on loopback that can misbehave."""

from __future__ import annotations

import hashlib
import io
import platform
import socket
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.patience import PATIENCE_S

from alertdrill.errors import MissingEngine
from alertdrill.runtime.binaries import archive
from alertdrill.runtime.binaries.archive import ReleaseArchives
from alertdrill.runtime.binaries.generations import ALERTMANAGER, Generation
from alertdrill.runtime.binaries.sources import OutOfReach

STEM = "alertmanager-0.33.1.linux-amd64"
FOLDER = "/alertmanager/releases/download/v0.33.1"


@dataclass
class Site:
    """What the server answers: path -> body; a longer stated length, or a wait in the middle, on request."""

    url: str = ""
    bodies: dict[str, bytes] = field(default_factory=dict)
    stated_extra_bytes: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    stall_after_bytes: int | None = None

    def publish(self, content: bytes, checksum: str | None = None) -> None:
        """Offer an archive and its checksum."""
        checksum = checksum or hashlib.sha256(content).hexdigest()
        self.bodies[f"{FOLDER}/{STEM}.tar.gz"] = content
        self.bodies[f"{FOLDER}/sha256sums.txt"] = f"{'0' * 64}  other\n{checksum}  {STEM}.tar.gz\n".encode()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Serve releases on loopback, to what looks like a Linux machine."""
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.bodies.get(self.path)
            self.send_response(404 if body is None else 200)
            body = body or b""
            is_archive = self.path.endswith(".gz")
            self.send_header("Content-Length", str(len(body) + site.stated_extra_bytes * is_archive))
            self.end_headers()
            if is_archive and site.stall_after_bytes is not None:
                self.wfile.write(body[: site.stall_after_bytes])
                site.released.wait(PATIENCE_S)
                return
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


def pack(entries: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    """Return a .tar.gz with these files and symbolic links."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return packed.getvalue()


GOOD = {f"{STEM}/alertmanager": b"the server", f"{STEM}/amtool": b"the tool", f"{STEM}/LICENSE": b"free"}


def fetch(site: Site, into: Path) -> None:
    """Fetch Alertmanager 0.33.1 from the site."""
    ReleaseArchives(base_url=site.url).fetch([ALERTMANAGER], Generation.NEWEST, into)


def test_the_two_programs_are_taken(site: Site, tmp_path: Path) -> None:
    """A good archive gives the two programs, executable, and nothing else."""
    site.publish(pack(GOOD))
    fetch(site, tmp_path)
    assert (tmp_path / "alertmanager/alertmanager").read_bytes() == b"the server"
    assert (tmp_path / "alertmanager/amtool").read_bytes() == b"the tool"
    assert (tmp_path / "alertmanager/amtool").stat().st_mode & 0o111 == 0o111
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["alertmanager", "amtool"]


def test_a_wrong_checksum_is_refused(site: Site, tmp_path: Path) -> None:
    """An archive without the published checksum is not unpacked."""
    site.publish(pack(GOOD), checksum="ab" * 32)
    with pytest.raises(MissingEngine, match="does not have the published checksum"):
        fetch(site, tmp_path)
    assert not (tmp_path / "alertmanager").exists()


def test_a_file_without_checksum_is_refused(site: Site, tmp_path: Path) -> None:
    """An archive that the checksums do not name is not downloaded."""
    site.bodies[f"{FOLDER}/sha256sums.txt"] = f"{'0' * 64}  other.tar.gz\n".encode()
    with pytest.raises(MissingEngine, match=f"does not name {STEM}.tar.gz"):
        fetch(site, tmp_path)


def test_a_truncated_archive_is_refused(site: Site, tmp_path: Path) -> None:
    """A body shorter than its stated length is refused as such."""
    site.publish(pack(GOOD))
    site.stated_extra_bytes = 10
    with pytest.raises(OutOfReach, match="could not be read"):
        fetch(site, tmp_path)
    assert not (tmp_path / "alertmanager").exists()


def test_an_archive_without_end_is_refused(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body larger than an archive may be is given up."""
    monkeypatch.setattr(archive, "MAX_ARCHIVE_BYTES", 100)
    site.publish(pack(GOOD) + b"x" * 100)
    with pytest.raises(MissingEngine, match="larger than 100 bytes"):
        fetch(site, tmp_path)


def test_a_missing_release_is_no_outage(site: Site, tmp_path: Path) -> None:
    """A release that is not there says nothing about other releases."""
    with pytest.raises(MissingEngine, match="answered 404") as raised:
        fetch(site, tmp_path)
    assert not isinstance(raised.value, OutOfReach)


def test_no_name_in_the_archive_decides_what_is_written(site: Site, tmp_path: Path) -> None:
    """Members with a path that leads elsewhere are not written."""
    into = tmp_path / "deep/into"
    into.mkdir(parents=True)
    outside = tmp_path / "absolute"
    evil = {"../evil": b"x", f"{STEM}/../../evil": b"x", str(outside): b"x"}
    site.publish(pack(evil | GOOD, links={f"{STEM}/link": "/"}))
    fetch(site, into)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["alertmanager", "amtool"]


def test_a_link_is_no_program(site: Site, tmp_path: Path) -> None:
    """A symbolic link under a program's name is not followed."""
    site.publish(pack({f"{STEM}/amtool": b"x"}, links={f"{STEM}/alertmanager": "/bin/sh"}))
    with pytest.raises(MissingEngine, match=f"does not contain {STEM}/alertmanager$"):
        fetch(site, tmp_path)
    assert not (tmp_path / "alertmanager/alertmanager").exists()


def test_what_is_no_archive_is_refused(site: Site, tmp_path: Path) -> None:
    """A file with the right checksum that is not a .tar.gz is refused in one sentence."""
    site.publish(b"<html>sign in to the network</html>")
    with pytest.raises(MissingEngine, match="cannot be unpacked"):
        fetch(site, tmp_path)


def test_nobody_listens(site: Site, tmp_path: Path) -> None:
    """A server that cannot be connected to is out of reach."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        site.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(OutOfReach, match="could not be read"):
            fetch(site, tmp_path)


def test_a_silent_server_is_given_up(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the connection and never answers is out of reach after the timeout."""
    monkeypatch.setattr(archive, "OPEN_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        site.url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(OutOfReach, match=r"did not answer within 0\.2 s"):
            fetch(site, tmp_path)


def test_a_stalled_download_is_given_up(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that stops in the middle is out of reach after the read timeout."""
    monkeypatch.setattr(archive, "READ_TIMEOUT_S", 0.2)
    site.publish(pack(GOOD))
    site.stall_after_bytes = 20
    with pytest.raises(OutOfReach, match="could not be read"):
        fetch(site, tmp_path)


def test_a_slow_download_is_given_up(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that trickles is out of reach although bytes keep coming."""
    monkeypatch.setattr(archive, "MIN_BYTES_PER_S", 10**15)
    monkeypatch.setattr(archive, "GRACE_S", 0.0)
    site.publish(pack(GOOD))
    with pytest.raises(OutOfReach, match="came too slowly"):
        fetch(site, tmp_path)


def test_a_machine_without_releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that no release is made for is told so without asking the network."""
    monkeypatch.setattr(platform, "machine", lambda: "vax")
    with pytest.raises(OutOfReach, match=r"there is none for \w+ on vax"):
        ReleaseArchives(base_url="http://127.0.0.1:1").fetch([ALERTMANAGER], Generation.NEWEST, tmp_path)
