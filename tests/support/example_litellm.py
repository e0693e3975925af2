"""The example for LiteLLM: where it is, and LiteLLM itself, installed once and kept in the cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from alertdrill.runtime.binaries.cache import locate_cache

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "litellm"
RECORDING = EXAMPLE / "recordings" / "run.om.gz"
OUT_OF_REACH = ("from versions: none", "Temporary failure in name resolution")
"""What pip says where there is no index; a version that an index does not have fails the test."""
INSTALL_WITHIN_S = 900


def install_litellm() -> Path:
    """Return the folder of LiteLLM's commands, as the example's requirements say.

    It is installed from the index that pip is set up for; where there is none, the test is skipped, but not
    in CI.
    """
    requirements = EXAMPLE / "requirements.txt"
    digest = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = locate_cache(os.environ).root / "tests" / f"litellm-{digest}"
    whole = folder / "whole"
    if not whole.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "pip", "install", "--quiet", "--retries", "1", "--timeout", "20"]
        installed = subprocess.run(
            [*pip, "-r", requirements], capture_output=True, text=True, timeout=INSTALL_WITHIN_S
        )
        if "CI" not in os.environ and any(said in installed.stderr for said in OUT_OF_REACH):
            pytest.skip("no package index is within reach, and LiteLLM is not in the cache")
        assert installed.returncode == 0, installed.stderr
        whole.touch()
    return folder / "bin"
