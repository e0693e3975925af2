"""Where the files are that are no modules: in a checkout beside the package, in a wheel within it."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_SHIPPED = PACKAGE / "shipped"
_CHECKOUT = PACKAGE.parents[1]

ROOT = _SHIPPED if _SHIPPED.is_dir() else _CHECKOUT
"""Where `scenarios` and `stub_providers` are; in a checkout everything else of the project is there too."""
SCENARIOS = ROOT / "scenarios"
COMPOSE_FILE = ROOT / "compose.yaml"
IMPORT_PATH = (PACKAGE.parent, ROOT)
"""What a process of ours has on its PYTHONPATH: where `alertdrill` is, and where `stub_providers` is."""
