"""Sets parts of a line side by side, and breaks it between them where the console is too narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text


def flow(parts: Sequence[Text], width: int, *, lead: str = "", indent: str = "    ") -> Iterator[Text]:
    """Set parts side by side, two spaces apart; what does not fit goes to a further, indented line."""
    line = Text(lead)
    for part in parts:
        if line.plain.strip() and line.cell_len + 2 + part.cell_len > width:
            yield line
            line = Text(indent)
        elif line.plain.strip():
            line.append("  ")
        line.append_text(part)
    yield line
