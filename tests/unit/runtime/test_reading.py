"""Tests of reading what users name: pipes and devices come to an end, and nothing else reads them."""

from __future__ import annotations

import ast
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.sources import walk_naming

from alertdrill.alertmanager.config import read_config
from alertdrill.cli.main import cli
from alertdrill.errors import BadInput
from alertdrill.gateway.config import read_config as read_gateway_config
from alertdrill.rules.files import read_rules
from alertdrill.runtime import reading
from alertdrill.runtime.reading import open_regular, read_bytes
from alertdrill.runtime.server_options import read_headers

ROOT = Path(__file__).resolve().parents[3]
RULES = b"groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]\n"


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """Make a named pipe."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def write_slowly(path: Path, pieces: Iterator[bytes], every_s: float) -> threading.Thread:
    """Write to a pipe in another thread, until its reader leaves."""

    def write() -> None:
        try:
            with path.open("wb", buffering=0) as file:
                for piece in pieces:
                    file.write(piece)
                    time.sleep(every_s)
        except BrokenPipeError:
            pass

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def test_what_comes_through_a_pipe_is_read_to_its_end(pipe: Path) -> None:
    """A writer that pauses between pieces is waited for."""
    writer = write_slowly(pipe, iter([b"one ", b"two ", b"three"]), 0.05)
    assert read_bytes(pipe, 100) == b"one two three"
    writer.join()


def test_a_pipe_whose_writer_was_quicker_is_read() -> None:
    """What a shell's `<(…)` wrote before anybody read it is there, and so is its end."""
    end, start = os.pipe()
    os.write(start, b"written")
    os.close(start)
    assert read_bytes(Path(f"/dev/fd/{end}"), 100) == b"written"
    assert read_bytes(Path(f"/dev/fd/{end}"), 100) == b""
    os.close(end)


def test_a_pipe_that_nobody_writes_to_is_given_up(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither opening nor reading waits for longer than the bound."""
    monkeypatch.setattr(reading, "SILENT_WITHIN_S", 0.1)
    with pytest.raises(TimeoutError, match=r"nothing came from it for 0\.1 s"):
        read_bytes(pipe, 100)


def test_a_writer_that_drips_is_given_up(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a file has a time, not only each piece."""
    monkeypatch.setattr(reading, "ALL_WITHIN_S", 0.2)
    writer = write_slowly(pipe, iter([b"x"] * 1000), 0.02)
    with pytest.raises(TimeoutError):
        read_bytes(pipe, 10_000)
    writer.join()


def test_what_has_no_end_is_read_up_to_the_bound() -> None:
    """A device gives one byte more than may be, which says that it is too large."""
    assert len(read_bytes(Path("/dev/zero"), 1_000_000)) == 1_000_001
    assert read_bytes(Path("/dev/null"), 100) == b""


def test_only_a_regular_file_has_a_stream(pipe: Path, tmp_path: Path) -> None:
    """A pipe, a device and a folder are refused, without waiting."""
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(OSError, match=r"regular file|directory"):
            open_regular(path)


@pytest.mark.parametrize(
    "read",
    [read_rules, read_config, lambda path: read_headers("--header", [f"X-Key=@{path}"]), read_gateway_config],
    ids=["rules", "alertmanager.yml", "header", "gateway"],
)
def test_every_input_that_stalls_is_one_sentence_of_bad_input(
    read: Callable[[Path], object], pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules, a config of Alertmanager or the gateway, and a header's value do not hang."""
    monkeypatch.setattr(reading, "SILENT_WITHIN_S", 0.1)
    with pytest.raises(BadInput, match=r"pipe.*nothing came from it for 0\.1 s"):
        read(pipe)


def test_rules_are_taken_from_a_pipe(pipe: Path) -> None:
    """`alertdrill dilate <(…)` dilates what is written to it."""
    writer = write_slowly(pipe, iter([RULES]), 0)
    done = CliRunner().invoke(cli, ["dilate", str(pipe), "--speed", "60"])
    writer.join()
    assert done.exit_code == 0, done.output
    assert "alert: A" in done.output


OWN_FILES = {
    "harness/alertdrill/alertmanager/reference.py": "our own routing, in the package",
    "harness/alertdrill/runtime/binaries/apt_sources.py": "the machine's package sources",
    "harness/alertdrill/runtime/binaries/relocation.py": "a program that was just unpacked",
    "harness/alertdrill/gateway/inference/deployments.py": "a file of the package",
    "harness/alertdrill/gateway/models.py": "a file of the package",
    "harness/alertdrill/gateway/runs/policies.py": "a file of the package",
    "harness/alertdrill/mutation/checking.py": "what promtool printed for us",
    "harness/alertdrill/mutation/report_html.py": "a file of the package",
    "harness/alertdrill/mutation/memory.py": "our own sources, to be digested",
    "harness/alertdrill/runner/golden/staleness.py": "our own sources, to be digested",
    "harness/alertdrill/runner/kept_run.py": "what a run of ours just wrote",
    "harness/alertdrill/stacks/local_stack.py": "the config of a Prometheus of ours",
    "harness/alertdrill/alertmanager/watching.py": "a log that a part of ours wrote",
    "harness/alertdrill/runtime/process.py": "a log that a part of ours wrote",
    "harness/alertdrill/load/plan.py": "the plan, bounded; runs in Locust's process",
    "harness/alertdrill/recording/replay/answers.py": "what promtool printed for us",
    "harness/alertdrill/recording/replay/promtool.py": "what promtool printed for us",
    "harness/alertdrill/reports/html/joining.py": "a file of the package",
    "harness/alertdrill/stacks/compose/prepare.py": "a secret and a stamp that it wrote itself",
    "harness/alertdrill/runtime/scratch.py": "which processes there are",
    "harness/alertdrill/runtime/limits.py": "how many processes and threads there are",
    "harness/alertdrill/runner/traffic.py": "what Locust reported to us",
    "harness/alertdrill/cli/commands/traffic.py": "the log that Locust wrote for us",
    "harness/alertdrill/pytest_plugin/sharing.py": "what another worker of the session wrote for us",
    "harness/alertdrill/stacks/stub_provider.py": "what a stub of ours said as it started",
}
"""What reads files elsewhere: none of them is one that a user names."""


def list_reads(path: Path) -> Iterator[int]:
    """Yield the lines of a module on which a file is opened to be read."""
    for node in walk_naming(path.read_text(), ("read_text", "read_bytes", "open")):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name in {"read_text", "read_bytes"} and isinstance(called, ast.Attribute):
            yield node.lineno
        if name != "open" or ast.unparse(called) in {"tarfile.open", "os.open", "site.open"}:
            continue
        modes = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
        texts = [mode.value for mode in modes if isinstance(mode, ast.Constant)]
        is_of_path = isinstance(called, ast.Name) or not node.args or bool(texts)
        if is_of_path and not any(set(str(text)) & set("wax") for text in texts):
            yield node.lineno


def test_nothing_else_reads_what_users_name() -> None:
    """Every other module that reads a file says here which file of ours that is."""
    reads = {
        str(path.relative_to(ROOT)): lines
        for path in sorted((ROOT / "harness").rglob("*.py"))
        if (lines := list(list_reads(path)))
    }
    assert {name: lines for name, lines in reads.items() if name not in OWN_FILES} == {}
    assert OWN_FILES.keys() <= reads.keys()
