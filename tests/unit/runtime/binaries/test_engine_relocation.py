"""Programs that are made to find their files in their own folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

from alertdrill.runtime.binaries.relocation import relocate

COMPILED_IN = "/nowhere/that/any/machine/has"


def place(folder: Path, text: str) -> Path:
    """Write a program and, apart from it, the files that it was compiled to find."""
    (folder / "unpacked").mkdir(parents=True)
    (folder / "unpacked/greeting").write_text("hello")
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return program


def run(program: Path, *arguments: str) -> str:
    """Return what a program says."""
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


def test_the_files_are_found_wherever_the_folder_is(tmp_path: Path) -> None:
    """A relocated program reads its files and takes its arguments, also after its folder has moved."""
    program = place(tmp_path / "first place", f'cat {COMPILED_IN}/greeting; echo " $*"')
    relocate(program, compiled_in=COMPILED_IN, files=program.parent / "unpacked")
    assert run(program, "a", "b c") == "hello a b c\n"
    moved = program.parent.rename(tmp_path / "second place")
    assert run(moved / "program") == "hello \n"


def test_a_link_to_the_program(tmp_path: Path) -> None:
    """A relocated program finds its files when it is started through a symbolic link."""
    program = place(tmp_path / "place", f"cat {COMPILED_IN}/greeting")
    relocate(program, compiled_in=COMPILED_IN, files=program.parent / "unpacked")
    (tmp_path / "link").symlink_to(program)
    assert run(tmp_path / "link") == "hello"


def test_nothing_but_the_name_changes(tmp_path: Path) -> None:
    """The program keeps its length, so that everything in it stays in its place."""
    program = place(tmp_path / "place", f"cat {COMPILED_IN}/greeting")
    before = program.read_bytes()
    relocate(program, compiled_in=COMPILED_IN, files=program.parent / "unpacked")
    after = (program.parent / "files/program").read_bytes()
    assert len(after) == len(before)
    assert COMPILED_IN.encode() not in after


def test_a_program_that_needs_no_files(tmp_path: Path) -> None:
    """A program that does not name the folder stays as it is."""
    program = place(tmp_path / "place", "echo fine")
    relocate(program, compiled_in=COMPILED_IN, files=program.parent / "unpacked")
    assert sorted(path.name for path in program.parent.iterdir()) == ["program", "unpacked"]
    assert run(program) == "fine\n"
