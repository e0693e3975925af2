"""The routes of inference: at once, or as a job. What they are sent is bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from alertdrill.gateway.admission import Admission
from alertdrill.gateway.bodies import read_json
from alertdrill.gateway.inference.deployments import Deployment
from alertdrill.gateway.inference.jobs import Job, JobService
from alertdrill.gateway.inference.pipelines import Pipelines, Result
from alertdrill.gateway.problems import Problem, refuse_parameter

MAX_NAME_LENGTH = 128
MAX_TEXT_LENGTH = 16_384
FIELDS = frozenset({"model", "version", "input"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceRequest:
    """What a client asks; without a version, the latest is meant."""

    model: str
    version: str | None
    text: str


class Inference:
    """Inference at once (`/v1/infer`) and as jobs (`/v1/jobs`)."""

    def __init__(self, admission: Admission, pipelines: Pipelines, jobs: JobService) -> None:
        self._admission = admission
        self._pipelines = pipelines
        self._jobs = jobs

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/v1/infer", self._infer),
            web.post("/v1/jobs", self._create),
            web.get("/v1/jobs/{id}", self._show, allow_head=False),
            web.delete("/v1/jobs/{id}", self._cancel),
        ]

    async def _infer(self, request: web.Request) -> web.StreamResponse:
        key = self._admission.admit(request)
        asked = parse_request(await read_json(request))
        deployment = self._pipelines.find(asked.model, asked.version, key)
        result = await self._pipelines.run(deployment, asked.text, key)
        return web.json_response({**_name(deployment), **_write_result(result)})

    async def _create(self, request: web.Request) -> web.StreamResponse:
        key = self._admission.admit(request)
        asked = parse_request(await read_json(request))
        deployment = self._pipelines.find(asked.model, asked.version, key)
        job = self._jobs.create_job(deployment, asked.text, key)
        return web.json_response(_write_job(job), status=202)

    async def _show(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(_write_job(self._find(request)))

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        job = self._find(request)
        self._jobs.cancel(job)
        return web.json_response(_write_job(job))

    def _find(self, request: web.Request) -> Job:
        key = self._admission.admit(request)
        return self._jobs.get(request.match_info["id"], key)


def parse_request(document: object) -> InferenceRequest:
    """Return the request in a JSON document; raises Problem (400) naming the parameter."""
    if not isinstance(document, dict) or document.keys() - FIELDS:
        raise Problem(
            400, f"the body must be an object with no other fields than {', '.join(sorted(FIELDS))}"
        )
    text = document.get("input")
    if not isinstance(text, str) or len(text) > MAX_TEXT_LENGTH:
        raise refuse_parameter("input", f"must be a string of at most {MAX_TEXT_LENGTH} characters")
    version = document.get("version")
    return InferenceRequest(
        model=_read_name(document, "model"),
        version=None if version is None else _read_name(document, "version"),
        text=text,
    )


def _read_name(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_LENGTH:
        raise refuse_parameter(name, f"must be a string of 1 to {MAX_NAME_LENGTH} characters")
    return value


def _name(deployment: Deployment) -> dict[str, str]:
    return {"model": deployment.model, "version": deployment.version}


def _write_result(result: Result) -> dict[str, Any]:
    usage = result.usage
    return {
        "output": result.output,
        "usage": {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens},
    }


def _write_job(job: Job) -> dict[str, Any]:
    document: dict[str, Any] = {"id": job.id, "status": job.state, **_name(job.deployment)}
    if isinstance(job.outcome, Problem):
        document |= job.outcome.document
    elif job.outcome is not None:
        document |= _write_result(job.outcome)
    return document
