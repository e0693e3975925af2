"""Sets parts of a line side by side, and breaks it between them where the console is too narrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Hanging:
    """A line; what does not fit on it goes on below, further to the right."""

    text: Text
    indent: str = "    "

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.text.cell_len <= options.max_width:
            yield self.text
            return
        first, *rest = self.text.wrap(console, max(1, options.max_width - len(self.indent)))
        yield first
        for line in rest:
            yield Text(self.indent).append_text(line)


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Something without the blanks at the ends of its lines."""

    shown: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line, is_ended in Segment.split_lines_terminator(console.render(self.shown, options)):
            yield from _trim(line) if is_ended else line
            if is_ended:
                yield Segment.line()


def _trim(line: Iterable[Segment]) -> list[Segment]:
    kept = list(line)
    while kept and not kept[-1].control:
        last = kept.pop()
        if text := last.text.rstrip(" "):
            return [*kept, Segment(text, last.style)]
    return kept


def flow(parts: Sequence[Text], width: int, *, lead: str = "", indent: str = "    ") -> Iterator[Hanging]:
    """Set parts side by side, two spaces apart; what does not fit goes to a further, indented line."""
    return (Hanging(line, indent + "  ") for line in _set(parts, width, lead, indent))


def _set(parts: Sequence[Text], width: int, lead: str, indent: str) -> Iterator[Text]:
    line = Text(lead)
    for part in parts:
        if line.plain.strip() and line.cell_len + 2 + part.cell_len > width:
            yield line
            line = Text(indent)
        elif line.plain.strip():
            line.append("  ")
        line.append_text(part)
    yield line
