"""How each provider's error answers are classed, by status and by body."""

from __future__ import annotations

import pytest
from support.fake_providers import FAILURES

from alertdrill.gateway.answers import UpstreamFailed
from alertdrill.gateway.dialects import DIALECTS

STATUSES = {
    400: "invalid_request",
    401: "auth",
    402: "auth",
    403: "auth",
    404: "invalid_request",
    408: "timeout",
    409: "unknown",
    413: "context_overflow",
    422: "invalid_request",
    429: "rate_limit",
    500: "server_error",
    503: "server_error",
    529: "server_error",
    302: "unknown",
}
ANTHROPIC_TYPES = {
    "invalid_request_error": "invalid_request",
    "authentication_error": "auth",
    "billing_error": "auth",
    "permission_error": "auth",
    "not_found_error": "invalid_request",
    "request_too_large": "context_overflow",
    "rate_limit_error": "rate_limit",
    "api_error": "server_error",
    "overloaded_error": "server_error",
    "timeout_error": "timeout",
}


GEMINI_STATUSES = {
    "INVALID_ARGUMENT": "invalid_request",
    "FAILED_PRECONDITION": "auth",
    "UNAUTHENTICATED": "auth",
    "PERMISSION_DENIED": "auth",
    "NOT_FOUND": "invalid_request",
    "RESOURCE_EXHAUSTED": "rate_limit",
    "INTERNAL": "server_error",
    "UNAVAILABLE": "server_error",
    "DEADLINE_EXCEEDED": "timeout",
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("document", [None, {}, [], "x", {"error": 5}, {"error": {}}])
def test_status_decides_where_the_body_says_nothing(dialect, document):
    """Without a usable body the status is all there is."""
    classes = {status: DIALECTS[dialect].classify(status, document) for status in STATUSES}
    assert classes == STATUSES


@pytest.mark.parametrize("dialect", DIALECTS)
def test_real_error_answers_have_their_class(dialect):
    """Each class that has an answer on the wire is recognised by it."""
    expected = {name: name for name in FAILURES[dialect]}
    assert {
        name: DIALECTS[dialect].classify(status, body) for name, (status, body) in FAILURES[dialect].items()
    } == expected


@pytest.mark.parametrize(("kind", "error_class"), ANTHROPIC_TYPES.items())
def test_anthropics_type_decides(kind, error_class):
    """Anthropic's error type says more than its status."""
    assert DIALECTS["anthropic"].classify(500, {"error": {"type": kind, "message": "m"}}) == error_class


@pytest.mark.parametrize(("status", "error_class"), GEMINI_STATUSES.items())
def test_geminis_status_decides(status, error_class):
    """Google's status says more than HTTP's."""
    document = {"error": {"code": 418, "message": "m", "status": status}}
    assert DIALECTS["gemini"].classify(418, document) == error_class


def test_gemini_blocks_a_prompt_with_a_good_status():
    """A prompt that was blocked has no candidates: it is the request that is at fault."""
    document = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}}
    with pytest.raises(UpstreamFailed) as caught:
        DIALECTS["gemini"].read_completion(document)
    assert caught.value.error_class == "invalid_request"


@pytest.mark.parametrize(
    ("dialect", "document"),
    [
        (
            "openai",
            {"error": {"message": "This endpoint's maximum context length is 8192 tokens.", "code": 400}},
        ),
        ("openai", {"error": {"message": "Your input exceeds the context window of this model."}}),
        (
            "anthropic",
            {
                "error": {
                    "type": "invalid_request_error",
                    "message": "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
                }
            },
        ),
        ("ollama", {"error": "input length exceeds maximum context length"}),
    ],
)
def test_overlong_prompts_are_told_by_their_message(dialect, document):
    """Where only the message tells, it is read."""
    assert DIALECTS[dialect].classify(400, document) == "context_overflow"


@pytest.mark.parametrize(
    ("error", "error_class"),
    [
        ({"message": "m", "code": 429}, "rate_limit"),
        ({"message": "m", "code": 502}, "server_error"),
        ({"message": "m", "code": "insufficient_quota"}, "rate_limit"),
        ({"message": "m", "type": "server_error"}, "server_error"),
        ({"message": "m"}, "unknown"),
    ],
)
def test_error_with_a_good_status_is_an_error(error, error_class):
    """OpenRouter reports errors with status 200; the code stands for the status."""
    with pytest.raises(UpstreamFailed) as caught:
        DIALECTS["openai"].read_completion({"error": error})
    assert caught.value.error_class == error_class


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("document", [{}, [], None, 5, {"choices": [], "content": 1, "message": []}])
def test_malformed_answers_are_not_understood(dialect, document):
    """A good status with something else in it raises one of the errors that mean `unknown`."""
    with pytest.raises((AttributeError, IndexError, KeyError, TypeError, ValueError)):
        DIALECTS[dialect].read_completion(document)


@pytest.mark.parametrize("count", [-1, True, "5", 1.5, 10**12])
def test_impossible_token_counts_are_not_understood(count):
    """What cannot be a count is not accounted for."""
    document = {
        "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": count, "completion_tokens": 1},
    }
    with pytest.raises(ValueError, match="token count"):
        DIALECTS["openai"].read_completion(document)


@pytest.mark.parametrize(
    ("dialect", "document"),
    [
        (
            "openai",
            {
                "choices": [{"message": {"content": None}, "finish_reason": "length"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1},
            },
        ),
        (
            "anthropic",
            {
                "content": [],
                "stop_reason": "max_tokens",
                "usage": {"input_tokens": 1, "output_tokens": 1},
            },
        ),
        (
            "gemini",
            {
                "candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}],
                "usageMetadata": {"promptTokenCount": 1, "thoughtsTokenCount": 5},
            },
        ),
        ("ollama", {"message": {"content": ""}, "done_reason": "length", "eval_count": 1}),
    ],
)
def test_reached_token_limit_is_a_finish_reason(dialect, document):
    """An answer cut off at its limit says so, even without any text."""
    completion = DIALECTS[dialect].read_completion(document)
    assert (completion.finish_reason, completion.text) == ("length", "")
