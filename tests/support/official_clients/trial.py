"""Trials of official clients: ordinary calls, and each class of error as the client's own exception.

A module a dialect has them. Its functions `try_…` make a call and look at the answer; its `fail` makes a call
that cannot succeed, in each of `WAYS`. Both raise `Lacks` for what this generation of the client has not yet.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import json
import traceback
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

DIALECTS = ("openai", "anthropic", "gemini", "ollama", "openrouter")
WAYS = ("plain", "async", "streamed", "async streamed")
MODEL = "stub-model"
TOO_LONG_S = 0.5
"""How long a client waits for an answer that never comes."""


class Lacks(Exception):
    """The call is not there in this generation of the client."""


@dataclass(frozen=True)
class Stub:
    """A stub provider that runs: its address, the key that it wants, and where it is told how to behave."""

    url: str
    key: str
    control: str
    token: str

    def tell(self, model: str, **behaviour: object) -> None:
        """Tell it how a model behaves."""
        request = urllib.request.Request(  # noqa: S310 - an address of loopback
            f"{self.control}/control/models/{model}",
            data=json.dumps(behaviour).encode(),
            headers={"Authorization": f"Bearer {self.token}"},
            method="PUT",
        )
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
            response.read()


def load(dialect: str) -> ModuleType:
    """Return a dialect's trials; raises ImportError without its client."""
    return importlib.import_module(f"support.official_clients.with_{dialect}")


def list_calls(dialect: str) -> list[str]:
    """Return the names of a dialect's calls, without its client, which takes a second to import."""
    names = [
        node.name for node in _parse(dialect) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [name.removeprefix("try_") for name in names if name.startswith("try_")]


def list_failures(dialect: str) -> list[tuple[str, str]]:
    """Return each error class with each way to meet it, without the dialect's client."""
    (errors,) = (
        node.value.keys
        for node in _parse(dialect)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) and _names(node, "ERRORS")
    )
    return [(ast.literal_eval(error), way) for error in errors if error is not None for way in WAYS]


def _parse(dialect: str) -> list[ast.stmt]:
    return ast.parse(Path(__file__).with_name(f"with_{dialect}.py").read_text("utf-8")).body


def _names(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def make_call(trials: ModuleType, name: str, stub: Stub) -> None:
    """Make a call; raises AssertionError, or whatever the client raises."""
    made = getattr(trials, f"try_{name}")(stub)
    if inspect.isawaitable(made):
        asyncio.run(_finish(made))


def meet_failure(trials: ModuleType, error: str, way: str, stub: Stub) -> None:
    """Meet an error; raises AssertionError if the client's exception is another than it should be."""
    model = f"fails-{error}"
    stub.tell(model, errors={"class": error, "share": 1})
    wanted: tuple[type[BaseException], ...] = trials.ERRORS[error]
    try:
        made = trials.fail(stub, model, way)
        if inspect.isawaitable(made):
            asyncio.run(_finish(made))
    except wanted as met:
        trials.check_failure(error, met)
    else:
        raise AssertionError(f"{error}, {way}: the client raised nothing")


async def _finish(made: object) -> None:
    await made  # type: ignore[misc] # what it is was looked at


def report(dialect: str, stub: Stub) -> Iterator[tuple[str, str | None]]:
    """Yield everything that was tried, and what went wrong with it, None if nothing did."""
    trials = load(dialect)
    for name in list_calls(dialect):
        yield name, _look(lambda name=name: make_call(trials, name, stub))
    for error, way in list_failures(dialect):
        yield f"{error}, {way}", _look(lambda error=error, way=way: meet_failure(trials, error, way, stub))


def _look(tried: object) -> str | None:
    try:
        tried()  # type: ignore[operator]
    except Lacks:
        return None
    except BaseException as wrong:
        last = traceback.extract_tb(wrong.__traceback__)[-1]
        return f"{type(wrong).__name__}: {wrong} ({last.filename}:{last.lineno})"
    return None
