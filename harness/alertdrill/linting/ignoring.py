"""Comments that ignore a check: `# alertdrill ignore CHECK until 2027-01-31: why`. Pure.

One holds for the rule that it stands in, or right above; above a group it holds for the group's rules, and
above `groups:` for the file. `until` may be left out; the reason may not. What holds for nothing is a
finding itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from alertdrill.linting.checks import IGNORE_COMMENT
from alertdrill.linting.finding import Finding
from alertdrill.linting.scalar_places import locate
from alertdrill.linting.surroundings import LintedFile
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.yaml.nodes import Mapping

NO_FIRING_DRILL, NO_NEAR_MISS = "no-firing-drill", "no-near-miss"
"""What the gate says of a rule that changes and has no such drill; comments ignore it as they do a check."""
OF_GATE = frozenset({NO_FIRING_DRILL, NO_NEAR_MISS})
FORM = "# alertdrill ignore CHECK until 2027-01-31: why"
_COMMENT = re.compile(
    r"#[ \t]*alertdrill[ \t]+(?P<word>ignore|ignor|ignoer|ingore|disable|skip)\b[ \t]*(?P<rest>[^\n]*)",
    re.IGNORECASE,
)
"""Also words that are meant for it, and no prose."""
_STATED = re.compile(
    r"(?P<checks>[\w-]+(?:[ \t]*,[ \t]*[\w-]+)*)"
    r"(?:[ \t]+until[ \t]+(?P<until>\S+?))?[ \t]*(?::[ \t]*(?P<why>.*))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """What a comment ignores: a check, on these lines of a file, both included."""

    check: str
    first: int
    last: int

    def covers(self, finding: Finding) -> bool:
        """Say whether a finding of the same file is ignored."""
        return finding.check == self.check and self.first <= finding.line <= self.last


def read_ignored(
    file: LintedFile, checks: Collection[str], today: date
) -> tuple[list[Ignored], list[Finding]]:
    """Return what the comments of a file ignore, of checks and of the gate, and what is wrong with them."""
    checks = {*checks, *OF_GATE}
    ignored: list[Ignored] = []
    wrong: list[Finding] = []
    spans = list(_list_spans(file))
    for comment in _COMMENT.finditer(file.source):
        line, column = locate(file.source, comment.start())
        if comment["word"] != "ignore":
            what = f"This comment ignores nothing: its word is {comment['word']!r}, and not 'ignore'."
            wrong.append(_complain(file, line, column, (what, f"Write `{FORM}`.")))
            continue
        said_of = _read_comment(comment["rest"].strip(), line, file, checks, today, spans, ignored)
        wrong += [_complain(file, line, column, said) for said in said_of]
    return ignored, wrong


def _complain(file: LintedFile, line: int, column: int, said: tuple[str, str]) -> Finding:
    happens, instead = said
    return Finding(
        file=file.name,
        line=line,
        column=column,
        check=IGNORE_COMMENT,
        severity="warning",
        rule="",
        happens=happens,
        instead=instead,
    )


def _read_comment(
    rest: str,
    line: int,
    file: LintedFile,
    checks: Collection[str],
    today: date,
    spans: Sequence[tuple[int, int]],
    ignored: list[Ignored],
) -> Iterator[tuple[str, str]]:
    """Add what a comment ignores; yield what is wrong with it, and what to write."""
    stated = _STATED.fullmatch(rest)
    if stated is None:
        yield "This comment ignores nothing: it does not say which check.", f"Write `{FORM}`."
        return
    if not stated["why"]:
        yield "This comment ignores nothing: it gives no reason.", f"Write why after a colon: `{FORM}`."
        return
    if stated["until"] is not None:
        try:
            until = date.fromisoformat(stated["until"])
        except ValueError:
            yield f"{stated['until']!r} is no date, so this comment ignores nothing.", f"Write `{FORM}`."
            return
        if until < today:
            yield (
                f"This comment ignores nothing since {until} is past.",
                "Mend the rule and take the comment out, or give it a new end and say why.",
            )
            return
    span = _find_span(line, file, spans)
    if span is None:
        yield (
            "This comment ignores nothing: no rule follows it, and it is in none.",
            "Put it into the rule, right above it, above its group, or above `groups:`.",
        )
        return
    for name in re.split(r"[ \t]*,[ \t]*", stated["checks"]):
        if name in checks:
            ignored.append(Ignored(check=name, first=span[0], last=span[1]))
        else:
            yield f"There is no check {name!r}.", f"Name one of them{say_nearest(name, checks) or '.'}"


def _list_spans(file: LintedFile) -> Iterator[tuple[int, int]]:
    """Yield the lines of each rule, then of each group, the first and the last."""
    for node in (*file.rule_nodes, *file.group_nodes):
        yield node.line, _find_last(node, file.source)


def _find_last(node: Mapping, source: str) -> int:
    return locate(source, max(node.start, min(node.end, len(source)) - 1))[0]


def _find_span(line: int, file: LintedFile, spans: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the lines for which a comment holds: those of the rule or the group, or all of the file."""
    lines = file.source.split("\n")
    next_line = line
    while next_line < len(lines) and lines[next_line].lstrip().startswith("#"):
        next_line += 1
    is_alone = lines[line - 1].lstrip().startswith("#")
    of_rules = spans[: len(file.rule_nodes)]
    for first, last in of_rules:
        if first <= line <= last:
            return first, last
    if not is_alone:
        return None
    for first, last in spans:
        if first == next_line + 1:
            return first, last
    first_group = min((first for first, _ in spans), default=0)
    return (1, len(lines)) if line < first_group else None
