"""Tests of the check dead-link."""

from __future__ import annotations

import pytest
from support.linted import find

GIVEN = {
    "guide/run-book.md": """\
# The run book

## `QueueDeep`: what to do, at once

## Twice
## Twice

```
# No heading
```
<a id="own"></a>
"""
}
BAD = [
    "none.md",
    "none.md#queue",
    "guide/run-book.md#queuedeep",
    "guide/run-book.md#no-heading",
    "guide/run-book.md#twice-2",
]
GOOD = [
    "guide/run-book.md",
    "guide/run-book.md#the-run-book",
    "guide/run-book.md#queuedeep-what-to-do-at-once",
    "guide/run-book.md#twice-1",
    "guide/run-book.md#own",
    "https://example.com/none.md#queue",
    "see none.md",
    "{{ $labels.team }}.md",
]


@pytest.mark.parametrize("link", BAD)
def test_it_is_found(link: str) -> None:
    """Whoever follows it finds nothing."""
    assert len(find("dead-link", f"{{expr: up, annotations: {{runbook: '{link}'}}}}", GIVEN)) == 1


@pytest.mark.parametrize("link", GOOD)
def test_it_is_not_found(link: str) -> None:
    """What is there, and what is elsewhere."""
    assert find("dead-link", f"{{expr: up, annotations: {{runbook: '{link}'}}}}", GIVEN) == []
