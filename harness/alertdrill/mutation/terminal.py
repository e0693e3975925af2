"""What `alertdrill mutate` prints: a line for each rule, and each mutant that no drill noticed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from alertdrill.core.wording import printable, say_number
from alertdrill.mutation.mutant import Result, State
from alertdrill.mutation.score import Scored, Tally, join, tally

COLUMNS: tuple[State, ...] = ("killed", "survived", "no coverage", "could not tell", "invalid", "equivalent")
LISTED: tuple[tuple[State, bool, str], ...] = (
    ("survived", False, "Survived: no drill noticed these, and what would"),
    ("survived", True, "Survived: no drill noticed these, and why none has to"),
    ("no coverage", False, "No drill is about these"),
    ("could not tell", False, "Could not be told"),
    ("invalid", False, "Not counted, since no rules"),
    ("equivalent", False, "Not counted, since equal to the rule"),
)
"""What is listed, by its state and whether a reason is stated for it."""


class MutationSummary:
    """Shows the scores of each rule, of each system and of all, and what was not noticed."""

    def __init__(self, scored: Sequence[Scored]) -> None:
        self._scored = scored

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._make_table()
        for state, is_explained, title in LISTED:
            yield from self._list_state(state, title, is_explained=is_explained)
        results = join(self._scored)
        total = tally(results)
        said = f"{say_number(len(results), 'mutant')}: "
        said += ", ".join(_say_count(results, state) for state in COLUMNS if total.count(state))
        yield Text()
        yield Text(f"{said}; {_say_scores(total)}", style="bold")

    def _make_table(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
        table.add_column("rule", overflow="fold")
        for state in COLUMNS:
            table.add_column(state, justify="right")
        table.add_column("score", justify="right")
        table.add_column("of covered", justify="right")
        for one in self._scored:
            for name, results in one.list_rules():
                table.add_row(f"  {printable(name)}", *_write_cells(tally(results)))
            table.add_row(printable(one.name), *_write_cells(tally(one.results)), style="bold")
        return table

    def _list_state(self, state: State, title: str, *, is_explained: bool) -> Iterator[RenderableType]:
        results = [
            result
            for result in join(self._scored)
            if result.state == state and result.is_explained == is_explained
        ]
        if results:
            yield Text(f"\n{title}", style="bold")
        if state == "no coverage":
            yield from _say_uncovered(results)
            return
        if is_explained:
            yield from _say_explained(results)
            return
        for result in results:
            yield from _say_result(result)


def _say_uncovered(results: Sequence[Result]) -> Iterator[Text]:
    """Yield a line for each rule: its mutants have all of them the same reason."""
    by_rule: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        original = result.mutant.original
        by_rule.setdefault((original.source, original.name), []).append(result)
    for (source, name), several in by_rule.items():
        yield Text(f"{source}: {printable(name)}: {say_number(len(several), 'mutant')}")
        yield Text(f"    {printable(several[0].why)}", style="dim")


def _say_explained(results: Sequence[Result]) -> Iterator[Text]:
    """Yield the mutants that have one reason, and then the reason."""
    by_reason: dict[str, list[Result]] = {}
    for result in results:
        by_reason.setdefault(result.why, []).append(result)
    for why, several in by_reason.items():
        yield from (_say_mutant(result) for result in several)
        yield Text(f"    {printable(why)}", style="dim")


def _say_result(result: Result) -> Iterator[Text]:
    yield _say_mutant(result)
    yield Text(f"    {printable(result.why)}", style="dim")


def _say_mutant(result: Result) -> Text:
    mutant = result.mutant
    return Text(f"{mutant.source}: {printable(mutant.original.name)}: {printable(mutant.says)}")


def _say_count(results: Sequence[Result], state: State) -> str:
    own = [result for result in results if result.state == state]
    explained = sum(result.is_explained for result in own)
    return f"{len(own)} {state}" + (f" ({explained} of them with a reason)" if explained else "")


def _write_cells(one: Tally) -> list[str]:
    counts = [str(one.count(state) or "") for state in COLUMNS]
    return [*counts, _say_share(one.of_all), _say_share(one.of_covered)]


def _say_share(share: float | None) -> str:
    return "-" if share is None else f"{int(share * 10) / 10:.1f} %"


def _say_scores(total: Tally) -> str:
    return f"score {_say_share(total.of_all)}, of covered {_say_share(total.of_covered)}"
