"""Runs of the predict API: starting them, having their provider wait, and what was heard of them."""

from __future__ import annotations

import asyncio

from alertdrill.gateway.runs.events import PredictAnswered, RunEnded
from support.fake_providers import WHOLE, hold

OPERATOR_TOKEN = "the-admin-token"
RUN = {"mode": "run", "model": "openai:o1", "input": "Find out why"}


async def predict(gateway, token: str | None, **body: object) -> tuple[int, dict]:
    """Send a predict request; return the status and the answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = await gateway.client.post("/v1/predict", headers=headers, json=body)
    return response.status, await response.json()


def list_outcomes(gateway) -> list[tuple[str, str, str]]:
    """Return tenant, mode and outcome of every request so far."""
    return [(event.tenant, event.mode, event.outcome) for event in gateway.heard(PredictAnswered)]


def keep_waiting(provider, times: int = 1) -> asyncio.Event:
    """Have a provider wait with its next answers until the event that is returned is set."""
    gate = asyncio.Event()
    provider.script.extend([hold(gate, None, WHOLE[provider.dialect])] * times)
    return gate


async def until_ended(gateway, runs: int = 1) -> list[RunEnded]:
    """Wait until so many runs have ended."""
    await gateway.until(lambda: len(gateway.heard(RunEnded)) >= runs)
    return gateway.heard(RunEnded)
