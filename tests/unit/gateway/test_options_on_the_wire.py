"""What each provider is sent of a request that needs more than every provider has."""

from __future__ import annotations

import pytest

SCHEMA = {"type": "object", "properties": {"place": {"type": "string"}}}
FORM = {"type": "json_schema", "json_schema": {"name": "fire", "schema": SCHEMA, "strict": True}}
TOOL = {
    "type": "function",
    "function": {"name": "look", "description": "Look.", "parameters": SCHEMA, "strict": True},
}
CALL = {"id": "1", "type": "function", "function": {"name": "look", "arguments": '{"place": "hall"}'}}
OTHER = {"id": "2", "type": "function", "function": {"name": "look", "arguments": ""}}
TALK = [
    {"role": "user", "content": "Look"},
    {"role": "assistant", "content": None, "tool_calls": [CALL, OTHER]},
    {"role": "tool", "tool_call_id": "1", "content": "smoke"},
    {"role": "tool", "tool_call_id": "2", "content": "nothing"},
]
OPTIONS = {
    "frequency_penalty": 0.5,
    "presence_penalty": -1,
    "seed": 7,
    "reasoning_effort": "low",
    "verbosity": "high",
    "parallel_tool_calls": False,
}


async def ask(gateway, provider, model: str, **asked: object) -> dict:
    """Return what a provider was sent."""
    response = await gateway.chat("the-admin-token", model=model, **asked)
    assert response.status == 200, await response.text()
    return provider.asked[-1]


async def test_openai_is_sent_all_of_it(gateway, providers):
    """What a client says goes out as it came, messages of tools too."""
    asked = {**OPTIONS, "n": 2, "tools": [TOOL], "tool_choice": "required", "response_format": FORM}
    sent = await ask(gateway, providers["openai"], "gpt-4o", messages=TALK, **asked)
    assert {name: sent[name] for name in asked} == asked
    assert sent["messages"] == TALK


async def test_anthropic_is_sent_tools_in_its_own_words(gateway, providers):
    """Calls are blocks, results that follow each other one turn, and a schema is an output format."""
    asked = {"tools": [TOOL], "tool_choice": "required", "parallel_tool_calls": False}
    sent = await ask(
        gateway, providers["anthropic"], "claude-opus-4-1", messages=TALK, response_format=FORM, **asked
    )
    assert sent["tools"] == [{"name": "look", "description": "Look.", "input_schema": SCHEMA}]
    assert sent["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    assert sent["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}
    assert sent["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "1", "name": "look", "input": {"place": "hall"}},
                {"type": "tool_use", "id": "2", "name": "look", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "1", "content": "smoke"},
                {"type": "tool_result", "tool_use_id": "2", "content": "nothing"},
            ],
        },
    ]


@pytest.mark.parametrize(("form", "sent"), [(FORM, SCHEMA), ({"type": "json_object"}, "json")])
async def test_ollama_is_sent_a_format_and_a_seed(gateway, providers, form, sent):
    """A schema stands where `json` stands for any."""
    body = await ask(gateway, providers["ollama"], "llama3.2", response_format=form, seed=7)
    assert (body["format"], body["options"]["seed"]) == (sent, 7)


@pytest.mark.parametrize(("form", "sent"), [(FORM, SCHEMA), ({"type": "json_object"}, None)])
async def test_gemini_is_sent_a_type_and_a_schema(gateway, providers, form, sent):
    """Both are part of the config of the generation."""
    body = await ask(gateway, providers["google"], "gemini-2.5-flash", response_format=form)
    config = body["generationConfig"]
    assert (config["responseMimeType"], config.get("responseJsonSchema")) == ("application/json", sent)


async def test_gemini_is_sent_tools_in_its_own_words(gateway, providers):
    """Calls and results are parts, results that follow each other one content, and name their tool."""
    named = {"type": "function", "function": {"name": "look"}}
    asked = {"tools": [TOOL], "tool_choice": named}
    sent = await ask(gateway, providers["google"], "gemini-2.5-flash", messages=TALK, **asked)
    declared = {"name": "look", "description": "Look.", "parametersJsonSchema": SCHEMA}
    assert sent["tools"] == [{"functionDeclarations": [declared]}]
    assert sent["toolConfig"] == {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look"]}}
    assert "generationConfig" not in sent
    assert sent["contents"][1:] == [
        {
            "role": "model",
            "parts": [
                {"functionCall": {"id": "1", "name": "look", "args": {"place": "hall"}}},
                {"functionCall": {"id": "2", "name": "look", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "1", "name": "look", "response": {"output": "smoke"}}},
                {"functionResponse": {"id": "2", "name": "look", "response": {"output": "nothing"}}},
            ],
        },
    ]


async def test_ollama_is_sent_tools_in_its_own_words(gateway, providers):
    """Arguments are objects, and a result has the name of its tool."""
    sent = await ask(gateway, providers["ollama"], "llama3.2", messages=TALK, tools=[TOOL])
    function = {"name": "look", "description": "Look.", "parameters": SCHEMA}
    assert sent["tools"] == [{"type": "function", "function": function}]
    assert sent["messages"][1:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "1", "function": {"name": "look", "arguments": {"place": "hall"}}},
                {"id": "2", "function": {"name": "look", "arguments": {}}},
            ],
        },
        {"role": "tool", "content": "smoke", "tool_name": "look", "tool_call_id": "1"},
        {"role": "tool", "content": "nothing", "tool_name": "look", "tool_call_id": "2"},
    ]


async def test_ollama_is_offered_no_tools_where_none_may_be_called(gateway, providers):
    """It has no other way to say so."""
    sent = await ask(gateway, providers["ollama"], "llama3.2", tools=[TOOL], tool_choice="none")
    assert "tools" not in sent


@pytest.mark.parametrize("model", ["gpt-4o", "claude-opus-4-1", "llama3.2", "gemini-2.5-flash"])
async def test_a_plain_request_is_sent_nothing_more(gateway, providers, model):
    """Who asks for none of it is passed on as ever."""
    await gateway.chat("the-admin-token", model=model)
    (sent,) = [body for provider in providers.values() for body in provider.asked]
    plain = {"model", "messages", "max_tokens", "contents", "stream", "options"}
    assert set(sent) <= plain
