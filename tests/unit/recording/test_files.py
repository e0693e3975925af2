"""Tests of files of recordings: whole or not at all, and bounded."""

from __future__ import annotations

import gzip
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest
from support.recordings import make_recording, make_series

from alertdrill.errors import BadInput
from alertdrill.recording import files
from alertdrill.recording.files import open_whole, read_recording, write_recording
from alertdrill.runtime.binaries import Engines

RECORDING = make_recording(
    make_series("up", [(at * 15_000 + 1, 1.0) for at in range(5)], job="gateway"),
    make_series("a_total", [(at * 15_000 + 7, at / 3) for at in range(5)], stale_ms=[75_001], b='c"'),
    end_ms=75_001,
)
BOMB_BYTES = 256 * 1024**2
"""Of text are taken while a bomb is read, for more would only take longer."""
BOUNDED_KIB = 200_000


@pytest.mark.parametrize("name", ["made.om", "made.om.gz"])
def test_a_file_holds_a_recording(tmp_path: Path, name: str) -> None:
    """What is written is read back, packed or not, whatever the file is called afterwards."""
    path = tmp_path / name
    write_recording(RECORDING, path)
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == name.endswith(".gz")
    path.rename(tmp_path / "renamed")
    read = read_recording(tmp_path / "renamed")
    assert (read.series, read.selectors, read.start_ms, read.end_ms) == (
        RECORDING.series,
        RECORDING.selectors,
        RECORDING.start_ms,
        RECORDING.end_ms,
    )


@pytest.mark.parametrize("chunk_bytes", [7, 1024 * 1024])
@pytest.mark.parametrize("name", ["made.om", "made.om.gz"])
def test_a_file_of_another_system_is_the_same_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, chunk_bytes: int
) -> None:
    """A mark at its beginning and the line ends of Windows say nothing, wherever a chunk ends."""
    monkeypatch.setattr(files, "CHUNK_BYTES", chunk_bytes)
    write_recording(RECORDING, tmp_path / "made.om")
    text = (tmp_path / "made.om").read_bytes()
    for changed in (b"\xef\xbb\xbf" + text, text.replace(b"\n", b"\r\n"), text.replace(b"\n", b"\r\n")[:-1]):
        (tmp_path / name).write_bytes(gzip.compress(changed) if name.endswith(".gz") else changed)
        assert read_recording(tmp_path / name).series == RECORDING.series


def test_the_same_recording_is_the_same_bytes(tmp_path: Path) -> None:
    """Neither the instant of writing nor the file's name is in a packed file."""
    write_recording(RECORDING, tmp_path / "a.gz")
    write_recording(RECORDING, tmp_path / "b.gz")
    packed = (tmp_path / "a.gz").read_bytes()
    assert packed == (tmp_path / "b.gz").read_bytes()
    assert packed[3:8] == bytes(5)  # no name, no time (RFC 1952)


def test_promtool_backfills_what_is_written(tmp_path: Path, engines: Engines) -> None:
    """Prometheus's own importer takes the file, and has every sample at its instant."""
    path = tmp_path / "made.om"
    write_recording(RECORDING, path)
    command = [engines.promtool, "tsdb", "create-blocks-from", "openmetrics", path, tmp_path / "data"]
    subprocess.run(command, check=True, capture_output=True)
    (tmp_path / "data" / "wal").mkdir()  # which the dump wants to see
    dump = [engines.promtool, "tsdb", "dump", tmp_path / "data"]
    dumped = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
    assert '{__name__="a_total", b="c\\""} 0.3333333333333333 15007\n' in dumped
    assert '{__name__="up", job="gateway"} 1 60001\n' in dumped
    assert '{__name__="alertdrill_stale", series="a_total{b=\\"c\\\\\\"\\"}"} 1 75001\n' in dumped
    assert len(dumped.splitlines()) == 13


