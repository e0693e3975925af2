"""Which templates Prometheus loads: as promtool of either generation says, but for what it lacks."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from alertdrill.errors import BadInput
from alertdrill.rules.template_syntax import MAX_DEPTH, check_template
from alertdrill.runtime.binaries import Generation, find_engines

WRITTEN = (
    *r"""
{{ humanizeBytes $value }}
{{ $value | humanize }}
{{- $value -}}
{{-$value-}}
{{ -1 -}}
{{ - }}
{{ with query "up" }}{{ . | first | value }}{{ end }}
{{ range query "up" }}{{ .Labels.x }}{{ end }}
{{ if gt $value 1.0 }}a{{ else if lt $value 2.0 }}b{{ else }}c{{ end }}
{{ if . }}{{else}}{{ if . }}{{end}}{{ end }}
{{ range $i, $e := query "up" }}{{ $i }}{{ end }}
{{ range $i, $e := query "up" }}{{ end }}{{ $i }}
{{ range . }}{{ break }}{{ end }}
{{ break }}
{{ $x := 1 }}{{ $x }}
{{ $x }}
{{ $x = 1 }}
{{ $x, $y := 1 }}
{{ define "x" }}{{ . }}{{ end }}{{ template "x" . }}
{{ define "x" }}{{ $labels }}{{ end }}
{{ template x }}
{{ if true }}{{ define "x" }}{{ end }}{{ end }}
{{ block "x" . }}{{ end }}
{{ block "x" . }}{{ else }}{{ end }}
{{/* c */}}
{{- /* c */ -}}
{{ /* c */ }}
{{/* c */ }}
{{/* c }}
{{ .Foo.Bar }}
{{ (.Foo).Bar }}
{{ (.Foo }}
{{ .Foo) }}
{{ () }}
{{ }}
{{
{{ "a }}
{{ `a }}
{{ 'a' }}
{{ 'a }}
{{ 'ab' }}
{{ "\q" }}
{{ "\x41\u1234\n\"" }}
{{ 1.5e3 }} {{ 0x1F }} {{ .5 }} {{ 1_000 }} {{ 1i }}
{{ 1a }}
{{ 08 }}
{{ $value | 1 }}
{{ $value | . }}
{{ $value | .x }}
{{ nil.x }}
{{ $labels.foo-bar }}
{{ $labels.foo bar }}
{{ printf "%.2f" (query "up" | first | value) }}
{{ . }}{{ end }}
{{ else }}
{{ if . }}{{ else }}{{ else }}{{ end }}
{{ with . }}{{ else if . }}{{ end }}
{{ range . }}{{ else if . }}{{ end }}
{{ if }}{{ end }}
{{ if . }}
{{ if $a := . }}{{ $a }}{{ end }}{{ $a }}
{{ $value||humanize }}
{{ humanize| }}
{{ é }}
{{ $labels.é }}
{{ .. }}
{{ .a..b }}
{{ $.Labels }}
{{ (index . 0).x.y | title }}
{{ $a:=1 }}
{{ {{ . }} }}
}} {{ . }}
{{ "a""b" }}
{{ printf (1)}}
{{ $value * 100 }}
{{ $labels["x"] }}
{{ $labels.x | default "y" }}
{{ end 1 }}
{{ range . }}{{ define "y" }}{{ break }}{{ end }}{{ end }}
{{ 1__0 }}
""".strip().splitlines(),
    "{{ `a\nb` }}",
    '{{ "a\nb" }}',
    "{{ .\nx }}",
)
"""Templates as people write them, a line each, and every mistake that was thought of."""
PIECES = (
    "{{",
    "}}",
    "{{ ",
    " }}",
    "{{- ",
    " -}}",
    " ",
    ".",
    "$value",
    "$labels.x",
    "$x",
    "$x := ",
    "|",
    "(",
    ")",
    '"a"',
    "`b`",
    "1.5",
    "-",
    "if ",
    "else",
    "end",
    "range ",
    "with ",
    'template "x"',
    'define "y"',
    "humanize",
    "query ",
    "nil",
    "true",
    "/* c */",
    ",",
    "=",
    ":",
    "\n",
    "break",
    "{{end}}",
    "{{else}}",
    "{{ if . }}",
    "{{ range . }}",
    "%",
    "+1",
    "$",
)
LACKS = re.compile(r'function "(now|toDuration|urlQueryEscape)" not defined|unexpected <with> in else')
"""What a newer Prometheus takes."""


def make_templates(seed: int) -> list[str]:
    """Return what people write, and that with pieces put in and taken out."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    found = [*WRITTEN]
    for _ in range(1500):
        text = chance.choice(WRITTEN)
        for _ in range(chance.randint(1, 2)):
            at = chance.randrange(len(text) + 1)
            ways = (
                text[:at] + chance.choice(PIECES) + text[at:],
                text[:at] + text[at + chance.randint(1, 3) :],
                text + chance.choice(WRITTEN),
            )
            text = chance.choice(ways)
        found.append(text)
    return found


def ask_promtool(promtool: Path, templates: Sequence[str], path: Path) -> dict[int, str]:
    """Return why promtool would not load templates, by their number."""
    rules = [
        {"alert": f"A{number}", "expr": "up", "annotations": {"said": text}}
        for number, text in enumerate(templates)
    ]
    path.write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}))
    finished = subprocess.run(
        [promtool, "check", "rules", path], capture_output=True, text=True, timeout=60, check=False
    )
    said = finished.stdout + finished.stderr
    return {
        int(found[1]): found[2] for found in re.finditer(r'"A(\d+)": annotation "said": template: (.*)', said)
    }


@pytest.mark.parametrize("generation", list(Generation), ids=str)
def test_what_is_refused_is_what_prometheus_refuses(tmp_path: Path, generation: Generation) -> None:
    """Nothing else, but for what only a newer one takes."""
    promtool = find_engines(os.environ, generation=generation).promtool
    templates = make_templates(1)
    theirs = ask_promtool(promtool, templates, tmp_path / "rules.json")
    assert len(theirs) > len(templates) / 2
    for number, text in enumerate(templates):
        ours = ""
        try:
            check_template(text)
        except BadInput as error:
            ours = str(error)
        said = theirs.get(number, "")
        assert bool(ours) == bool(said) or LACKS.search(said), (text, ours, said)


def test_a_template_that_is_nested_without_end_is_refused() -> None:
    """Parentheses and conditions alike; neither is read by calls without a bound."""
    for opening, closing in (("(", ")"), ("1 }}{{ if . }}{{ ", " }}{{ end }}{{ .")):
        for depth, is_taken in ((MAX_DEPTH // 2, True), (100_000, False)):
            text = f"{{{{ {opening * depth}.{closing * depth} }}}}"
            if is_taken:
                check_template(text)
            else:
                with pytest.raises(BadInput, match="nested too deeply"):
                    check_template(text)
