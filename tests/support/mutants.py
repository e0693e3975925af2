"""Mutants of rules that are written in a test."""

from __future__ import annotations

from alertdrill.mutation.generating import Numbers, Wrongs, generate_mutants
from alertdrill.mutation.lines import find_lines
from alertdrill.mutation.mutant import Mutant
from alertdrill.rules.files import RuleFile, parse_rules


def list_mutants(file: RuleFile, wrongs: Wrongs | None = None) -> tuple[Mutant, ...]:
    """Return all mutants of the rules of a file."""
    return generate_mutants((file,), wrongs or Wrongs(), find_lines(file), Numbers())


def mutate_alert(expr: str, rest: str = "", wrongs: Wrongs | None = None) -> tuple[Mutant, ...]:
    """Return the mutants of an alert A with an expression, and with the lines of further fields."""
    text = f"groups:\n- name: g\n  rules:\n  - alert: A\n    expr: |\n      {expr}\n{rest}"
    return list_mutants(parse_rules(text, "made.yml"), wrongs)
