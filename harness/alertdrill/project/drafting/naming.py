"""What names and matchers of series tell of what is counted. Pure.

A name is taken at its word, so the draft says what it was taken for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import promql_parser as ast

from alertdrill.project.drafting.conditions import ErrorKind
from alertdrill.project.drafting.measures import Counted
from alertdrill.rules.promql.expressions import metric_name

STATUSES = ("200", "400", "401", "403", "404", "408", "429", "500", "502", "503", "504")
WORDS = ("success", "ok", "error", "failure", "failed", "fail", "true", "false")
GOOD = {"200", "success", "ok"}
BAD = {"500", "502", "503", "504", "error", "failure", "failed", "fail"}
REFUSED = {"401", "403"}
MAY_BE_REFUSED = {"400", *REFUSED}
"""Some gateways refuse a wrong key with 400; alone, it says that a call was malformed."""
_OF_STATUS = re.compile(r"status|code|outcome|result", re.IGNORECASE)
_OF_SUCCESS = re.compile(r"success", re.IGNORECASE)
_OF_CAUSE = re.compile(r"error|reason|type|class|exception", re.IGNORECASE)
_KINDS: tuple[tuple[ErrorKind | None, str], ...] = (
    (None, r"auth(?!or)|unauthori[sz]ed|forbidden|invalid_?(?:key|token)"),
    ("rate_limit", r"rate_?limit|throttl|too_?many|\b429\b"),
    ("timeout", r"time_?out|deadline|\b408\b"),
    ("server_error", r"server|5xx|\b5\.\.|\b50[0-9]\b|internal"),
)
_OTHERS = (
    r"fall_?back|cool(?:ed)?_?down|breaker|retr(?:y|ies)|cache|queue|scrape|budget|saturat|worker|rejected"
    r"|dropped|evict"
)
"""Of the gateway's own ways: how many calls bring them about is known to nobody but the gateway."""


OF_LAST_CALL = frozenset({"litellm_deployment_state"})
"""States that a failed call sets to 1, and the next that succeeds to 0, where a model has one deployment."""


def find_counted(node: ast.VectorSelector) -> tuple[Counted, ErrorKind] | None:
    """Return what a counter counts, by its name and its matchers; None where they do not tell."""
    name = (metric_name(node) or "").lower()
    if re.search(_OTHERS, name):
        return None
    matched = _find_statuses(node)
    if matched is not None and not matched & GOOD:
        if matched <= MAY_BE_REFUSED and matched & REFUSED:
            return "refusals", "server_error"
        if matched & BAD:
            return "errors", _find_cause(node, "server_error")
        return ("errors", "rate_limit") if matched == {"429"} else None
    if re.search(_KINDS[0][1], name):
        return "refusals", "server_error"
    if re.search(r"spend|cost|usd|dollar", name):
        return "usd", "server_error"
    if re.search(r"tokens?(?:_used|_usage)?(?:_metric)?(?:_total|_sum)?$", name):
        return "tokens", "server_error"
    if re.search(r"rate_limited|throttled", name):
        return None  # the gateway's own limit, which is known to the gateway
    if re.search(r"fail|error|exception|timeouts?(?:_total)?$|5xx", name):
        return "errors", _find_cause(node, "timeout" if "timeout" in name else "server_error")
    if re.search(
        r"request|calls?(?:_total)?$|completions?(?:_total)?$|_count$|api_key_usage|query|queries", name
    ):
        return "calls", "server_error"
    return None


def is_good(node: ast.VectorSelector) -> bool:
    """Say whether a counter counts what succeeded."""
    matched = _find_statuses(node)
    of_name = re.search(r"success", metric_name(node) or "", re.IGNORECASE) is not None
    return of_name or (matched is not None and bool(matched & GOOD) and not matched & BAD)


def find_model(nodes: Iterable[ast.VectorSelector], is_label: re.Pattern[str]) -> str | None:
    """Return the model that selectors ask for, by equality."""
    return next(
        (
            matcher.value
            for node in nodes
            for matcher in node.matchers.matchers
            if is_label.fullmatch(matcher.name) and matcher.op == ast.MatchOp.Equal
        ),
        None,
    )


def _find_statuses(node: ast.VectorSelector) -> set[str] | None:
    """Return which statuses, or words for them, a selector's matchers let through; None without any."""
    through: set[str] | None = None
    for matcher in node.matchers.matchers:
        is_success = _OF_SUCCESS.search(matcher.name) is not None
        if not is_success and not _OF_STATUS.search(matcher.name):
            continue
        found = {text for text in (*STATUSES, *WORDS) if _lets_through(matcher, text)}
        if is_success:
            found = {"success"} if "true" in found else {"error"} if "false" in found else found
        else:
            # A label has either numbers or words: the other ones only pass where something is ruled out.
            kinds = {"numbers": found & set(STATUSES), "words": found & set(WORDS)}
            if kinds["numbers"] != set(STATUSES) and kinds["words"] == set(WORDS):
                found = kinds["numbers"]
            elif kinds["words"] != set(WORDS) and kinds["numbers"] == set(STATUSES):
                found = kinds["words"]
        through = found if through is None else through & found
    return through


def _lets_through(matcher: ast.Matcher, text: str) -> bool:
    match matcher.op:
        case ast.MatchOp.Equal:
            return bool(matcher.value == text)
        case ast.MatchOp.NotEqual:
            return bool(matcher.value != text)
    try:
        is_matched = re.fullmatch(matcher.value, text, re.IGNORECASE) is not None
    except re.error:
        return False  # RE2 has some syntax that Python has not
    is_asked: bool = matcher.op == ast.MatchOp.Re
    return is_matched == is_asked


def _find_cause(node: ast.VectorSelector, otherwise: ErrorKind) -> ErrorKind:
    """Return the kind of error that a selector asks for by a label of the cause."""
    for matcher in node.matchers.matchers:
        if _OF_CAUSE.search(matcher.name) and matcher.op in {ast.MatchOp.Equal, ast.MatchOp.Re}:
            for kind, pattern in _KINDS[1:]:
                if kind is not None and re.search(pattern, matcher.value, re.IGNORECASE):
                    return kind
    return otherwise
