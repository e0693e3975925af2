"""One run: what it is to do, how far it is, what it cost. Pure: `now_s` comes in."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from alertdrill.gateway.answers import Completion
from alertdrill.gateway.chat import ChatRequest, Message
from alertdrill.gateway.models import Model
from alertdrill.gateway.prices import compute_cost
from alertdrill.gateway.problems import Problem
from alertdrill.gateway.runs.events import EndStatus
from alertdrill.gateway.runs.requests import Order

MAX_OUTPUT_CHARS = 20_000
"""What is kept of an answer, and handed on to the next step."""
GO_ON = "Continue."


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """A run of a tenant; `begun` is set once its first step is over, well or not.

    Logs have one line a step and one for the start and the end, and quote neither prompt nor answer.
    """

    tenant: str
    order: Order
    started_s: float
    id: str = field(default_factory=lambda: f"run-{secrets.token_hex(16)}")
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    cancelling: bool = False
    status: EndStatus | None = None
    problem: Problem | None = None
    ended_s: float | None = None
    steps_done: int = 0
    cost_usd: Decimal = Decimal(0)
    output: str = ""
    logs: list[str] = field(default_factory=list)

    def log(self, text: str, now_s: float) -> None:
        """Add a line, with the seconds since the run's start."""
        self.logs.append(f"{now_s - self.started_s:.1f} s: {text}")

    def write_step(self) -> ChatRequest:
        """Return the call of the next step."""
        messages = [Message(role="user", text=self.order.prompt)]
        if self.output:
            messages += [Message(role="assistant", text=self.output), Message(role="user", text=GO_ON)]
        return ChatRequest(
            model=self.order.model.id, messages=tuple(messages), max_tokens=self.order.max_tokens
        )

    def note_step(self, model: Model, completion: Completion, now_s: float) -> None:
        """Note a step's answer and what it cost, at the price of the model that gave it."""
        usage = completion.usage
        cost_usd = compute_cost(
            model.price, prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens
        )
        self.steps_done += 1
        self.cost_usd += cost_usd
        self.output = completion.text[:MAX_OUTPUT_CHARS]
        self.log(f"step {self.steps_done} of {self.order.steps}: {model.id}, {cost_usd:f} USD", now_s)
        self.begun.set()

    def end(self, status: EndStatus, problem: Problem | None, now_s: float) -> None:
        """Note that the run is over; a problem gets the run's id, by which a client can ask about it."""
        self.status, self.problem, self.ended_s = status, problem, now_s
        if problem is not None:
            problem.document["run_id"] = self.id
        self.log(status if problem is None else f"{status}: {problem}", now_s)
        self.begun.set()

    def duration_s(self, now_s: float) -> float:
        """Return the rule time from the start to the end, or to now."""
        return (now_s if self.ended_s is None else self.ended_s) - self.started_s

    def describe(self, now_s: float) -> dict[str, Any]:
        """Return what a client is told of the run."""
        return {
            "run_id": self.id,
            "status": self.status or ("cancelling" if self.cancelling else "running"),
            "model": self.order.model.id,
            "steps": self.order.steps,
            "steps_done": self.steps_done,
            "duration_s": round(self.duration_s(now_s), 3),
            "cost_usd": float(self.cost_usd),
        }
