"""What can be known of rules without traffic: findings with file, line and column. Pure.

A check is a file in `checks/` with one name, one test and one section of docs/reference/checks.md, which is
made of its docstring. It is a function from a rule in its surroundings to remarks; `linter` gives them a
place, takes out what a comment ignores, and sorts them. The command line reads the files.
"""
