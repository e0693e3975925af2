"""What the hooks and what they import both know."""

from __future__ import annotations

import pytest

YAML = (".yml", ".yaml")
"""How the names of files end that may have drills."""
UNOBSERVED = pytest.StashKey[bool]()
"""Of a test: something that it expects could not be seen, as pages are not on a recording."""
