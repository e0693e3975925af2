"""YAML that is read and written with its comments, order, quotes and line breaks."""

from __future__ import annotations

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from alertdrill.errors import BadRules

WIDTH = 1024 * 1024
"""Characters of a line; none is broken."""


def open_yaml() -> YAML:
    """Return a YAML reader and writer that keeps comments, order, quotes and line breaks."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = WIDTH
    return yaml


def load_document(text: str, name: str) -> CommentedMap:
    """Return a file's YAML, with comments and line numbers. Raises BadRules."""
    try:
        document = open_yaml().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise BadRules(f"{name}:{line}: the file is not YAML: {error.problem or error.context}") from error
    except RecursionError as error:
        raise BadRules(f"{name}:1: the file is nested too deeply") from error
    except (YAMLError, ValueError) as error:
        position = getattr(error, "position", None)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        why = getattr(error, "reason", None) or " ".join(str(error).split())[:200]
        raise BadRules(f"{name}:{line}: the file is not YAML: {why}") from error
    if document is None:
        raise BadRules(f"{name}:1: the file is empty")
    if not isinstance(document, CommentedMap):
        raise BadRules(f"{name}:1: the file is not a mapping with groups")
    return document
