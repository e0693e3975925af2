r"""PromQL said as the parser reads it rightly: what it does not know, or takes for something else, otherwise.

Prometheus 3 has underscores in numbers and, behind a flag, arithmetic in durations; its strings are Go's, of
bytes, and its absolute times may be before 1970. promql-parser knows none of that: it takes `\xe2` for a
character, and fails on such a time. Grammar: promql/parser and util/strutil of Prometheus.
"""

from __future__ import annotations

import math
import re

import promql_parser as ast

from alertdrill.errors import BadInput
from alertdrill.rules.promql.constants import evaluate_constant

BOUND_S = 75_000_000_000
"""Of absolute times, on both sides of 1970."""
BEFORE_1970_S = 2 * BOUND_S
"""Times before 1970 are told to the parser this much later."""

# U+FFFD is what Prometheus's lexer takes for broken UTF-8.
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\ufffd": "\\ufffd"}
_GO_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}
_GO_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.?)", re.DOTALL
)
_DIGITS = "[0-9](?:_?[0-9])*"
_EXPONENT = f"(?:[eE][+-]?{_DIGITS})?"
_NUMBER = rf"0[xX][0-9a-fA-F](?:_?[0-9a-fA-F])*|(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS}){_EXPONENT}"
_WORD = "[A-Za-z_:][A-Za-z0-9_:]*"
_TOKEN = re.compile(
    rf"""(?P<comment>\#[^\n]*)
    |(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    |(?P<at>@\s*[-+]?\s*(?:{_NUMBER})(?:{_WORD})?)
    |(?P<window>\[[^][#"'`]*\])
    |(?P<offset>(?i:offset)\s*[-+]?\s*\()
    |(?P<unshifted>(?i:offset)\s*[-+]\s*0+(?:ms|[smhdwy])?(?![A-Za-z0-9_.]))
    |(?P<word>{_WORD})
    |(?P<nothing>(?:0+(?:ms|[smhdwy]))+(?![A-Za-z0-9_]))
    |(?P<number>{_NUMBER})
    |(?P<rest>[^\#"'`@\[A-Za-z0-9_:.]+|.)""",
    re.DOTALL | re.VERBOSE,
)
_PECULIAR = re.compile(
    r"""[#`\\@]|[0-9]_[0-9]|(?i:offset)\s*[-+(]|\[\s*[0-9a-z:\s]*[^]0-9a-z:\s]|\[\s*\]|["'][^\n]*\n|\b0+(?:ms|[smhdwy])""",
)
"""What there is in every text that is restated, and in few others."""
_PLAIN_DURATION = re.compile(rf"\s*(?:(?:{_NUMBER})(?:{_WORD})?\s*)?")


def quote(text: str) -> str:
    """Return a string literal that PromQL and Go templates read back as `text`."""
    return '"' + "".join(_ESCAPES.get(char) or _escape(char) for char in text) + '"'


def _escape(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 32 or ord(char) == 127 else char


def unquote(literal: str) -> str:
    """Return the text of a string literal of PromQL or Go. Raises BadInput when it is none, or not UTF-8."""
    if literal.startswith("`"):
        return literal[1:-1]
    written = bytearray()
    end = 0
    body = literal[1:-1]
    for match in _GO_ESCAPE.finditer(body):
        written += _encode(body[end : match.start()])
        plain, hexadecimal, octal, *points = match.groups()
        point = points[0] or points[1]
        if plain:
            written.append(_GO_ESCAPES[plain])
        elif hexadecimal:
            written.append(int(hexadecimal, 16))
        elif octal and int(octal, 8) < 256:
            written.append(int(octal, 8))
        elif point and int(point, 16) <= 0x10FFFF:
            written += _encode(chr(int(point, 16)))
        else:
            raise BadInput(f"the expression has a string with {match.group()[:10]}, which is no escape")
        end = match.end()
    written += _encode(body[end:])
    try:
        return written.decode()
    except UnicodeDecodeError as error:
        raise BadInput("the expression has a string that is not UTF-8") from error


def _encode(text: str) -> bytes:
    if "\n" in text:
        raise BadInput("the expression has a string that is not PromQL: its line does not end it")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BadInput("the expression has a string that is not PromQL: it has half a character") from error


def restate(text: str) -> str:
    """Return an expression that the parser reads as Prometheus reads `text`.

    Without comments; what is not PromQL stays, for the parser to say. Raises BadInput for what has no
    counterpart: strings that are not UTF-8, times that are out of range.
    """
    if _PECULIAR.search(text) is None:
        return text
    written: list[str] = []
    end = 0
    while match := _TOKEN.match(text, end):
        found = match.group()
        end = match.end()
        match match.lastgroup:
            case "comment":
                written.append(" ")
            case "string":
                written.append(quote(unquote(found)))
            case "number":
                written.append(found.replace("_", ""))
            case "at":
                written.append(_restate_at(found))
            case "window":
                written.append(f"[{':'.join(map(_restate_duration, found[1:-1].split(':')))}]")
            case "unshifted":
                written.append("offset 0")
            case "nothing":
                written.append("0")
            case "offset":
                opened = end - 1
                end = _find_end(text, opened)
                sign = found[len("offset") : -1].strip()
                written.append(f"offset {_restate_duration(sign + text[opened:end])}")
            case _:
                written.append(found)
    return "".join(written)


def _find_end(text: str, opened: int) -> int:
    """Return where the parenthesis that opens at an index has been closed; the text's end if it never is."""
    depth = 0
    for index in range(opened, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    return len(text)


def _work_out(text: str) -> float | None:
    """Return the value of constant arithmetic, in which a duration is a number of seconds."""
    try:
        return evaluate_constant(ast.parse(restate(text)))
    except (ValueError, OverflowError):
        return None


def _restate_duration(text: str) -> str:
    """Return a duration without arithmetic; Prometheus cuts the result to milliseconds."""
    if _PLAIN_DURATION.fullmatch(text):
        text = text.strip().replace("_", "")
        return f"0{text}" if text.startswith(".") else text
    seconds = _work_out(text)
    if seconds is None or abs(seconds) > BOUND_S:
        return text
    milliseconds = math.trunc(seconds * 1000)
    sign = "-" if milliseconds < 0 else ""
    return f"{sign}{abs(milliseconds)}ms" if milliseconds else "0"


def _restate_at(token: str) -> str:
    """Return an absolute time in whole milliseconds, to which Prometheus rounds it."""
    seconds = _work_out(token[1:])
    if seconds is None:
        return token
    if abs(seconds) >= BOUND_S:
        raise BadInput("the expression has a time that is out of range")
    milliseconds = math.floor(abs(seconds) * 1000 + 0.5)
    if seconds < 0 and milliseconds:
        milliseconds = BEFORE_1970_S * 1000 - milliseconds
    return f"@ {milliseconds // 1000}.{milliseconds % 1000:03}"
