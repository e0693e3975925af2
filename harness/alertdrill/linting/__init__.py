"""What can be known of rules without traffic: findings with file, line and column.

A check is a file in `checks/` with one name, one test and one section of docs/reference/checks.md, which is
made of its docstring. It is a pure function from a rule in its surroundings to remarks; `linter` gives them
a place, takes out what a comment ignores, and sorts them. Only `reading` looks at files.
"""
