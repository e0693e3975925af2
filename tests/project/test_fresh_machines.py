"""How CI tries bare systems: what is taken over, what is skipped, and what a failure is."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import bare_system
import fresh_machines
import pytest
from bare_system import BareSystem, make_apt_conf
from fresh_machines import hold_drills, main, try_step

from alertdrill.errors import MissingEngine


class Local(BareSystem):
    """A folder of this machine, in which commands are run as they are."""

    def start(self, command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
        """Start a command in the folder, with a `make` of its own."""
        with log.open("ab") as file:
            return subprocess.Popen(
                command, cwd=self.folder, stdout=file, stderr=file, env={"PATH": f"{self.folder}:/bin"}
            )

    @property
    def checkout(self) -> Path:
        """The folder itself."""
        return self.folder


def make_machine(folder: Path, name: str, script: str) -> Local:
    """Return a machine on which `make` is a script."""
    place = folder / name
    (place / "out").mkdir(parents=True)
    (place / "make").write_text(f"#!/bin/sh\n{script}\n")
    (place / "make").chmod(0o755)
    return Local(folder=place, kept=place)


def test_the_mirror_is_reached_as_it_is_from_here() -> None:
    """Proxies, and whether an old list will do; nothing else of this machine's apt."""
    dumped = (
        'APT::Architecture "amd64";\n'
        'Acquire::Check-Valid-Until "false";\n'
        'Acquire::http::Proxy "http://proxy.example:3128";\n'
        'Acquire::http::Proxy::mirror.example "DIRECT";\n'
        'Acquire::https::CAInfo "/here/only.pem";\n'
        'Acquire::Languages "none";\n'
    )
    assert [line.split()[0] for line in make_apt_conf(dumped).splitlines()] == [
        "Acquire::Check-Valid-Until",
        "Acquire::http::Proxy",
        "Acquire::http::Proxy::mirror.example",
    ]


@pytest.mark.parametrize(("environment", "code"), [({}, 0), ({"CI": "true"}, 1)])
def test_without_root_the_machines_are_skipped_by_name_and_in_ci_never(
    environment: dict[str, str],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line says that they were not tried, and in CI that is a failure."""
    monkeypatch.delenv("CI", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(fresh_machines.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(fresh_machines.signal, "signal", lambda *_: None)
    assert main() == code
    assert "SKIPPED, not passed: the fresh machines: only root can make them" in capsys.readouterr().err


def test_without_a_mirror_there_is_no_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The reason is said, before anything is made."""
    monkeypatch.setattr(bare_system, "ETC_APT", tmp_path)
    with pytest.raises(MissingEngine, match="no mirror of Debian"):
        bare_system.keep_tree("unstable")


def test_a_step_fails_on_the_machine_on_which_it_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What that machine said is shown; of the other only which tests were skipped."""
    systems = {
        "newest": make_machine(tmp_path, "newest", "echo it broke; exit 3"),
        "oldest": make_machine(tmp_path, "oldest", "echo all well; echo SKIPPED tests/a.py: no browser"),
    }
    assert try_step("make check", systems, tmp_path) == ["newest"]
    said = capsys.readouterr().err
    assert "make check on the newest machine: exit 3" in said
    assert "make check on the oldest machine: exit 0" in said
    assert "it broke" in said
    assert "no browser" in said
    assert "all well" not in said


def test_a_step_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has failed, and nothing is left of it."""
    monkeypatch.setattr(fresh_machines, "STEP_TIMEOUT_S", 0.5)
    systems = {"newest": make_machine(tmp_path, "newest", "exec sleep 60")}
    assert try_step("make check", systems, tmp_path) == ["newest"]


@pytest.mark.parametrize(
    ("reported", "failed"),
    [("<error type='x'/>", ["newest"]), ('<error type="ClockDoubted"/>', [])],
)
def test_drills_are_held_again_where_the_clock_was_doubted(
    tmp_path: Path, reported: str, failed: list[str]
) -> None:
    """Once, and at half the speed; any other failure is one."""
    systems = {"newest": make_machine(tmp_path, "newest", 'case "$*" in *"--speed 30"*) ;; *) exit 2;; esac')}
    (systems["newest"].folder / "out/junit.xml").write_text(reported)
    assert hold_drills(systems, tmp_path) == failed
