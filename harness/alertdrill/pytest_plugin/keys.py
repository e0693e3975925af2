"""What the hooks and what they import both know."""

from __future__ import annotations

import pytest

YAML = (".yml", ".yaml")
"""How the names of files end that may have drills."""
PROJECT_FILES = ("alertdrill.toml", "pyproject.toml")
MODULE, PACKAGE = "drills.py", ("drills", "__init__.py")
"""What makes the drills of a pack, in its folder: one or the other."""
UNOBSERVED = pytest.StashKey[bool]()
"""Of a test: something that it expects could not be seen, as pages are not on a recording."""
