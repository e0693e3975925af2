"""How deeply an expression is nested, found before a parser that calls itself for every level sees it. Pure.

The parser's tree takes memory with the square of its depth: eight thousand signs took gigabytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from alertdrill.errors import BadInput

MAX_BRACKETS = 100
"""Each is a level of the tree, or of a duration's arithmetic."""
MAX_OPERATORS = 200
"""On the way to the deepest operand; those that bind less tightly than others need not add levels."""

_TOKEN = re.compile(
    r"""\#[^\n]*
    |"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<comma>,)
    |(?P<operator>==|!=|=~|!~|[<>]=?|[-+*/%^]|(?i:and|or|unless|atan2)(?![A-Za-z0-9_:]))
    |0[xX][0-9a-fA-F_]+|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?[0-9_]+)?
    |[A-Za-z_:][A-Za-z0-9_:]*""",
    re.DOTALL | re.VERBOSE,
)


def check_nesting(text: str) -> None:
    """Raise BadInput for an expression that no parser should be given."""
    opened = [_Bracket()]
    for token in _TOKEN.finditer(text):
        if token["open"]:
            opened.append(_Bracket())
        elif token["close"] and len(opened) > 1:
            closed = opened.pop()
            opened[-1].operand = max(opened[-1].operand, closed.deepest)
        elif token["comma"]:
            opened[-1] = _Bracket(before=opened[-1].deepest)
        elif token["operator"]:
            opened[-1].operators += 1
        if len(opened) - 1 > MAX_BRACKETS:
            raise BadInput(f"the expression is nested more than {MAX_BRACKETS} levels deep")
        if opened[-1].deepest > MAX_OPERATORS:
            raise BadInput(
                f"the expression is nested too deeply: it has more than {MAX_OPERATORS} operators in a row"
            )


@dataclass(slots=True)
class _Bracket:
    """What an open bracket has: the operators since the last comma, and those on the way into an operand.

    `before` is how many were on the way to the deepest operand before the last comma.
    """

    operators: int = 0
    operand: int = 0
    before: int = 0

    @property
    def deepest(self) -> int:
        return max(self.before, self.operators + self.operand)
