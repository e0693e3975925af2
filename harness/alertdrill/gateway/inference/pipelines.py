"""The pipelines: preprocessor, validator, model and postprocessor of a deployment, run on the executor."""

from __future__ import annotations

import logging
import unicodedata
from dataclasses import dataclass
from functools import partial

from alertdrill.gateway.answers import Usage
from alertdrill.gateway.calls import Calls
from alertdrill.gateway.chat import ChatRequest, Message
from alertdrill.gateway.events import Listener
from alertdrill.gateway.inference.deployments import Deployment, Deployments
from alertdrill.gateway.inference.events import (
    UNKNOWN,
    ErrorType,
    InferenceFailed,
    InferenceFinished,
    InferenceRequested,
)
from alertdrill.gateway.inference.executor import Executor, ExecutorTimedOut
from alertdrill.gateway.keys import Key
from alertdrill.gateway.problems import Problem, quote, refuse_parameter
from alertdrill.gateway.timing import RuleClock

OPERATOR = "operator"
"""The tenant of calls without a key."""
MAX_OUTPUT_CHARS = 65_536
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a pipeline returned."""

    output: str
    usage: Usage


class Pipelines:
    """Finds pipelines and runs them, and tells of every request what became of it."""

    def __init__(
        self, deployments: Deployments, executor: Executor, calls: Calls, clock: RuleClock, emit: Listener
    ) -> None:
        self._deployments = deployments
        self._executor = executor
        self._calls = calls
        self._clock = clock
        self._emit = emit

    def find(self, model: str, version: str | None, key: Key | None) -> Deployment:
        """Return what is asked for; raises Problem (404), and tells of it as of a request that failed."""
        deployment = self._deployments.find(model, version)
        if deployment is not None:
            return deployment
        known = model if model in self._deployments.versions else UNKNOWN
        tenant = find_tenant(key)
        self._emit(InferenceRequested(model=known, version=UNKNOWN, tenant=tenant))
        self._emit(InferenceFailed(model=known, version=UNKNOWN, tenant=tenant, error_type="model_not_found"))
        asked = quote(model if version is None else f"{model} {version}")
        raise Problem(404, f"there is no pipeline for {asked}", code="model_not_found", param="model")

    async def run(self, deployment: Deployment, text: str, key: Key | None) -> Result:
        """Return what a deployment makes of a text; raises Problem."""
        model, version, tenant = deployment.model, deployment.version, find_tenant(key)
        self._emit(InferenceRequested(model=model, version=version, tenant=tenant))
        started_s = self._clock.now_s()
        error_type: ErrorType = "inference_error"
        try:
            work = partial(self._execute, deployment, text, key)
            result = await self._executor.run(deployment.device, work, deployment.timeout_s)
        except ExecutorTimedOut as timed_out:
            error_type = "timeout"
            problem = Problem(504, str(timed_out), type_="timeout", code="timeout")
        except Problem as failed:
            problem = failed
        except Exception:
            _log.exception("a pipeline failed")
            problem = Problem(500, "the pipeline failed", type_="server_error", code="inference_error")
        else:
            self._finish(deployment, tenant, started_s)
            return result
        self._finish(deployment, tenant, started_s)
        self._emit(InferenceFailed(model=model, version=version, tenant=tenant, error_type=error_type))
        raise problem

    def _finish(self, deployment: Deployment, tenant: str, started_s: float) -> None:
        self._emit(
            InferenceFinished(
                model=deployment.model,
                version=deployment.version,
                tenant=tenant,
                latency_s=self._clock.now_s() - started_s,
            )
        )

    async def _execute(self, deployment: Deployment, text: str, key: Key | None) -> Result:
        prompt = preprocess(text)
        validate(prompt, deployment)
        chat = ChatRequest(
            model=deployment.upstream,
            messages=(Message(role="user", text=prompt),),
            allow_fallbacks=False,  # another model's answer would not be this version's
        )
        _, completion = await self._calls.complete(chat, key)
        return Result(output=postprocess(completion.text), usage=completion.usage)


def find_tenant(key: Key | None) -> str:
    """Return who is served."""
    return key.tenant if key else OPERATOR


def preprocess(text: str) -> str:
    """Return a text in Unicode's composed form, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def validate(text: str, deployment: Deployment) -> None:
    """Raise Problem (400) for a text that the deployment does not take."""
    if not 0 < len(text) <= deployment.max_input_chars:
        raise refuse_parameter("input", f"must have 1 to {deployment.max_input_chars} characters")


def postprocess(text: str) -> str:
    """Return a model's answer without blanks around it, and no more of it than a job may keep."""
    return text.strip()[:MAX_OUTPUT_CHARS]
