"""Matchers of labels, in both of Alertmanager's syntaxes: the classic one, and the one for UTF-8. Pure.

Alertmanager 0.25 knows the classic syntax only; 0.33 reads what it cannot read that way in the other one.
Grammars: pkg/labels and matcher/parse of Alertmanager.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from alertdrill.alertmanager.expressions import compile_expression
from alertdrill.core.rule import Labels
from alertdrill.core.wording import escape, say_label_name
from alertdrill.errors import BadInput

MAX_CHARACTERS = 16 * 1024

Operator = Literal["=", "!=", "=~", "!~"]
_OPERATORS: dict[str, Operator] = {"=": "=", "!=": "!=", "=~": "=~", "!~": "!~"}

_CLASSIC = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*((?s:.*?))\s*", re.ASCII)
_TOKEN = re.compile(
    r"""\s*(?:(?P<sign>=~|!~|!=|[={},])|(?P<quoted>"(?:\\.|[^"\\])*")|(?P<plain>[^\s{}!=~,\\"'`]+))""",
    re.DOTALL,
)
_ESCAPE = re.compile(
    r"""\\(?:(?P<one>[abfnrtv\\"])|x(?P<byte>[0-9a-fA-F]{2})"""
    r"""|u(?P<four>[0-9a-fA-F]{4})|U(?P<eight>[0-9a-fA-F]{8})|(?P<other>.))""",
    re.DOTALL,
)
_ESCAPED = dict(zip('abfnrtv\\"', '\a\b\f\n\r\t\v\\"', strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """What the label `name` must be; a label that is not there is the empty text."""

    name: str
    operator: Operator
    value: str

    def matches(self, labels: Labels) -> bool:
        """Tell whether labels are as this says."""
        value = labels.get(self.name, "")
        if self.operator in ("=", "!="):
            found = value == self.value
        else:
            found = compile_expression(self.value).fullmatch(value) is not None
        return found is self.operator.startswith("=")


def say_matchers(matchers: Sequence[Matcher]) -> str:
    """Write matchers as PromQL has them: `{severity="page"}`; `every alert` if there are none."""
    said = ", ".join(f'{say_label_name(one.name)}{one.operator}"{escape(one.value)}"' for one in matchers)
    return f"{{{said}}}" if matchers else "every alert"


def make_matcher(name: str, operator: Operator, value: str) -> Matcher:
    """Return a matcher; raises BadInput for a regular expression that cannot be read."""
    if operator in ("=~", "!~"):
        compile_expression(value)
    return Matcher(name=name, operator=operator, value=value)


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Return what one entry of `matchers` says, such as `severity=~"critical|warning"`; raises BadInput."""
    if len(text) > MAX_CHARACTERS:
        raise BadInput(f"a matcher is longer than {MAX_CHARACTERS} characters")
    try:
        return tuple(_parse_classic(text))
    except BadInput as classic:
        try:
            return tuple(_parse_utf8(text))
        except BadInput:
            raise classic from None


def _parse_classic(text: str) -> Iterator[Matcher]:
    for part in _split(text.removeprefix("{").removesuffix("}")):
        match = _CLASSIC.fullmatch(part)
        if match is None:
            raise BadInput(f'{text[:80]!r} is no matcher such as severity="critical"')
        yield make_matcher(match[1], _OPERATORS[match[2]], _unescape_classic(match[3]))


def _split(text: str) -> list[str]:
    """Return the parts between commas that are in no quotes; a comma at the end is left out."""
    parts, part, inside, escaped = [], "", False, False
    for char in text:
        if char == "," and not inside:
            parts.append(part)
            part = ""
            continue
        if char == '"' and not escaped:
            inside = not inside
        escaped = char == "\\" and not escaped
        part += char
    return [*parts, part] if part.strip() else parts


def _unescape_classic(raw: str) -> str:
    is_quoted = raw.startswith('"')
    body = raw
    if is_quoted:
        if len(raw) < 2 or not raw.endswith('"') or _ends_escaped(raw[1:-1]):
            raise BadInput(f"{raw[:80]!r}: the quotes are not closed")
        body = raw[1:-1]
    if re.search(r'(?<!\\)(?:\\\\)*"', body):
        raise BadInput(f"{raw[:80]!r} has quotes in it that are not escaped")
    return re.sub(r'\\([n"\\])', lambda found: "\n" if found[1] == "n" else found[1], body)


def _ends_escaped(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _parse_utf8(text: str) -> Iterator[Matcher]:
    tokens = _list_tokens(text)
    if tokens and tokens[0] == ("sign", "{"):
        if tokens[-1] != ("sign", "}") or len(tokens) < 2:
            raise BadInput(f"{text[:80]!r}: the brace is not closed")
        tokens = tokens[1:-1]
    while tokens:
        (name_kind, name), (sign, operator), (value_kind, value), *_ = [*tokens, ("", ""), ("", "")]
        if name_kind != "text" or sign != "sign" or operator not in _OPERATORS or value_kind != "text":
            raise BadInput(f"{text[:80]!r} is no matcher")
        if len(tokens) > 3 and tokens[3] != ("sign", ","):
            raise BadInput(f"{text[:80]!r}: there is no comma between matchers")
        yield make_matcher(name, _OPERATORS[operator], value)
        tokens = tokens[4:]


def _list_tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadInput(f"{text[:80]!r} is no matcher")
        at = match.end()
        if match["sign"]:
            tokens.append(("sign", match["sign"]))
        else:
            tokens.append(("text", match["plain"] or _unquote(match["quoted"])))
    return tokens


def _unquote(quoted: str) -> str:
    """Return what a text in Go's double quotes stands for."""

    def resolve(escape: re.Match[str]) -> str:
        if escape["one"]:
            return _ESCAPED[escape["one"]]
        number = escape["byte"] or escape["four"] or escape["eight"]
        if number is None or int(number, 16) > 0x10FFFF:
            raise BadInput(f"{quoted[:80]!r} has an escape that is none")
        return chr(int(number, 16))

    return _ESCAPE.sub(resolve, quoted[1:-1])
