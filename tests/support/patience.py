"""How long tests wait for what has to come."""

from __future__ import annotations

PATIENCE_S = 60.0
"""Wall seconds after which a test says that it never came: more than any pause of a busy machine."""