@pytest.mark.parametrize("name", ["made.om", "made.om.gz"])
def test_a_file_that_was_cut_off_is_refused_wherever_it_was_cut(tmp_path: Path, name: str) -> None:
    """No beginning of a recording passes for a recording."""
    write_recording(RECORDING, tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for size in range(len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:size])
        with pytest.raises(BadInput):
            read_recording(tmp_path / "cut")


def test_binary_files_are_refused(tmp_path: Path) -> None:
    """What is no text in UTF-8 is said to be none, and where."""
    path = tmp_path / "made.om"
    path.write_bytes(b"a 1 0\nb 1 0\n\xff\xfe\x00")
    with pytest.raises(BadInput, match=r"made\.om:\d: this is not text in UTF-8"):
        read_recording(path)
    path.write_bytes(gzip.compress(b"a 1 0\n# EOF\n")[:-6] + b"\0" * 6)
    with pytest.raises(BadInput, match="the gzipped data are cut off or damaged"):
        read_recording(path)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    """A missing file, a folder, and a device that never ends are refused at once."""
    with pytest.raises(BadInput, match="missing: the recording cannot be read: No such file"):
        read_recording(tmp_path / "missing")
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        read_recording(tmp_path)
    with pytest.raises(BadInput, match="/dev/zero: the recording cannot be read: this is not a regular file"):
        read_recording(Path("/dev/zero"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="pipe: the recording cannot be read: this is not a regular file"):
        read_recording(tmp_path / "pipe")


def test_ten_gigabytes_are_refused(tmp_path: Path) -> None:
    """A file larger than the bound is refused by its size."""
    path = tmp_path / "huge.om"
    with path.open("wb") as file:
        file.truncate(10 * 1024**3)
    with pytest.raises(BadInput, match=r"huge\.om: the recording is larger than 2 GiB of text"):
        read_recording(path)


@pytest.mark.parametrize("line", [b"\0" * 4096, b"# HELP a %s\n" % (b"b" * 4000)], ids=["zeros", "lines"])
def test_a_gzip_bomb_is_refused_in_bounded_memory(tmp_path: Path, line: bytes) -> None:
    """Ten megabytes that unpack to ten gigabytes neither fill the memory nor are read to the end."""
    path = tmp_path / "bomb.om.gz"
    member = gzip.compress(line * 16_384, 1)
    with path.open("wb") as file:
        for _ in range(10 * 1024**3 // (len(line) * 16_384)):
            file.write(member)
    program = (
        "import sys, pathlib, alertdrill.recording.files as r\n"
        f"r.MAX_BYTES = {BOMB_BYTES}\n"
        "try: r.read_recording(pathlib.Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, path],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (BOUNDED_KIB * 1024,) * 2),
    )
    assert done.stdout.startswith("BadInput")
    assert "longer than 64 KiB" in done.stdout or "GiB of text" in done.stdout


def test_a_file_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    """The folder is missing, or the target is a folder."""
    with pytest.raises(BadInput, match=r"made\.om: cannot be written: No such file"):
        write_recording(RECORDING, tmp_path / "missing" / "made.om")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInput, match="folder: cannot be written: Is a directory"):
        write_recording(RECORDING, tmp_path / "folder")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def _write_and_break(stream: BinaryIO | gzip.GzipFile, interruption: BaseException) -> None:
    stream.write(b"a 1 0\n" * 100_000)
    raise interruption


@pytest.mark.parametrize("name", ["made.om", "made.om.gz"])
@pytest.mark.parametrize("interruption", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_good_file_stays_when_writing_breaks(
    tmp_path: Path, name: str, interruption: BaseException
) -> None:
    """An existing recording is as it was, and no half of a new one lies beside it."""
    path = tmp_path / name
    write_recording(RECORDING, path)
    before = path.read_bytes()
    with pytest.raises((BadInput, KeyboardInterrupt)), open_whole(path) as stream:
        _write_and_break(stream, interruption)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
