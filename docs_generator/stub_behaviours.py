"""How stub providers behave, as a part of their page: each behaviour, and what dialects show of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stub_providers.dialects import DIALECTS
from stub_providers.dialects.dialect import Answer, ChatRequest, Dialect
from stub_providers.flaws import NO_JSON
from stub_providers.limits import UNITS, Quota, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A behaviour: its name, as YAML and as JSON, what it does, and as what `/metrics` counts it."""

    name: str
    written: str
    told: Mapping[str, Any]
    does: str
    counted: str = "`stub_latency_seconds`"


ROWS = (
    Row(
        name="latency, constant",
        written="latency: 2s",
        told={"latency": {"kind": "constant", "s": 2}},
        does="Each call takes `s`. The latency is until the last byte.",
    ),
    Row(
        name="latency, mixed",
        written="latency: {usually: 1s, slow: 9s, every: 20}",
        told={"latency": {"kind": "mixed", "s": 1, "slow_s": 9, "every": 20}},
        does="Each `every`-th call takes `slow_s`, the others `s`.",
    ),
    Row(
        name="latency, uniform",
        written="latency: {from: 1s, to: 3s}",
        told={"latency": {"kind": "uniform", "low_s": 1, "high_s": 3}},
        does="Between the two, each as likely.",
    ),
    Row(
        name="latency, lognormal",
        written="latency: {median: 1s200ms, sigma: 0.3}",
        told={"latency": {"kind": "lognormal", "median_s": 1.2, "sigma": 0.3}},
        does="exp(N(ln median, sigma)).",
    ),
    Row(
        name="latency, gamma",
        written="latency: {mean: 2s, shape: 4}",
        told={"latency": {"kind": "gamma", "mean_s": 2, "shape": 4}},
        does="Gamma of this mean; a `shape` of 1 is exponential, a greater one is narrower.",
    ),
    Row(
        name="latency, percentiles",
        written="latency: {p0: 400ms, p50: 1s200ms, p99: 9s}",
        told={"latency": {"kind": "percentiles", "at": {"0": 0.4, "50": 1.2, "99": 9}}},
        does="As measured somewhere, in a straight line between; the first is the fastest call, the last"
        " the slowest.",
    ),
    Row(
        name="time to first token",
        written="first_token: 500ms",
        told={"first_token": {"kind": "constant", "s": 0.5}},
        does="When a stream begins, of any kind of distribution; 30 % of the latency otherwise.",
    ),
    Row(
        name="time between tokens",
        written="between_tokens: {mean: 30ms, shape: 2}",
        told={"between_tokens": {"kind": "gamma", "mean_s": 0.03, "shape": 2}},
        does="Drawn for each token anew: its jitter is its distribution's. An answer takes its first "
        "token and all of "
        "these, streamed or not, and `latency` no longer counts. A stream has a piece for each "
        "token, 1000 at "
        "most; otherwise it has four.",
    ),
    Row(
        name="token counts",
        written="prompt_tokens: 900\ncompletion_tokens: {from: 100, to: 900}",
        told={"prompt_tokens": 900, "completion_tokens": {"low": 100, "high": 900}},
        does="A number, a range, or the next row's. A number is kept whatever the request's limit is; "
        "what is drawn keeps to it.",
        counted="`stub_tokens_total`",
    ),
    Row(
        name="token counts, lognormal",
        written="completion_tokens: {median: 300, sigma: 0.6}",
        told={"completion_tokens": {"median": 300, "sigma": 0.6}},
        does="exp(N(ln median, sigma)), of prompts as well.",
        counted="`stub_tokens_total`",
    ),
    Row(
        name="errors, a share",
        written="errors: {share: 10%}",
        told={"errors": {"class": "server_error", "share": 0.1}},
        does="Each call fails with this probability, after 0.1 s at most.",
        counted="`error_server_error`",
    ),
    Row(
        name="errors, every n-th",
        written="errors: {class: auth, every: 25}",
        told={"errors": {"class": "auth", "every": 25}},
        does="No chance in it.",
        counted="`error_auth`",
    ),
    Row(
        name="errors, the next n",
        written="errors: {class: timeout, next: 3}",
        told={"errors": {"class": "timeout", "next": 3}},
        does="And no more.",
        counted="`error_timeout`",
    ),
    Row(
        name="error mix",
        written="errors: {mix: {rate_limit: 5%, server_error: 2%}}",
        told={"errors": {"mix": {"rate_limit": 0.05, "server_error": 0.02}}},
        does="A share for each class, 1 in all at most.",
        counted="`error_CLASS`",
    ),
    Row(
        name="rate limits",
        written="limits: {requests: 60, tokens: 90000, per: 1m}",
        told={"limits": {"requests": 60, "tokens": 90_000, "per_s": 60}},
        does="Buckets that are full at first and filled evenly, all of one every "
        "`per_s` (60). A request takes 1 and "
        "its tokens, also where it fails; one that finds too little takes nothing and is refused.",
        counted="`limit_requests`, `limit_tokens`",
    ),
    Row(
        name="rate limits by direction",
        written="limits: {input_tokens: 40000, output_tokens: 8000}",
        told={"limits": {"input_tokens": 40_000, "output_tokens": 8_000}},
        does="The same, of prompts and of answers.",
        counted="`limit_input_tokens`, `limit_output_tokens`",
    ),
    Row(
        name="stall in mid-answer",
        written="flaw: {kind: stall, after: 50%, for: 30s, every: 10}",
        told={"flaw": {"kind": "stall", "after": 0.5, "for_s": 30, "every": 10}},
        does="After this share of the bytes (0.5) nothing comes for so long, and then the rest.",
        counted="`flaw_stall`",
    ),
    Row(
        name="slow drip",
        written="flaw: {kind: drip, after: 20%, bytes_per_s: 20, share: 100%}",
        told={"flaw": {"kind": "drip", "after": 0.2, "bytes_per_s": 20, "share": 1}},
        does="From there on bytes come no faster than this, in 100 pieces at most.",
        counted="`flaw_drip`",
    ),
    Row(
        name="reset in mid-answer",
        written="flaw: {kind: reset, after: 50%, share: 10%}",
        told={"flaw": {"kind": "reset", "after": 0.5, "share": 0.1}},
        does="The connection is reset there.",
        counted="`flaw_reset`",
    ),
    Row(
        name="truncated body",
        written="flaw: {kind: truncated, after: 50%, next: 5}",
        told={"flaw": {"kind": "truncated", "after": 0.5, "next": 5}},
        does="The connection is closed there, in order: fewer bytes than `Content-Length`, or no last chunk.",
        counted="`flaw_truncated`",
    ),
    Row(
        name="malformed body",
        written="flaw: {kind: malformed, share: 10%}",
        told={"flaw": {"kind": "malformed", "share": 0.1}},
        does="Whole, but its middle is no JSON; in a stream, one event of it.",
        counted="`flaw_malformed`",
    ),
    Row(
        name="periodic bursts",
        written="spells:\n- {every: 5m, for: 20s, errors: {mix: {rate_limit: 60%, server_error: 10%}}}",
        told={
            "spells": [
                {"every_s": 300, "for_s": 20, "errors": {"mix": {"rate_limit": 0.6, "server_error": 0.1}}}
            ]
        },
        does="Again and again, for so long, from when it is set on.",
        counted="`spell`, and what it brings",
    ),
    Row(
        name="brown-out",
        written="spells:\n- {after: 1m, for: 10m, slowdown: 5,"
        " errors: {share: 20%}, flaw: {kind: stall, for: 20s, share: 10%}}",
        told={
            "spells": [
                {
                    "after_s": 60,
                    "for_s": 600,
                    "slowdown": 5,
                    "errors": {"class": "server_error", "share": 0.2},
                    "flaw": {"kind": "stall", "for_s": 20, "share": 0.1},
                }
            ]
        },
        does="Once: `slowdown` times as slow, some errors, some stalls. A spell's errors come beside the"
        " behaviour's own, its flaw instead.",
        counted="`spell`, and what it brings",
    ),
    Row(
        name="hard outage, planned",
        written="spells:\n- {after: 1m, for: 2m, errors: {class: network, share: 100%}}",
        told={"spells": [{"after_s": 60, "for_s": 120, "errors": {"class": "network", "share": 1}}]},
        does="Each connection is reset. For a port that is closed: `PUT /control/listening`.",
        counted="`error_network`; `stub_listening`",
    ),
    Row(
        name="lookups too",
        written="lookups: true\nerrors: {share: 100%}",
        told={"lookups": True, "errors": {"class": "server_error", "share": 1}},
        does="Set for `*` or a key: what is looked up meets latency, errors, limits and spells, too. "
        "Otherwise it is answered at once.",
        counted='the model `""`',
    ),
)
INTRODUCTION = """\
## Behaviours

What a stub is told at the start, for all, for a model or for a key, and
[while it runs](../how-to/stubs.md#how-it-behaves). Parts stand side by side in one object; each may be
left out. Times are of rule time: seconds in JSON, which the control port takes, and durations in
[files](../how-to/stubs.md#in-files), drills among them, which take JSON's fields as well. What calls meet
is drawn from the stub's name, and the same each time for the same calls; limits and spells go by the
clock besides. Each is counted on the control port's `/metrics`: `stub_behaviours_total{model,behaviour}`
unless another metric is named, and `stub_requests_total{model,outcome}`.

| behaviour | in a file | as JSON | what it does | counted as |
|---|---|---|---|---|"""
SHOWN = """
What a client is shown of them; what is not listed is alike in all dialects. Times are those of the client.

| shown of | """
STANDING = Standing(quotas={unit: Quota(most=100, left=7, full_in_s=4.5) for unit in UNITS})
REFUSED = replace(STANDING, refused_by="tokens", wanted=50, retry_in_s=2.5)
PLAIN = Answer(
    request=ChatRequest(model="m", prompt_tokens=1),
    prompt_tokens=1,
    completion_tokens=2,
    truncated=False,
    latency_s=1.0,
    first_token_s=0.3,
    pieces=("a", "b"),
    id="0" * 32,
    created_s=0.0,
)
CHANGED: Mapping[str, Answer] = {
    "`latency`": replace(PLAIN, latency_s=2.0),
    "`first_token`": replace(PLAIN, first_token_s=0.5),
    "`prompt_tokens`": replace(PLAIN, prompt_tokens=10),
    "`completion_tokens`": replace(PLAIN, completion_tokens=20),
    "`limits`, of an answer": replace(PLAIN, standing=STANDING),
}


