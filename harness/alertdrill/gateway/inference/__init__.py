"""Inference: versioned models behind a bounded executor, at once or as jobs from a queue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alertdrill.gateway.features import Core
from alertdrill.gateway.inference.api import Inference
from alertdrill.gateway.inference.deployments import SHIPPED, read_deployments
from alertdrill.gateway.inference.executor import Executor
from alertdrill.gateway.inference.jobs import JobService
from alertdrill.gateway.inference.pipelines import Pipelines


@asynccontextmanager
async def open_inference(core: Core) -> AsyncIterator[Inference]:
    """Yield the feature."""
    deployments = read_deployments(SHIPPED, core.catalogue)
    executor = Executor(deployments.slots, core.clock, core.emit)
    pipelines = Pipelines(deployments, executor, core.calls, core.clock, core.emit)
    jobs = JobService(pipelines, core.emit)
    try:
        yield Inference(core.admission, pipelines, jobs)
    finally:
        await jobs.close()
