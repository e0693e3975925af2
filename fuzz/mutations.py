"""Changes a good document at random: its text, or what it states."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import yaml

CHANGES = (1, 1, 1, 1, 2, 3)
"""How many there are of one document: most are to get past the first check."""
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    1.5,
    10**9,
    10**30,
    -(10**400),
    float("inf"),
    float("-inf"),
    float("nan"),
    1e308,
    5e-324,
    "",
    " ",
    "\x00",
    "a\nb",
    "é",
    "\ud800",
    "x" * 10_000,
    "-",
    ".",
    "..",
    "/",
    "~",
    "NaN",
    "+Inf",
    "1e999",
    "0x10",
    "1_000",
    "null",
    "true",
    "[]",
    "{}",
    "{{",
    "{{ . }}",
    '{{ template "x" }}',
    '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}',
    '{{ printf "%999999d" 1 }}',
    '{{ query "up" }}',
    "{{ range $i, $e := . }}",
    "$1",
    "${HOME}",
    "%s",
    "%",
    "\\",
    "'",
    '"',
    "1h",
    "5m30s",
    "1y1y",
    "9999999999y",
    "-5m",
    "0s",
    "1ms",
    "0.5ms",
    "1.5h",
    "5M",
    "1d1h1d",
    "m",
    "up",
    "up offset 5m",
    "up[5m]",
    "up[5m:]",
    "up[5m:1ms]",
    "up @ end()",
    "up @ 1e300",
    'up{a=~"("}',
    'up{a=~"(a+)+$"}',
    "sum by (",
    "rate(up[1s])",
    "absent(up)",
    "1 / 0",
    "time()",
    "vector(1)",
    "up == bool 1",
    'label_replace(up, "a", "$1", "b", "(")',
    "(" * 60 + "up" + ")" * 60,
    "up + " * 200 + "up",
    "- " * 200 + "1",
    "histogram_quantile(2, up)",
    "topk(-1, up)",
    "2000-01-01T00:00:00Z",
    "0000-00-00",
    "9999-12-31T23:59:59Z",
    "-1-01-01",
    "25:00",
    "monday:sunday",
    "sunday:monday",
    "http://",
    "http://[",
    "http://x:99999",
    "file:///etc/passwd",
    "127.0.0.1:0",
    "@/etc/passwd",
    "!binary aGk=",
    [],
    {},
    [[]],
    [None],
    {"": ""},
    {"a": {"a": {"a": {}}}},
    [1, "a", None, {}],
    ["a"] * 300,
)
"""What may stand in the place of anything."""
PIECES = (
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\r",
    b"\n",
    b"\n\n",
    b"\t",
    b" ",
    b"  ",
    b":",
    b": ",
    b"- ",
    b"#",
    b"&a ",
    b"*a",
    b"<<: *a\n",
    b"!!python/object:os.system ",
    b"!!timestamp ",
    b"!!binary ",
    b"!!set ",
    b"!x ",
    b"? ",
    b"|\n",
    b">-\n",
    b"---\n",
    b"...\n",
    b"%YAML 9.9\n",
    b"[",
    b"]",
    b"{",
    b"}",
    b"[" * 200,
    b"{a: " * 200,
    b'"',
    b"'",
    b",",
    b"\\u0000",
    b"\\ud800",
    b"1e999",
    b"-",
    b"NaN",
    b"999999999999999999999",
    b"# EOF\n",
    b'"}',
    b"=",
    b"{{",
    b"}}",
    b"$",
    b"\x85",
    b"\xe2\x80\xa8",
    b"\x1f\x8b",
)
"""What may come into a text anywhere."""
Dump = Callable[[Any], str]


def change(text: bytes, rng: random.Random, load: Callable[[str], Any] | None, dump: Dump) -> bytes:
    """Return a document with something changed: what it states, if it can be read at all, or its text."""
    if load is not None and rng.random() < 0.7:
        document = copy.deepcopy(load(text.decode()))
        for _ in range(rng.choice(CHANGES)):
            document = _change_node(document, rng)
        return dump(document).encode(errors="surrogatepass")
    return change_text(text, rng)


def change_text(text: bytes, rng: random.Random) -> bytes:
    """Return a text with pieces put in, left out, changed, doubled, or with lines in another order."""
    data = bytearray(text)
    for _ in range(rng.choice(CHANGES)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0 | 1:
                data[at:at] = rng.choice(PIECES)
            case 2:
                del data[at : at + rng.choice((1, 1, 5, 50, 10**6))]
            case 3:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 4:
                data[at:at] = data[at : at + rng.choice((1, 10, 200))]
            case _:
                lines = data.split(b"\n")
                lines.insert(rng.randrange(len(lines)), lines.pop(rng.randrange(len(lines))))
                data = bytearray(b"\n".join(lines))
    return bytes(data)


def dump_yaml(document: Any) -> str:
    """Write a document as YAML, surrogates and all."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def dump_json(document: Any) -> str:
    """Write a document as JSON, NaN and all."""
    return json.dumps(document)


def dump_toml(document: Any) -> str:
    """Return a document as TOML, each table within a line, with what TOML has not as JSON has it."""
    if not isinstance(document, dict):
        return _write_toml(document)
    return "".join(f"{json.dumps(key)} = {_write_toml(value)}\n" for key, value in document.items())


def _write_toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {_write_toml(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_write_toml, value))}]"
    return str(value) if isinstance(value, float) else json.dumps(value)


def _change_node(node: Any, rng: random.Random) -> Any:
    """Return a document in which one node is another, gone, doubled or has another name."""
    if not isinstance(node, dict | list) or not node or rng.random() < 0.03:
        return _choose(rng)
    if isinstance(node, dict):
        key = rng.choice(list(node))
        match rng.randrange(16):
            case 0:
                del node[key]
            case 1:
                name = _choose(rng)
                node[name if isinstance(name, str | int | float | bool | None) else "x"] = node.pop(key)
            case 2:
                node[str(rng.choice(("x", "", "a b", "expr", "for", "match", "labels", "name", "type")))] = (
                    _choose(rng)
                )
            case _:
                node[key] = _change_node(node[key], rng)
        return node
    index = rng.randrange(len(node))
    match rng.randrange(16):
        case 0:
            del node[index]
        case 1:
            node.insert(index, copy.deepcopy(node[index]))
        case 2:
            node.insert(index, _choose(rng))
        case _:
            node[index] = _change_node(node[index], rng)
    return node


def _choose(rng: random.Random) -> Any:
    return copy.deepcopy(rng.choice(VALUES))
