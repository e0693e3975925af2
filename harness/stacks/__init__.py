"""Where drills are held: each stack starts, or finds, the same parts and tells where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SCRAPE_INTERVAL_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Base URLs of a stack's parts, and the secrets that open them; secrets are kept out of `repr`."""

    gateway: str
    prometheus: str
    alertmanager: str
    pager: str
    controls: Mapping[str, str]
    """Control API of each stub provider, by provider name."""
    admin_token: str = field(repr=False)
    control_token: str = field(repr=False)
    pager_token: str = field(repr=False)
