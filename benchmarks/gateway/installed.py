"""Where the gateways of the examples are, once they are installed: tests install them, benchmarks look."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from alertdrill.runtime.binaries.cache import locate_cache

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def locate_gateway(example: Path) -> Path:
    """Return the folder of an example's gateway, as its requirements and this Python say.

    It is whole once it has a file `whole`; its commands are in `bin`.
    """
    requirements = (example / "requirements.txt").read_bytes()
    digest = hashlib.sha256(requirements + sys.version.encode()).hexdigest()[:12]
    return locate_cache(os.environ).root / "tests" / f"{example.name}-{digest}"