def write_behaviours() -> str:
    """Return the part of the page."""
    parts = [INTRODUCTION]
    parts += [
        f"| {row.name} | {_show(row.written)} | `{json.dumps(row.told)}` | {row.does} | {row.counted} |"
        for row in ROWS
    ]
    parts.append(
        SHOWN + " | ".join(f"`{name}`" for name in DIALECTS) + " |\n|---" + "|---" * len(DIALECTS) + "|"
    )
    for what, answer in CHANGED.items():
        cells = (_list_changed(dialect, answer) for dialect in DIALECTS.values())
        parts.append(f"| {what} | {' | '.join(cells)} |")
    cells = (_say_refusal(dialect) for dialect in DIALECTS.values())
    parts.append(f"| `limits`, of a refusal | {' | '.join(cells)} |")
    cells = (
        f"`{json.dumps(dialect.endpoints[0].broken_event(NO_JSON.decode()).decode())[1:-1]}`"
        for dialect in DIALECTS.values()
    )
    parts.append(f"| `malformed`, in a stream | {' | '.join(cells)} |")
    return "\n".join(parts)


def _show(written: str) -> str:
    return "<br>".join(f"`{line}`" for line in written.splitlines())


def _list_changed(dialect: Dialect, answer: Answer) -> str:
    """Return what another answer has otherwise: headers, and fields of the body."""
    before, after = (dialect.write_headers("id", one) for one in (PLAIN, answer))
    headers = [name for name in after if before.get(name) != after[name]]
    if answer.standing is None:  # instants go by the clock, whatever an answer has
        headers = [name for name in headers if not name.endswith("-reset")]
    whole = dialect.endpoints[0].whole
    fields = list(_compare(whole(PLAIN), whole(answer), ""))
    return "<br>".join(f"`{name}`" for name in (*headers, *fields)) or "nothing"


def _compare(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in after:
            yield from _compare(before.get(name), after[name], f"{path}.{name}" if path else name)
    elif before != after:
        yield path


def _say_refusal(dialect: Dialect) -> str:
    failure = dialect.limit(REFUSED)
    found = [f"`{name}`" for name in failure.headers]
    error = failure.payload["error"] if isinstance(failure.payload, dict) else None
    if isinstance(error, dict):
        found += [f"`{one['@type'].rpartition('.')[2]}`" for one in error.get("details", ())]
    return "<br>".join([str(failure.status), *found])
