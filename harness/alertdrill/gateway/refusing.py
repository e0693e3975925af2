"""How the gateway's server refuses what no route had to do with, in the shape that its client knows."""

from __future__ import annotations

from aiohttp import web

from alertdrill.gateway.messages.replies import write_problem
from alertdrill.gateway.problems import explain

ANTHROPICS = "/v1/messages"
"""What stands in the path of a request of Anthropic's client, behind a prefix or none."""


def refuse(request: web.BaseRequest, status: int, sentence: str) -> web.Response:
    """Return the answer: as Anthropic reports errors to its own client, as OpenAI does to all others."""
    problem = explain(status, sentence)
    is_anthropics = ANTHROPICS in request.path
    return web.json_response(write_problem(problem) if is_anthropics else problem.document, status=status)
