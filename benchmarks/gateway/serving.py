"""The servers that are measured, each a process, and on which core it runs."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.process import inherit_environment
from benchmarks.gateway.installed import EXAMPLES, locate_gateway

HOST = "127.0.0.1"
READY_WITHIN_S = 120.0
TOKEN = f"sk-{secrets.token_hex(16)}"
BEHAVIOUR = '{"latency": {"kind": "constant", "s": 0}}'
"""Answers at once, so that nothing but work is measured."""
LITELLM = EXAMPLES / "litellm"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that is asked: its port, and its process."""

    name: str
    port: int
    pid: int

    def read_cpu_s(self) -> float:
        """Return how many seconds of CPU it has spent, its threads' and the system's for it."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


def split_cores() -> tuple[set[int], set[int]]:
    """Return the core of what is measured, and those of all else: the same one, where there is one only."""
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}


@contextmanager
def serve_stub(folder: Path, cores: set[int]) -> Iterator[Server]:
    """Run a stub of OpenAI that answers at once."""
    port, control = find_free_ports(2)
    argv = ["stub_providers", "--name", "openai", "--dialect", "openai", "--any-key", "--speed", "1"]
    argv += ["--listen", f"{HOST}:{port}", "--control", f"{HOST}:{control}", "--behaviour", BEHAVIOUR]
    environ = {"ALERTDRILL_CONTROL_TOKEN": TOKEN}
    with _run("stub", [sys.executable, "-m", *argv], environ, port, folder, cores) as server:
        yield server


@contextmanager
def serve_echo(folder: Path, cores: set[int]) -> Iterator[Server]:
    """Run a bare aiohttp server."""
    (port,) = find_free_ports(1)
    argv = [sys.executable, "-m", "benchmarks.gateway.echo", f"{HOST}:{port}"]
    with _run("echo", argv, {}, port, folder, cores) as server:
        yield server


@contextmanager
def serve_gateway(folder: Path, cores: set[int], stub: Server) -> Iterator[Server]:
    """Run our gateway before a stub, with the metrics of all systems."""
    (port,) = find_free_ports(1)
    config = folder / "gateway.json"
    document = {
        "speed": 1,
        "data_dir": str(folder / "gateway"),
        "providers": {"openai": f"http://{HOST}:{stub.port}"},
    }
    config.write_text(dumps(document))
    argv = [sys.executable, "-m", "alertdrill.gateway", "--config", str(config), "--listen", f"{HOST}:{port}"]
    environ = {"ALERTDRILL_ADMIN_TOKEN": TOKEN, "ALERTDRILL_PROVIDER_KEY": TOKEN}
    with _run("gateway", argv, environ, port, folder, cores) as server:
        yield server


@contextmanager
def serve_litellm(folder: Path, cores: set[int], stub: Server) -> Iterator[Server | None]:
    """Run LiteLLM before a stub, as the example has it, with its callback for Prometheus.

    None where `make test EVERY=1`, or CI, has not installed it yet.
    """
    home = locate_gateway(LITELLM)
    if not (home / "whole").exists():
        yield None
        return
    (port,) = find_free_ports(1)
    base = f"http://{HOST}:{stub.port}/v1"
    environ = {
        "LITELLM_MASTER_KEY": TOKEN,
        "OPENAI_API_BASE": base,
        "BACKUP_API_BASE": base,
        # Prices and banners come from the net otherwise.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
    }
    argv = [str(home / "bin" / "litellm"), "--config", str(LITELLM / "config.yaml")]
    argv += ["--host", HOST, "--port", str(port)]
    with _run("litellm", argv, environ, port, folder, cores) as server:
        yield server


@contextmanager
def _run(
    name: str,
    argv: Sequence[str],
    environ: Mapping[str, str],
    port: int,
    folder: Path,
    cores: set[int],
) -> Iterator[Server]:
    """Run a server on these cores until the block ends; yield it once it listens.

    Raises RuntimeError, with its last words, if it does not.
    """
    log = folder / f"{name}.log"
    with ExitStack() as stack:
        said = stack.enter_context(log.open("wb"))
        ours = os.sched_getaffinity(0)
        # What a process starts begins on its cores, threads too.
        os.sched_setaffinity(0, cores)
        try:
            process = subprocess.Popen(  # noqa: S603 - our own programs, and LiteLLM
                argv, stdout=said, stderr=said, env=inherit_environment(environ), cwd=Path.cwd()
            )
        finally:
            os.sched_setaffinity(0, ours)
        stack.callback(_end, process)
        _await_port(process, port, log)
        yield Server(name=name, port=port, pid=process.pid)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until a server answers, whatever it answers."""
    until_s = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until_s and process.poll() is None:
        try:
            with urlopen(Request(f"http://{HOST}:{port}/"), timeout=5):
                return
        except URLError as error:
            if hasattr(error, "code"):
                return
            time.sleep(0.1)
        except OSError:
            time.sleep(0.1)
    words = log.read_text(errors="replace")[-1000:]
    raise RuntimeError(f"{process.args!r} does not answer on port {port}: {words}")
