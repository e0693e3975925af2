r"""Go's regular expressions as Python's. Pure.

Syntax: RE2, as Go's regexp package has it. What differs from Python's `re`: flags may stand anywhere and hold
to the end of their group, classes of characters have POSIX names, `\z` is `\Z`, `\Q…\E` quotes, `$` is
the end of the text alone, and `\d`, `\s`, `\w`, `\b` are of ASCII while letters without case are not.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

from alertdrill.errors import BadInput

_POSIX_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_PART = re.compile(
    r"\\Q(?P<quoted>(?s:.*?))\\E"
    r"|(?P<escape>\\(?s:.))"
    r"|(?P<set>\[\^?\]?(?:\[:\^?[a-z]+:\]|\\(?s:.)|[^\]\\])*\])"
    r"|\(\?(?P<flags>[imsU]*(?:-[imsU]+)?)(?P<scope>[:)])"
    r"|(?P<sign>[(|)$])"
)
_SETS = {r"\d": "0-9", r"\w": "0-9A-Za-z_", r"\s": r"\t\n\f\r "}
_AFTER, _BEFORE = "(?<=[0-9A-Za-z_])", "(?=[0-9A-Za-z_])"
_NOT_AFTER, _NOT_BEFORE = "(?<![0-9A-Za-z_])", "(?![0-9A-Za-z_])"
_ESCAPES = {
    r"\z": r"\Z",
    r"\b": f"(?:{_AFTER}{_NOT_BEFORE}|{_NOT_AFTER}{_BEFORE})",
    r"\B": f"(?:{_AFTER}{_BEFORE}|{_NOT_AFTER}{_NOT_BEFORE})",
    **{name: f"[{characters}]" for name, characters in _SETS.items()},
    **{name.upper(): f"[^{characters}]" for name, characters in _SETS.items()},
}


@lru_cache(maxsize=1000)
def compile_expression(expression: str) -> re.Pattern[str]:
    """Return an expression to be used with `fullmatch`; raises BadInput if it cannot be read."""
    try:
        with warnings.catch_warnings():
            # Of signs in sets that may have a meaning in a later Python.
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(_translate(expression))
    except (re.error, OverflowError, RecursionError) as error:
        raise BadInput(f"the regular expression {expression[:80]!r} cannot be read: {error}") from error


def _translate(expression: str) -> str:
    written: list[str] = []
    open_flags: list[list[str]] = [[]]
    at = 0
    for part in _PART.finditer(expression):
        written.append(expression[at : part.start()])
        at = part.end()
        written.append(_translate_part(part, open_flags))
    return "".join(written) + expression[at:] + ")" * len(open_flags[0])


def _translate_part(part: re.Match[str], open_flags: list[list[str]]) -> str:
    """Return one part; `open_flags` has the flags that hold from the middle of each group around it on."""
    if part["quoted"] is not None:
        return re.escape(part["quoted"])
    if part["escape"]:
        return _ESCAPES.get(part["escape"], part["escape"])
    if part["set"]:
        return _translate_set(part["set"])
    if part["scope"]:
        # U only changes which match is found, not whether there is one.
        flags = part["flags"].replace("U", "").rstrip("-")
        if part["scope"] == ":":
            open_flags.append([])
            return f"(?{flags}:"
        open_flags[-1].append(flags)
        return f"(?{flags}:"
    if part["sign"] == "(":
        open_flags.append([])
        return "("
    if part["sign"] == "|":
        # The flags hold in the other alternatives too.
        own = open_flags[-1]
        return ")" * len(own) + "|" + "".join(f"(?{flags}:" for flags in own)
    if part["sign"] == ")":
        own = open_flags.pop() if len(open_flags) > 1 else []
        return ")" * len(own) + ")"
    return r"(?!\n\Z)$"


def _translate_set(characters: str) -> str:
    def resolve(found: re.Match[str]) -> str:
        if found["escape"]:
            return _SETS.get(found["escape"], found["escape"])
        if found["not"] or found["name"] not in _POSIX_CLASSES:
            raise re.error(f"the class {found[0]} is not known")
        return _POSIX_CLASSES[found["name"]]

    return re.sub(r"(?P<escape>\\.)|\[:(?P<not>\^?)(?P<name>[a-z]+):\]", resolve, characters, flags=re.DOTALL)
