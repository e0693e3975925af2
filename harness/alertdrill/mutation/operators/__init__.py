"""The ways in which rules are made wrong: each a small function with a name and a description. Pure."""

from alertdrill.mutation.operators import calling, comparing, labels, selecting, windows

EXPRESSION_OPERATORS = (
    *comparing.OPERATORS,
    *windows.OPERATORS,
    *calling.OPERATORS,
    *labels.OPERATORS,
    *selecting.OPERATORS,
)
"""Those that change an expression; `rule_fields.py` and `routed_labels.py` have the others."""
