"""The stack in containers, as compose.yaml describes it.

`prepare` runs in its first container, `shaping` in one of a moment's; the rest is the harness's side.
"""
