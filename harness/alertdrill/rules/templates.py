"""Templates of annotations and labels: the expressions that they query.

Go's text/template with Prometheus's functions. Syntax: https://pkg.go.dev/text/template and
https://prometheus.io/docs/prometheus/latest/configuration/template_reference/. An expression is queried as a
string literal, or as one that `printf` fills in; what a template computes otherwise is not known before.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from alertdrill.errors import BadInput
from alertdrill.rules.promql.text import quote, unquote

CLOCKS = {"now"}
"""Functions that read the wall clock."""

_STRINGS = r"""\"(?:\\.|[^"\\])*\"|`[^`]*`|'(?:\\.|[^'\\])*'"""
_COMMENT = re.compile(r"\{\{(?:-\s)?\s*/\*.*?\*/\s*(?:\s-)?\}\}", re.DOTALL)
_ACTION = re.compile(rf"""\{{\{{((?:{_STRINGS}|[^"`'}}]|\}}(?!\}}))*)\}}\}}""", re.DOTALL)
_TOKEN = re.compile(rf"""{_STRINGS}|[$.]?[A-Za-z_][A-Za-z0-9_.]*|\s+|:=|.""", re.DOTALL)
_BREAKS = {"|", "(", ")", ":=", "=", "if", "range", "with", "else", "{", "}"}
"""Where one command of a pipeline ends and another begins."""

_FORMATTED = re.compile(rf"""(?P<string>{_STRINGS})|%(?P<verb>[-+# 0-9.\[\]]*[a-zA-Z%])|%""", re.DOTALL)
_HOLE = "\ue000{}\ue001"
"""Stands in an expression for a string of a format; both characters are for private use."""
_HOLES = re.compile('"\ue000([0-9]+)\ue001"')


def rewrite_queries(text: str, rewrite: Callable[[str], str]) -> str:
    """Return a template with every expression that it queries rewritten, and nothing else.

    A string of a format with verbs, such as `{job="%s"}`, is left out of what is rewritten and put back; a
    verb elsewhere could be a duration. Raises BadInput when an expression is computed, the template cannot be
    read, or it reads the wall clock.
    """
    written = []
    end = 0
    while (start := text.find("{{", end)) >= 0:
        written.append(text[end:start])
        comment = _COMMENT.match(text, start)
        match = comment or _ACTION.match(text, start)
        if match is None:
            raise BadInput("a template has an action that cannot be read")
        written.append(match.group() if comment else _rewrite_action(match.group(), rewrite))
        end = match.end()
    return "".join((*written, text[end:]))


def _rewrite_action(action: str, rewrite: Callable[[str], str]) -> str:
    tokens = _TOKEN.findall(action)
    words = [at for at, token in enumerate(tokens) if not token.isspace()]
    for place, at in enumerate(words):
        if tokens[at] in CLOCKS:
            raise BadInput(f"a template calls {tokens[at]}, which reads the wall clock")
        if tokens[at] == "query":
            queried, is_format = _find_queried(tokens, words, place)
            fill = _rewrite_format if is_format else _rewrite_text
            tokens[queried] = quote(fill(_read(tokens[queried]), rewrite))
    return "".join(tokens)


def _find_queried(tokens: list[str], words: list[int], place: int) -> tuple[int, bool]:
    """Return where the literal stands that a `query` asks for, and whether it is a format."""
    command = [tokens[at] for at in words[place + 1 :]]
    if command and _is_literal(command[0]):
        return words[place + 1], False
    if command[:2] == ["(", "printf"] and _is_literal(command[2]) and _ends_at(command, 3):
        return words[place + 3], True
    if place and tokens[words[place - 1]] == "|":
        first = _find_start(tokens, words, place - 2)
        before = [tokens[at] for at in words[first : place - 1]]
        if len(before) == 1 and _is_literal(before[0]):
            return words[first], False
        if before[:1] == ["printf"] and len(before) > 1 and _is_literal(before[1]):
            return words[first + 1], True
    raise BadInput("a template queries an expression that it computes")


def _ends_at(command: list[str], place: int) -> bool:
    """Tell whether the parenthesis that opened before has no pipeline in it from a place on."""
    depth = 1
    for token in command[place:]:
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth == 0:
            return True
        if depth == 1 and token == "|":  # noqa: S105 - a word of the template language
            return False
    return False


def _find_start(tokens: list[str], words: list[int], place: int) -> int:
    """Return the place at which the command begins that ends at a place."""
    depth = 0
    while place >= 0:
        token = tokens[words[place]]
        if depth == 0 and token in _BREAKS - {")"} | {"-"}:
            break
        depth += {")": 1, "(": -1}.get(token, 0)
        place -= 1
    return place + 1


def _is_literal(token: str) -> bool:
    return token[0] in '"`'


def _read(literal: str) -> str:
    try:
        return unquote(literal)
    except BadInput as error:
        raise BadInput("a template queries a string that cannot be read") from error


def _rewrite_text(text: str, rewrite: Callable[[str], str]) -> str:
    return rewrite(text)


def _rewrite_format(text: str, rewrite: Callable[[str], str]) -> str:
    """Return a format rewritten whose verbs are strings, or stand in strings."""
    strings: list[str] = []

    def dig(match: re.Match[str]) -> str:
        is_whole = match["verb"] == "q"
        if match["verb"] == "%":
            return "%"
        if not is_whole and match["string"] is None:
            raise BadInput("a template queries a format with a verb outside of a string")
        if not is_whole and "%" not in match["string"]:
            return match.group()
        strings.append(match.group())
        return f'"{_HOLE.format(len(strings) - 1)}"'

    if any(mark in text for mark in _HOLE.split("{}")):
        raise BadInput("a template queries a string that cannot be read")
    rewritten = rewrite(_FORMATTED.sub(dig, text))
    # The verbs are filled in by their order.
    if [int(number) for number in _HOLES.findall(rewritten)] != list(range(len(strings))):
        raise BadInput("a template queries a format that would have another order")
    return _HOLES.sub(lambda match: strings[int(match[1])], rewritten.replace("%", "%%"))
