"""The built-in tools of sessions: deterministic, bounded, and failing only for real reasons."""

from __future__ import annotations

import ast
import asyncio
import itertools
import operator
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alertdrill.gateway.events import Listener
from alertdrill.gateway.models import Catalogue
from alertdrill.gateway.sessions.events import ToolCalled, ToolCompleted, ToolErrorClass, ToolFailed
from alertdrill.gateway.timing import RuleClock

LIMIT_S = 5.0
"""Rule time that a tool may take."""
MAX_WAIT_S = 60.0
MAX_EXPRESSION_CHARS = 200
MAX_BITS = 4_000
MAX_RESULT_CHARS = 1_000
UNKNOWN = "unknown"
"""What events call a tool that does not exist: its name is whatever a client made up."""

Arguments = Mapping[str, Any]
Number = int | float
OPERATORS: Mapping[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


class ToolError(Exception):
    """A tool has no result; the message is for the model and the client."""

    def __init__(self, error_class: ToolErrorClass, message: str) -> None:
        super().__init__(message)
        self.error_class = error_class


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """What is asked of a tool."""

    name: str
    arguments: Arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What came of it: a text, or why there is none."""

    name: str
    text: str
    error_class: ToolErrorClass | None


class Toolbox:
    """All tools by name, and the telling of how each call went."""

    def __init__(self, catalogue: Catalogue, clock: RuleClock, emit: Listener) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._emit = emit
        self._ids = itertools.count(1)
        self._tools: Mapping[str, Callable[[Arguments], Awaitable[str]]] = {
            "calculator": self._calculate,
            "clock": self._change_time,
            "lookup": self._look_up,
            "wait": self._wait,
        }

    @property
    def names(self) -> frozenset[str]:
        """The tools that there are."""
        return frozenset(self._tools)

    async def run(self, call: ToolCall, allowed: frozenset[str] | None, ended: asyncio.Event) -> ToolResult:
        """Return what came of a call; `allowed` is None for all tools, `ended` cancels it."""
        call_id = next(self._ids)
        started_s = self._clock.now_s()
        self._emit(ToolCalled(call_id=call_id, tool_name=call.name if call.name in self._tools else UNKNOWN))
        try:
            text = await self._attempt(call, allowed, ended)
        except ToolError as error:
            latency_s = self._clock.now_s() - started_s
            self._emit(ToolFailed(call_id=call_id, latency_s=latency_s, error_class=error.error_class))
            return ToolResult(name=call.name, text=str(error), error_class=error.error_class)
        self._emit(ToolCompleted(call_id=call_id, latency_s=self._clock.now_s() - started_s))
        return ToolResult(name=call.name, text=text, error_class=None)

    async def _attempt(self, call: ToolCall, allowed: frozenset[str] | None, ended: asyncio.Event) -> str:
        tool = self._tools.get(call.name)
        if tool is None:
            raise ToolError("unknown_tool", f"there is no such tool; there are: {', '.join(self._tools)}")
        if allowed is not None and call.name not in allowed:
            raise ToolError("permission_denied", f"the workspace does not allow {call.name}")
        work = asyncio.ensure_future(tool(call.arguments))
        end = asyncio.ensure_future(ended.wait())
        try:
            await asyncio.wait(
                {work, end}, timeout=LIMIT_S / self._clock.speed, return_when=asyncio.FIRST_COMPLETED
            )
            if not work.done():
                why: ToolErrorClass = "cancelled" if end.done() else "timeout"
                raise ToolError(why, "the session ended" if end.done() else f"no result within {LIMIT_S:g} s")
            text = work.result()
        finally:
            work.cancel()
            end.cancel()
        if len(text) > MAX_RESULT_CHARS:
            raise ToolError("result_too_large", f"the result is longer than {MAX_RESULT_CHARS} characters")
        return text

    async def _calculate(self, arguments: Arguments) -> str:
        expression = arguments.get("expression")
        if (
            arguments.keys() != {"expression"}
            or not isinstance(expression, str)
            or len(expression) > MAX_EXPRESSION_CHARS
        ):
            raise ToolError(
                "invalid_arguments", f"expression must be a text of at most {MAX_EXPRESSION_CHARS} characters"
            )
        try:
            return str(_evaluate(ast.parse(expression.strip(), mode="eval").body))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ToolError("invalid_arguments", "expression is not arithmetic") from None
        except ArithmeticError as error:
            raise ToolError("execution_error", str(error)) from None

    async def _change_time(self, arguments: Arguments) -> str:
        if arguments:
            raise ToolError("invalid_arguments", "the clock takes no arguments")
        return f"{self._clock.now_s():.0f} s since the gateway started"

    async def _look_up(self, arguments: Arguments) -> str:
        name = arguments.get("model")
        if arguments.keys() != {"model"} or not isinstance(name, str):
            raise ToolError("invalid_arguments", "model must be the name of a model")
        model = self._catalogue.find(name)
        if model is None:
            raise ToolError("not_found", "there is no such model")
        price = model.price
        return f"{model.id}: {price.prompt_usd} and {price.completion_usd} USD per million tokens"

    async def _wait(self, arguments: Arguments) -> str:
        seconds = arguments.get("seconds")
        if (
            arguments.keys() != {"seconds"}
            or isinstance(seconds, bool)
            or not isinstance(seconds, int | float)
            or not 0 <= seconds <= MAX_WAIT_S
        ):
            raise ToolError("invalid_arguments", f"seconds must be a number from 0 to {MAX_WAIT_S:g}")
        await asyncio.sleep(seconds / self._clock.speed)
        return f"{seconds:g} s have passed"


def _evaluate(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return _apply(op, _evaluate(left), _evaluate(right))
    raise ValueError("not arithmetic")


def _apply(op: ast.operator, left: Number, right: Number) -> Number:
    # A power is bounded before it is taken: computing it is what would take for ever.
    if isinstance(op, ast.Pow) and isinstance(left, int) and abs(right) * left.bit_length() > MAX_BITS:
        raise ToolError("result_too_large", f"the result has more than {MAX_BITS} bits")
    result = OPERATORS[type(op)](left, right)
    if not isinstance(result, int | float):
        raise ArithmeticError("the result is not a real number")
    if isinstance(result, int) and result.bit_length() > MAX_BITS:
        raise ToolError("result_too_large", f"the result has more than {MAX_BITS} bits")
    return result
