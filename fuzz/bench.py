"""A folder for one run, in which a fault befalls it and everything that it leaves is found."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from alertdrill.stacks.scratch import find_scratch
from fuzz.left import find_half_written, find_tracebacks, list_left_behind, list_processes

ROOT = Path(__file__).resolve().parents[1]
WITHIN_S = 400.0
"""What does not end in this hangs."""
POLL_S = 0.02
KEPT = ROOT / "out" / "fuzz"
NEXT = ("run", "--replay", str(ROOT / "scenarios" / "recordings"), "mantis-cost-fires")
"""A run that takes seconds; whatever a killed one left, it removes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended, what it said, and from when to when its fault was there, epoch seconds.

    `befell` is None where the run ended before. `second` is how another run ended that wanted its folder.
    """

    code: int
    said: str
    took_s: float
    befell: tuple[float, float] | None
    second: tuple[int, str] | None = None

    @property
    def is_doubted(self) -> bool:
        """Whether the run itself says that its verdict cannot be trusted, or that it was too slow."""
        return any(
            words in self.said for words in ("No verdict can be", "could not be judged", "too slow to hold")
        )


class Bench:
    """Holds a run, and looks at what it left."""

    def __init__(self, folder: Path, temporary: Path, arguments: Sequence[str]) -> None:
        self._out = folder / "out"
        self._temporary = temporary
        self._arguments = arguments
        self._said = folder / "said"
        self._folder = folder
        self._remains: list[str] = []

    def hold(self, kind: str, part: str, at_s: float, lasts_s: float, number: int) -> Ended:
        """Hold a run that a fault befalls."""
        with _keep_small(self._out, number if kind == "room" else 0):
            begun_s = time.monotonic()
            process = self._start(self._arguments, self._said, files=number if kind == "files" else None)
            befell: tuple[float, float] | None = (0.0, 0.0) if kind in {"files", "room"} else None
            second: tuple[int, str] | None = None
            if befell is None and _has_time(process, at_s):
                match kind:
                    case "kill" | "stop":
                        befell = self._strike(process, part, lasts_s if kind == "stop" else None)
                    case "interrupt":
                        befell = (time.time(), time.time())
                        process.send_signal(number)
                    case _:
                        befell, second = self._disturb(process)
            code = self._await(process)
            took_s = time.monotonic() - begun_s
            self._remains += [f"{what} is left" for what in list_left_behind(self._temporary, code)]
            if code == -signal.SIGKILL:
                self._go_on()
            self._remains += [*find_half_written(self._out), *find_tracebacks(self._out)]
        said = self._said.read_text(errors="replace")
        return Ended(code=code, said=said, took_s=took_s, befell=befell, second=second)

    def find_wrong(self) -> list[str]:
        """Return what a run left that it should not have."""
        return self._remains

    def keep(self, name: str) -> Path:
        """Keep what the run wrote and said, to be looked at; return where it is."""
        kept = KEPT / name
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self._folder, kept)
        return kept

    def is_noted(self, ended: Ended, least_s: float) -> bool:
        """Whether a run's stalls have the stop that befell it, if it was long while drills were held."""
        if ended.befell is None:
            return True
        timeline = json.loads((self._out / "timeline.json").read_text())
        origin_s = json.loads((self._out / "logs" / "traffic-plan.json").read_text())["origin_s"]
        speed, until_s = timeline["speed"], timeline["until_s"]
        from_s, to_s = ((max(0.0, min(at_s - origin_s, until_s / speed))) for at_s in ended.befell)
        if to_s - from_s < least_s:
            return True
        return any(
            stall["from_s"] <= to_s * speed and stall["until_s"] >= from_s * speed
            for stall in timeline["stalls"]
        )

    def _start(
        self, arguments: Sequence[str], said: Path, files: int | None = None
    ) -> subprocess.Popen[bytes]:
        def bound() -> None:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if files is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        command = [sys.executable, "-P", "-m", "alertdrill", *arguments, "--out", str(self._out)]
        environ = {**os.environ, "TMPDIR": str(self._temporary), "PYTHONPATH": str(ROOT)}
        with said.open("wb") as file:
            return subprocess.Popen(  # noqa: S603 - our own command line
                command,
                cwd=self._folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                preexec_fn=bound,
            )

    def _strike(
        self, process: subprocess.Popen[bytes], part: str, lasts_s: float | None
    ) -> tuple[float, float] | None:
        """Kill a part once it is there, or stop it for some time; None if the run ends before."""
        while process.poll() is None:
            struck = self._find(process, part)
            if struck is None:
                time.sleep(POLL_S)
                continue
            with suppress(psutil.NoSuchProcess):
                from_s = time.time()
                if lasts_s is None:
                    struck.kill()
                    return from_s, from_s
                struck.suspend()
                _has_time(process, lasts_s)
                with suppress(psutil.NoSuchProcess):
                    struck.resume()
                return from_s, time.time()
        return None

    def _find(self, process: subprocess.Popen[bytes], part: str) -> psutil.Process | None:
        """Return a part's process: the one that writes its log, or has its name."""
        log = str(self._out / "logs" / f"{part}.log")
        with suppress(psutil.Error):
            for child in psutil.Process(process.pid).children(recursive=True):
                with suppress(psutil.Error, OSError):
                    if child.name() == part or os.readlink(f"/proc/{child.pid}/fd/1") == log:  # noqa: PTH115
                        return child
        return None

    def _disturb(
        self, process: subprocess.Popen[bytes]
    ) -> tuple[tuple[float, float] | None, tuple[int, str]]:
        """Begin a second run in the same folder; None and how it ended, if the first was over by then."""
        said = self._folder / "second"
        from_s = time.time()
        other = self._start(self._arguments, said)
        code = self._await(other)
        if process.poll() is not None:
            return None, (2, "another run, process ")
        return (from_s, time.time()), (code, said.read_text(errors="replace"))

    def _await(self, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait(WITHIN_S)
        except subprocess.TimeoutExpired:
            self._remains.append(f"it hangs: no end within {WITHIN_S:g} s")
            process.kill()
            return process.wait()

    def _go_on(self) -> None:
        """Let the next run remove what a killed one left."""
        code = self._await(self._start(NEXT, self._folder / "next"))
        if code != 0:
            said = (self._folder / "next").read_text(errors="replace")
            self._remains.append(f"the next run ends with exit {code}: {said[-300:]}")
        self._remains += [f"{what} is left after the next run" for what in list_left_behind(self._temporary)]


@contextmanager
def open_bench(arguments: Sequence[str]) -> Iterator[Bench]:
    """Yield the bench for one run of these arguments; in the end nothing of it is there any more."""
    with (
        tempfile.TemporaryDirectory(prefix="fuzz-") as folder,
        tempfile.TemporaryDirectory(prefix="fuzz-", dir=find_scratch(os.environ)) as temporary,
    ):
        try:
            yield Bench(Path(folder), Path(temporary), arguments)
        finally:
            for process in list_processes(Path(temporary)):
                with suppress(psutil.Error):
                    process.kill()


def _has_time(process: subprocess.Popen[bytes], for_s: float) -> bool:
    """Let time go by; False if the process ends meanwhile."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(for_s)
        return False
    return True


@contextmanager
def _keep_small(out: Path, room_kb: int) -> Iterator[None]:
    """Have a folder be a disk of so many kB while the context lasts; of root's, who alone can mount one."""
    if not room_kb:
        yield
        return
    out.mkdir()
    mount, umount = shutil.which("mount") or "mount", shutil.which("umount") or "umount"
    subprocess.run([mount, "-t", "tmpfs", "-o", f"size={room_kb}k", "fuzz", str(out)], check=True)  # noqa: S603
    try:
        yield
    finally:
        subprocess.run([umount, "--lazy", str(out)], check=True)  # noqa: S603
