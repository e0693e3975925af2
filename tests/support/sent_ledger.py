"""The ledger of an exercise: what was asked, by whom, what the providers did, and what came back.

It is written from outside of the gateway: by the client that sends the requests and by the stub providers
that get the calls. What a metric must show is computed from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import alertdrill.gateway
from support.plain_yaml import read_yaml

UPSTREAM_TIMEOUT_S = 120.0
MODELS = Path(alertdrill.gateway.__file__).with_name("models.yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sends a request; `key` is None for the operator and for who has no key at all."""

    token: str | None
    key: str | None = None
    user: str | None = None
    team: str | None = None

    @property
    def tenant(self) -> str:
        """Who is served: the key's team, else its user, else its id; the operator is a tenant of its own."""
        return self.team or self.user or self.key or "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call that reached a provider, and what it met there; `outcome` is `ok` or an error class."""

    provider: str
    model: str
    outcome: str
    latency_s: float
    prompt_tokens: int
    completion_tokens: int

    @property
    def least_s(self) -> float:
        """What the gateway must have waited for, in rule time: the latency, or its own timeout."""
        return min(self.latency_s, UPSTREAM_TIMEOUT_S)

    @property
    def cost_usd(self) -> Decimal:
        """What it cost at the list price of its model; nothing if it failed."""
        return price(self.provider, self.model, self.prompt_tokens, self.completion_tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request and its answer: `answer` is the JSON document, or the text of what is none.

    `note` is the exercise's own word for what the request is for; `attempts` are the calls that reached a
    provider meanwhile, which are this request's if no other was under way.
    """

    method: str
    path: str
    caller: Caller
    body: Any
    note: str
    attempts: tuple[Attempt, ...]
    status: int
    answer: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str | None:
        """The code of the error that came back; None without one."""
        if not isinstance(self.answer, dict) or not isinstance(self.answer.get("error"), dict):
            return None
        return self.answer["error"]["code"] or self.answer["error"]["type"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What SQLite executed, as it says itself; `database` is the file's name."""

    database: str
    connection: int
    text: str


@dataclass(slots=True)
class Ledger:
    """All of an exercise, in order; statements are there from the gateway's start on, from any thread."""

    sent: list[Sent] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)


def price(provider: str, model: str, prompt_tokens: int, completion_tokens: int) -> Decimal:
    """Return what tokens cost, in US dollars, by models.yml: dollars per million."""
    listed = _read_models()["providers"][provider]["models"][model]
    prompt, completion = Decimal(str(listed["prompt"])), Decimal(str(listed["completion"]))
    return (prompt * prompt_tokens + completion * completion_tokens) / 1_000_000


@cache
def _read_models() -> dict[str, Any]:
    return dict(read_yaml(MODELS))
