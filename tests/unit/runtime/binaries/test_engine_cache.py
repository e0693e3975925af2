"""Where the cache is."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertdrill.runtime.binaries.cache import locate_cache


@pytest.mark.parametrize(
    ("environ", "root"),
    [
        ({"HOME": "/h"}, "/h/.cache/alertdrill"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/alertdrill"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "relative"}, "/h/.cache/alertdrill"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x", "ALERTDRILL_CACHE": "/own"}, "/own"),
    ],
)
def test_the_cache_is_where_the_environment_says(environ: dict[str, str], root: str) -> None:
    """ALERTDRILL_CACHE comes before an absolute XDG_CACHE_HOME, and that before HOME."""
    assert locate_cache(environ).root == Path(root)
