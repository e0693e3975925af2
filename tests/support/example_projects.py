"""The examples: where they are, and the gateways that they start, installed once and kept in the cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gateway.installed import EXAMPLES, locate_gateway

__all__ = ["EXAMPLES", "install_gateway"]
OUT_OF_REACH = ("from versions: none", "Temporary failure in name resolution")
"""What pip says where there is no index; a version that an index does not have fails the test."""
INSTALL_WITHIN_S = 900


def install_gateway(example: Path) -> Path:
    """Return the folder of the commands of an example's gateway, as the example's requirements say.

    It is installed from the index that pip is set up for; where there is none, the test is skipped, but not
    in CI.
    """
    requirements, folder = example / "requirements.txt", locate_gateway(example)
    whole = folder / "whole"
    if not whole.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "pip", "install", "--quiet", "--retries", "1", "--timeout", "20"]
        installed = subprocess.run(
            [*pip, "-r", requirements], capture_output=True, text=True, timeout=INSTALL_WITHIN_S
        )
        if "CI" not in os.environ and any(said in installed.stderr for said in OUT_OF_REACH):
            pytest.skip(f"no package index is within reach, and {example.name} is not in the cache")
        assert installed.returncode == 0, installed.stderr
        whole.touch()
    return folder / "bin"
