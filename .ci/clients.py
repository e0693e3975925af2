"""Try the providers' clients of another generation on the stub providers: `.ci/clients.py oldest|newest`.

`oldest` are those of two years ago, `newest` whatever the package index has now: run once a week, it says
when a newer client breaks. Each has an environment of its own, in out/clients, made anew. What went wrong is
printed, a line for each call and error class; exits with 1 then, and with 3 if the clients cannot be had.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLIENTS = {
    "oldest": ("openai==1.55.3", "anthropic==0.40.0", "google-genai==0.3.0", "ollama==0.4.1"),
    "newest": ("openai", "anthropic", "google-genai", "ollama"),
}
DIALECTS = ("openai", "anthropic", "gemini", "ollama", "openrouter")
SECRETS = {"ALERTDRILL_PROVIDER_KEY": "provider-key", "ALERTDRILL_CONTROL_TOKEN": "control-token"}
BAD_USAGE, NO_CLIENTS = 2, 3
INSTALL_TIMEOUT_S = 1_200.0
TRIAL_TIMEOUT_S = 900.0


def main() -> int:
    """Try one generation; return the code to exit with."""
    if len(sys.argv) != 2 or sys.argv[1] not in CLIENTS:
        print(f"usage: .ci/clients.py {'|'.join(CLIENTS)}", file=sys.stderr)  # noqa: T201 - the command line's answer
        return BAD_USAGE
    generation = sys.argv[1]
    folder = ROOT / "out" / "clients" / generation
    if not install(folder, CLIENTS[generation]):
        print(f"the {generation} clients cannot be installed; nothing was tried", file=sys.stderr)  # noqa: T201 - as above
        return NO_CLIENTS
    with ExitStack() as running:
        addresses = [f"{dialect}={running.enter_context(open_stub(dialect))}" for dialect in DIALECTS]
        return subprocess.run(
            [folder / "bin" / "python", "-m", "support.official_clients", *addresses],
            cwd=ROOT / "tests",
            env=os.environ | SECRETS,
            timeout=TRIAL_TIMEOUT_S,
            check=False,
        ).returncode


def install(folder: Path, clients: tuple[str, ...]) -> bool:
    """Make an environment that has these clients and no more; say whether it could be made."""
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    pip = [folder / "bin" / "python", "-m", "pip"]
    done = subprocess.run([*pip, "install", "--quiet", *clients], timeout=INSTALL_TIMEOUT_S, check=False)
    if done.returncode == 0:
        subprocess.run([*pip, "freeze"], timeout=INSTALL_TIMEOUT_S, check=True)
    return done.returncode == 0


@contextmanager
def open_stub(dialect: str) -> Iterator[str]:
    """Run a stub provider for the length of the block; yield its address and that of its control API."""
    addresses = ("--listen", "127.0.0.1:0", "--control", "127.0.0.1:0")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "stub_providers", "--name", f"clients-{dialect}"),
            *("--dialect", dialect, *addresses, "--speed", "100"),
        ],
        cwd=ROOT,
        env=os.environ | SECRETS,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            said = json.loads(process.stdout.readline() if process.stdout else "{}")
            yield f"http://{said['listen']},http://{said['control']}"
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
