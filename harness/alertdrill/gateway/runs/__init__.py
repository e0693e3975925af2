"""Runs: long work that is started, watched and cancelled over the predict API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alertdrill.gateway.features import Core
from alertdrill.gateway.runs.policies import SHIPPED, read_policies
from alertdrill.gateway.runs.predict import Predict


@asynccontextmanager
async def open_runs(core: Core) -> AsyncIterator[Predict]:
    """Yield the feature; what still runs when it is closed is cancelled. Raises BadInput."""
    predict = Predict(core, read_policies(SHIPPED))
    try:
        yield predict
    finally:
        await predict.close()
