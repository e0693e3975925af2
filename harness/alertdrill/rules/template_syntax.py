"""What Prometheus demands of a template when it loads a rule: Go's syntax, and functions that it has. Pure.

As Go's text/template/parse (lex.go, parse.go). What goes wrong only while a template is rendered, such as a
template that is included and defined nowhere, stops no Prometheus from loading it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from alertdrill.errors import BadInput

FUNCTIONS = {
    # Go's own.
    *("and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print"),
    *("printf", "println", "slice", "urlquery"),
    # Those of Prometheus's template.go, the newest too.
    *("args", "externalURL", "first", "graphLink", "humanize", "humanize1024", "humanizeDuration"),
    *("humanizePercentage", "humanizeTimestamp", "label", "match", "now", "parseDuration", "pathPrefix"),
    *(
        "query",
        "reReplaceAll",
        "safeHtml",
        "sortByLabel",
        "stripDomain",
        "stripPort",
        "strvalue",
        "tableLink",
    ),
    *("title", "toDuration", "toLower", "toTime", "toUpper", "urlQueryEscape", "value"),
}
VARIABLES = ("$", "$labels", "$externalLabels", "$externalURL", "$value")
MAX_DEPTH = 100

Kind = Literal["space", "text", "field", "variable", "word", "literal", "sign", "end", "file end"]
_KEYWORDS = {"block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"}
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<text>"(?:\\.|[^"\\\n])*"|`[^`]*`)
    |(?P<literal>'(?:\\(?:[abfnrtv\\']|[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|[^'\\\n])'
    |[+-]?(?=\.?[0-9])[0-9a-zA-Z_.]+(?:(?<=[eEpP])[+-][0-9_]+i?)?|[+-])
    |(?P<field>\.\w*)
    |(?P<variable>\$\w*)
    |(?P<word>\w+)
    |(?P<sign>:=|[=|(),])""",
    re.VERBOSE,
)
_NUMBER = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*"
    r"|(?:(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9_]*)?|[0-9]+\.[0-9_]*|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9_]+)?)i?"
)
_ESCAPES = re.compile(
    r"""\\(?:[abfnrtv\\'"]|[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|[^\\]+"""
)
_TERMINATORS = set(" \t\r\n.,|:)(")
_ENDS = re.compile(r"\}\}|[ \t\r\n]-\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    kind: Kind
    text: str = ""

    def is_(self, *signs: str) -> bool:
        return self.kind in {"sign", "end"} and self.text in signs

    @property
    def keyword(self) -> str:
        return self.text if self.kind == "word" and self.text in _KEYWORDS else ""


def check_template(text: str) -> None:
    """Raise BadInput for a template that Prometheus would not load, with the reason."""
    if "{{" in text:
        _Parser(tuple(_scan(text))).read_all()


def _scan(text: str) -> Iterator[_Token]:
    """Yield the tokens of all actions, each of which ends with one of the kind `end`."""
    at = 0
    while (begin := text.find("{{", at)) >= 0:
        at = begin + 2
        if text[at : at + 1] == "-" and text[at + 1 : at + 2].isspace():
            at += 2
        if text.startswith("/*", at):
            closed = text.find("*/", at + 2) + 2
            end = _ENDS.match(text, closed) if closed > 1 else None
            if end is None:
                raise BadInput("a comment is not closed, or has something after it")
            at = end.end()
            continue
        while not (end := _ENDS.match(text, at)):
            token, at = _scan_token(text, at)
            yield token
        at = end.end()
        yield _Token(kind="end", text="}}")
    yield _Token(kind="file end")


def _scan_token(text: str, at: int) -> tuple[_Token, int]:
    if at >= len(text):
        raise BadInput("an action is not closed")
    match = _TOKEN.match(text, at)
    if match is None:
        quoted = {'"': "a string is not closed", "`": "a string is not closed", "'": "' begins no character"}
        raise BadInput(quoted.get(text[at]) or f"{text[at]!r} is no part of an action")
    word, end = match.group(), match.end()
    kind: Kind = match.lastgroup  # type: ignore[assignment] # the groups are named as the kinds are
    if kind == "space" and text.startswith("-}}", end):
        # The last space belongs to the mark that trims.
        word, end = word[:-1], end - 1
    if kind in {"field", "variable", "word"} and not _is_terminated(text, end):
        raise BadInput(f"{text[end]!r} cannot follow {word!r}")
    if kind == "literal" and word[0] != "'" and not _NUMBER.fullmatch(word):
        raise BadInput(f"{word!r} is no number")
    if kind == "text" and word[0] == '"' and "".join(_ESCAPES.findall(word[1:-1])) != word[1:-1]:
        raise BadInput(f"{word} has an escape that Go does not know")
    return _Token(kind=kind, text=word), end


def _is_terminated(text: str, end: int) -> bool:
    return end >= len(text) or text[end] in _TERMINATORS or text.startswith("}}", end)


@dataclass(slots=True)
class _Parser:
    """Reads tokens as Go's parser does; every complaint is a BadInput."""

    tokens: tuple[_Token, ...]
    at: int = 0
    depth: int = 0
    loops: int = 0
    variables: list[str] = field(default_factory=lambda: [*VARIABLES])

    def read_all(self) -> None:
        """Read everything up to the end of the text."""
        while self._look().kind != "file end":
            if self._look_past_space().keyword == "define":
                self._next_past_space()
                self._read_definition()
            elif stop := self._read_action():
                raise BadInput(f"there is {{{{{stop}}}}} with nothing open")

    def _look(self) -> _Token:
        return self.tokens[self.at]

    def _next(self) -> _Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def _next_past_space(self) -> _Token:
        while self._look().kind == "space":
            self._next()
        return self._next()

    def _look_past_space(self) -> _Token:
        at = self.at
        while self.tokens[at].kind == "space":
            at += 1
        return self.tokens[at]

    def _expect_end(self, what: str) -> None:
        token = self._next_past_space()
        if token.kind != "end":
            raise BadInput(f"unexpected {_show(token)} in {what}")

    def _read_list(self) -> str:
        """Read actions until `end` or `else`, which is returned."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise BadInput("it is nested too deeply")
        while True:
            if self._look().kind == "file end":
                raise BadInput("an {{end}} is missing")
            if stop := self._read_action():
                self.depth -= 1
                return stop

    def _read_action(self) -> str:
        """Read one action; return `end` or `else` if it is one; of `else if` the rest is left to be read."""
        keyword = self._look_past_space().keyword
        if not keyword:
            self._read_pipeline("a command", "}}")
            return ""
        self._next_past_space()
        if keyword == "end":
            self._expect_end("end")
        elif keyword == "else":
            if (follows := self._look_past_space().keyword) in {"if", "with"}:
                return f"else {follows}"
            self._expect_end("else")
        elif keyword in {"break", "continue"}:
            if not self.loops:
                raise BadInput(f"{{{{{keyword}}}}} stands outside of {{{{range}}}}")
            self._expect_end(keyword)
        elif keyword == "template":
            self._read_name()
            if self._look_past_space().kind != "end":
                self._read_pipeline("template", "}}")
            else:
                self._next_past_space()
        elif keyword == "block":
            self._read_name()
            self._read_pipeline("block", "}}")
            self._read_body()
        elif keyword == "define":
            raise BadInput("{{define}} stands inside of something")
        else:
            self._read_control(keyword)
        return keyword if keyword in {"end", "else"} else ""

    def _read_control(self, keyword: str) -> None:
        """Read what is below `if`, `range` or `with`, up to its end."""
        known = len(self.variables)
        self._read_pipeline(keyword, "}}")
        self.loops += keyword == "range"
        stop = self._read_list()
        self.loops -= keyword == "range"
        if stop == f"else {keyword}":
            self._next_past_space()
            self._read_control(keyword)
        elif stop == "else":
            stop = self._read_list()
        if stop not in {"end", f"else {keyword}"}:
            raise BadInput(f"unexpected {{{{{stop}}}}} in {{{{{keyword}}}}}")
        del self.variables[known:]

    def _read_definition(self) -> None:
        self._read_name()
        self._expect_end("define")
        self._read_body()

    def _read_body(self) -> None:
        """Read what a template defines, which knows no variables of others, up to its end."""
        outer, self.variables = self.variables, ["$"]
        loops, self.loops = self.loops, 0
        if (stop := self._read_list()) != "end":
            raise BadInput(f"there is {{{{{stop}}}}} with nothing open")
        self.variables, self.loops = outer, loops

    def _read_name(self) -> None:
        if (token := self._next_past_space()).kind != "text":
            raise BadInput(f"unexpected {_show(token)} where a template's name should be")

    def _read_pipeline(self, what: str, end: str) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise BadInput("it is nested too deeply")
        self._read_declarations(what)
        stages = 0
        while True:
            token = self._next_past_space()
            if token.is_(end):
                break
            self.at -= 1
            if token.is_("|", ")", ",", "=", ":=", "}}") or token.kind == "file end" or token.keyword:
                raise BadInput(f"unexpected {_show(token)} in {what}")
            self._read_command(is_first=not stages)
            stages += 1
        if not stages:
            raise BadInput(f"{what} has no value")
        self.depth -= 1

    def _read_declarations(self, what: str) -> None:
        """Read `$a :=`, `$a =`, and `$a, $b :=` of a range."""
        for count in range(3):
            begin = self.at
            if (variable := self._next_past_space()).kind != "variable":
                self.at = begin
                return
            token = self._next_past_space()
            if token.is_(":=", "="):
                self.variables.append(variable.text)
                return
            if not token.is_(","):
                self.at = begin
                return
            self.variables.append(variable.text)
            if what != "range" or count:
                raise BadInput(f"{what} declares too many variables")

    def _read_command(self, *, is_first: bool) -> None:
        operands = 0
        while True:
            first = self._look_past_space()
            is_operand = self._read_operand()
            if is_operand and not operands and not is_first and not _is_executable(first):
                raise BadInput(f"{_show(first)} stands where a function should be")
            operands += is_operand
            token = self._next()
            if token.kind == "space":
                continue
            if token.is_("}}", ")"):
                self.at -= 1
            elif not token.is_("|"):
                raise BadInput(f"unexpected {_show(token)} in an operand")
            break
        if not operands:
            raise BadInput("a command is empty")

    def _read_operand(self) -> bool:
        """Read a term with the fields that follow it at once; return whether there is one."""
        while self._look().kind == "space":
            self._next()
        token = self._look()
        if token.is_("("):
            self._next()
            self._read_pipeline("parentheses", ")")
        elif token.kind == "word" and not token.keyword:
            self._next()
            if token.text not in {"nil", "true", "false"} and token.text not in FUNCTIONS:
                raise BadInput(f"the function {token.text!r} is not defined")
        elif token.kind == "variable":
            self._next()
            if token.text not in self.variables:
                raise BadInput(f"the variable {token.text!r} is not defined")
        elif token.kind in {"field", "literal", "text"}:
            self._next()
        else:
            return False
        is_value = token.kind in {"literal", "text"} or token.text in {".", "nil", "true", "false"}
        while self._look().kind == "field" and self._look().text != ".":
            if is_value:
                raise BadInput(f"unexpected . after {_show(token)}")
            self._next()
        return True


def _is_executable(token: _Token) -> bool:
    """Tell whether a stage of a pipeline that is not its first can begin like this."""
    return not (token.kind in {"literal", "text"} or token.text in {".", "nil", "true", "false"})


def _show(token: _Token) -> str:
    return {"end": "}}", "file end": "the end"}.get(token.kind, repr(token.text))
