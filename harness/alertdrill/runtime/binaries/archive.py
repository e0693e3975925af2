"""The official release archives, checked against the checksums that are published beside them."""

from __future__ import annotations

import hashlib
import platform
import shutil
import tarfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alertdrill.errors import MissingEngine
from alertdrill.runtime.binaries.generations import Family, Generation
from alertdrill.runtime.binaries.sources import OutOfReach
from alertdrill.runtime.files import open_own

if TYPE_CHECKING:
    import requests

OPEN_TIMEOUT_S = 8.0
"""From looking up the name to the first byte of the answer, redirects included."""
CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 5.0
GRACE_S = 5.0
MIN_BYTES_PER_S = 250_000
"""Slower than this on average, once the grace is over, is as good as hanging: some archives have 100 MB."""
MAX_CHECKSUMS_BYTES = 64 * 1024
MAX_ARCHIVE_BYTES = 400 * 1024 * 1024
MAX_PROGRAM_BYTES = 600 * 1024 * 1024
MAX_MEMBERS = 2000
_CHUNK_BYTES = 256 * 1024
_ARCHITECTURES = {
    "x86_64": "amd64",
    "amd64": "amd64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "armv7l": "armv7",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseArchives:
    """The project's own downloads: `<base_url>/<family>/releases/download/v<version>/<file>`."""

    base_url: str = "https://github.com/prometheus"
    name: str = "release archive"

    def fetch(self, families: Sequence[Family], generation: Generation, into: Path) -> None:
        """Download, check and unpack each family; see `Source.fetch`."""
        machine = _name_machine()
        for family in families:
            version = family.releases[generation].version
            stem = f"{family.name}-{version}.{machine}"
            folder = f"{self.base_url}/{family.name}/releases/download/v{version}"
            checksum = _find_checksum(
                b"".join(_read(f"{folder}/sha256sums.txt", MAX_CHECKSUMS_BYTES)), f"{stem}.tar.gz"
            )
            archive = into / f"{stem}.tar.gz"
            _download(f"{folder}/{archive.name}", archive, checksum)
            unpack(archive, {program: f"{stem}/{program}" for program in family.programs}, into / family.name)
            archive.unlink()


def unpack(archive: Path, members: dict[str, str], into: Path) -> None:
    """Take the named members (file name -> name in the archive) out of a .tar.gz, and nothing else.

    Only regular files are taken and only under the names given here, so that no name or link in the
    archive decides what is written. Raises MissingEngine if one is not there or the archive is broken.
    """
    into.mkdir()
    wanted = {member: into / file for file, member in members.items()}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for count, member in enumerate(tar):
                if count >= MAX_MEMBERS or not wanted:
                    break
                if not member.isreg() or member.name not in wanted or member.size > MAX_PROGRAM_BYTES:
                    continue
                target = wanted.pop(member.name)
                content = tar.extractfile(member)
                assert content is not None  # noqa: S101 - a regular file has content
                with open_own(target) as file:
                    shutil.copyfileobj(content, file)
                target.chmod(0o755)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise MissingEngine(f"{archive.name} cannot be unpacked: {error}") from error
    if wanted:
        raise MissingEngine(f"{archive.name} does not contain {' and '.join(sorted(wanted))}")


def _name_machine() -> str:
    """Return this machine as release archives name it, e.g. `linux-amd64`."""
    try:
        return f"{platform.system().lower()}-{_ARCHITECTURES[platform.machine().lower()]}"
    except KeyError:
        raise OutOfReach(f"there is none for {platform.system()} on {platform.machine()}") from None


def _find_checksum(checksums: bytes, file: str) -> str:
    """Return a file's SHA-256 from the lines `<hex>  <file>` (the format of sha256sum)."""
    for line in checksums.decode(errors="replace").splitlines():
        checksum, _, name = line.partition("  ")
        if name == file:
            return checksum.lower()
    raise MissingEngine(f"sha256sums.txt does not name {file}")


def _download(url: str, target: Path, checksum: str) -> None:
    digest = hashlib.sha256()
    with open_own(target) as file:
        for chunk in _read(url, MAX_ARCHIVE_BYTES):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != checksum:
        raise MissingEngine(f"{target.name} does not have the published checksum")


def _read(url: str, max_bytes: int) -> Iterator[bytes]:
    """Yield the body at a URL as it arrives; raise OutOfReach if it does not, or is not what was said."""
    import requests  # here and below: hardly ever is anything fetched, and importing it takes a while
    import urllib3

    try:
        with _open(url) as response:
            if response.status_code != requests.codes.ok:
                raise MissingEngine(f"{url} answered {response.status_code}")
            if url.startswith("https:") and not response.url.startswith("https:"):
                raise MissingEngine(f"{url} led to an address without TLS")
            received = 0
            started_s = time.monotonic()
            # read1 returns with what has come, so that a trickle cannot keep us here; it raises if the body
            # ends before its stated length.
            while chunk := response.raw.read1(_CHUNK_BYTES):
                received += len(chunk)
                if received > max_bytes:
                    raise MissingEngine(f"{url} is larger than {max_bytes} bytes")
                elapsed_s = time.monotonic() - started_s
                if elapsed_s > GRACE_S and received < MIN_BYTES_PER_S * elapsed_s:
                    raise OutOfReach(f"{url} came too slowly")
                yield chunk
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise OutOfReach(f"{url} could not be read ({type(error).__name__})") from error


def _open(url: str) -> requests.Response:
    """Return the answer up to its headers; raise OutOfReach after OPEN_TIMEOUT_S whatever hangs.

    In a thread of its own, because looking up a name knows no timeout.
    """
    import requests

    answers: list[requests.Response | Exception] = []

    def get() -> None:
        try:
            answers.append(
                requests.get(
                    url,
                    stream=True,
                    timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                    headers={"Accept-Encoding": "identity"},
                )
            )
        except Exception as error:  # raised again in the caller's thread
            answers.append(error)

    thread = threading.Thread(target=get, daemon=True)
    thread.start()
    thread.join(OPEN_TIMEOUT_S)
    if not answers:
        raise OutOfReach(f"{url} did not answer within {OPEN_TIMEOUT_S:g} s")
    if isinstance(answers[0], Exception):
        raise answers[0]
    return answers[0]
