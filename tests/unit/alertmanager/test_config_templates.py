"""Tests of template files: found, and held to what they include."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from alertdrill.alertmanager import templates
from alertdrill.alertmanager.config import read_config
from alertdrill.alertmanager.default_templates import DEFAULT_TEMPLATES
from alertdrill.alertmanager.redirect import write_config
from alertdrill.alertmanager.target import Target
from alertdrill.alertmanager.templates import check_templates, read_templates, scan
from alertdrill.alertmanager.unplayed import list_unplayed
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines, Generation, find_engines

CONFIG = "route: {receiver: a}\nreceivers:\n- name: a\n  slack_configs:\n  - api_url: x\n"


def place_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files by their names."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_patterns_are_read_in_the_configs_folder(tmp_path: Path) -> None:
    """Every file that a pattern matches, in order, also hidden ones, and what others matched before."""
    files = {"t/b.tmpl": "B", "t/a.tmpl": "A", "t/.c.tmpl": "C", "t/d.txt": "D", "x.tmpl": "X"}
    place_files(tmp_path, files)
    (tmp_path / "t" / "folder.tmpl").mkdir()
    patterns = [("a.yml:1", "t/*.tmpl"), ("a.yml:2", str(tmp_path / "x.tmpl")), ("a.yml:2", "t/[^a].tmpl")]
    assert [(template.name, template.text) for template in read_templates(tmp_path, patterns)[0]] == [
        ("000-.c.tmpl", "C"),
        ("001-a.tmpl", "A"),
        ("002-b.tmpl", "B"),
        ("003-x.tmpl", "X"),
        ("004-b.tmpl", "B"),
    ]


def test_a_pattern_that_matches_nothing_is_a_note(place: Callable[[str], Path]) -> None:
    """Alertmanager starts without."""
    path = place("templates:\n- '*.tmpl'\n" + CONFIG)
    note = f"{path}:2: no template file matches '*.tmpl'"
    config = read_config(path)
    assert [one.partition(":\x20if")[0] for one in config.notes] == [note]
    assert config.templates == {}


@pytest.mark.parametrize("own", ['{{ template "own" . }}', '{{ template "here" . }}'])
def test_what_needs_a_template_that_is_not_here_is_not_played(place: Callable[[str], Path], own: str) -> None:
    """It may be in a file that is missing on this machine: itself, or by a template that is here."""
    path = place(
        "templates: [a.tmpl, /elsewhere/*.tmpl]\n"
        + CONFIG
        + f"    title: '{own}'\n    text: '{own}'\n"
        + "  - api_url: x\n    title: '{{ template \"slack.default.title\" . }}'\n"
    )
    place_files(path.parent, {"a.tmpl": '{{ define "here" }}{{ template "own" . }}{{ end }}'})
    config = read_config(path)
    assert config.notes[1:] == (
        f"{path}:7: receiver 'a': no template file here defines 'own': whether slack is delivered to stays "
        "unobserved",
    )
    assert [(one.integration, one.index) for one in list_unplayed(config.document)] == [("slack", 0)]


def test_a_circle_is_bad_input_though_files_are_missing(place: Callable[[str], Path]) -> None:
    """Whatever they define."""
    path = place(
        "templates: [/elsewhere/*.tmpl]\n"
        + CONFIG
        + '    title: \'{{ define "b" }}{{ template "b" . }}{{ end }}\'\n'
    )
    with pytest.raises(BadInput, match=r"alertmanager\.yml:7: a template includes itself"):
        read_config(path)


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("a.tmpl", "/etc/alertmanager/templates/*.tmpl"),
        ("templates/a.tmpl", "/etc/alertmanager/templates/*.tmpl"),
        ("a.tmpl", "../templates/a.tmpl"),
        ("a.tmpl", "*.tmpl"),
    ],
)
def test_template_files_may_lie_elsewhere(
    place: Callable[[str], Path], tmp_path: Path, file: str, pattern: str
) -> None:
    """As much of the end of the pattern as there is counts, before what the config says itself."""
    path = place(f"templates:\n- '{pattern}'\n" + CONFIG)
    place_files(tmp_path / "mine", {file: "mine", "b.txt": "no"})
    place_files(tmp_path, {"a.tmpl": "beside the config"})
    config = read_config(path, tmp_path / "mine")
    assert (dict(config.templates), config.notes) == ({"000-a.tmpl": "mine"}, ())


def test_what_does_not_lie_elsewhere_is_where_the_config_says(
    place: Callable[[str], Path], tmp_path: Path
) -> None:
    """A folder may have some of the files only."""
    path = place("templates:\n- t/b.tmpl\n" + CONFIG)
    place_files(tmp_path, {"t/b.tmpl": "B", "mine/a.tmpl": "A"})
    assert list(read_config(path, tmp_path / "mine").templates.values()) == ["B"]


def test_neither_many_nor_large_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern for the whole disk ends early."""
    place_files(tmp_path, {f"{number}.tmpl": "x" * 20 for number in range(5)})
    monkeypatch.setattr(templates, "MAX_FILES", 4)
    with pytest.raises(BadInput, match="more than 4 template files"):
        read_templates(tmp_path, [("a.yml:1", "*.tmpl")])[0]
    monkeypatch.setattr(templates, "MAX_FILES", 5)
    monkeypatch.setattr(templates, "MAX_BYTES", 19)
    with pytest.raises(BadInput, match="larger than 19 bytes"):
        read_templates(tmp_path, [("a.yml:1", "*.tmpl")])[0]
    (tmp_path / "0.tmpl").write_bytes(b"\xff")
    with pytest.raises(BadInput, match=r"0\.tmpl: the template file cannot be read: it is not UTF-8"):
        read_templates(tmp_path, [("a.yml:1", "0.tmpl")])[0]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (
            {"a.tmpl": '{{ define "a" }}\n{{ template "b" . }}{{ end }}'},
            "a.tmpl:2: the template 'b' is defined",
        ),
        ({"a.tmpl": '{{ template "b" }}'}, "a.tmpl:1: the template 'b' is defined nowhere"),
        ({"a.tmpl": "{{- template `b` . -}}"}, "a.tmpl:1: the template 'b' is defined nowhere"),
        (
            {"a.tmpl": '\n{{ define "a" }}{{ template "a" . }}{{ end }}'},
            "a.tmpl:2: a template includes itself: 'a' includes 'a'",
        ),
        (
            {
                "a.tmpl": '{{ define "a" }}{{ if .X }}{{ template "b" . }}{{ else }}{{ end }}{{ end }}',
                "b.tmpl": '{{define "b"}}{{range .X}}{{template "c" .}}{{end}}{{end}}',
                "c.tmpl": '{{- define "c" -}}\n\n{{ with .X }}{{ template "a" . }}{{ end }}{{- end -}}',
            },
            "c.tmpl:3: a template includes itself: 'a' includes 'b' includes 'c' includes 'a'",
        ),
        (
            {"a.tmpl": '{{ define "__subject" }}{{ template "slack.default.title" . }}{{ end }}'},
            "a template includes itself: '__subject' includes 'slack.default.title' includes '__subject'",
        ),
        (
            {"a.tmpl": '{{block "a" .}}{{template "b" .}}{{end}}{{define "b"}}{{template "a"}}{{end}}'},
            "a template includes itself: 'a' includes 'b' includes 'a'",
        ),
        ({"a.tmpl": '\n{{ define "a'}, "a.tmpl:2: a template's action is not closed"),
        ({"a.tmpl": "{{ `a"}, "a.tmpl:1: a template's action is not closed"),
    ],
)
def test_templates_that_cannot_be_rendered_are_named_with_their_line(
    tmp_path: Path, files: dict[str, str], why: str
) -> None:
    """Includes of what is defined nowhere, and circles, in one file or across several."""
    place_files(tmp_path, files)
    with pytest.raises(BadInput) as caught:
        check_templates(read_templates(tmp_path, [("a.yml:1", "*.tmpl")])[0], {}, {}, "a.yml")
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '{{ define "a" }}{{ template "slack.default.title" . }}{{ end }}',
        '{{ define "a" }}{{ end }}{{ define "b" }}{{ template "a" . }}{{ template "a" . }}{{ end }}',
        '{{/* {{ template "b" . }} */}}',
        '{{- /* template "b" */ -}}',
        '{{ "{{ template \\"b\\" }}" }}{{ `}} {{ template "b" }}` }}{{ \'}\' }}',
        '{{ printf "template \\"b\\"" }}',
        '{{ define "a\\"b" }}{{ end }}{{ template `a"b` . }}',
        '{{ define "a" }}{{ end }}{{ template "a" . }}',
        '{{ block "a" . }}{{ end }}{{ template "a" . }}',
        "{ { } }} {{ .X }}",
    ],
)
def test_templates_that_can_be_rendered_are_taken(tmp_path: Path, text: str) -> None:
    """Comments and quoted texts include nothing; what is defined anywhere may be included."""
    place_files(tmp_path, {"a.tmpl": text})
    check_templates(read_templates(tmp_path, [("a.yml:1", "a.tmpl")])[0], {}, {}, "a.yml")


@pytest.mark.parametrize(("body", "is_circle"), [("x", False), ("{{ .X }}", False), (" {{/* */}} ", True)])
def test_the_last_definition_that_is_not_empty_counts(tmp_path: Path, body: str, is_circle: bool) -> None:
    """Another definition in a later file ends a circle, an empty one is passed over, as Go does."""
    circle = '{{ define "a" }}{{ template "b" . }}{{ end }}{{ define "b" }}{{ template "a" . }}{{ end }}'
    place_files(tmp_path, {"a.tmpl": circle, "b.tmpl": f'{{{{ define "b" }}}}{body}{{{{ end }}}}'})
    files = read_templates(tmp_path, [("a.yml:1", "*.tmpl")])[0]
    if is_circle:
        with pytest.raises(BadInput, match="includes itself"):
            check_templates(files, {}, {}, "a.yml")
    else:
        check_templates(files, {}, {}, "a.yml")


def test_long_chains_are_followed_to_their_end(tmp_path: Path) -> None:
    """Thousands of templates that each include the next are a circle if the last includes the first."""
    links = [f'{{{{define "t{n}"}}}}{{{{template "t{n + 1}"}}}}{{{{end}}}}' for n in range(5000)]
    for end, is_circle in (("{{.}}", False), ('{{template "t0"}}', True)):
        text = "".join(links) + f'{{{{define "t5000"}}}}{end}{{{{end}}}}'
        place_files(tmp_path, {"a.tmpl": text})
        files = read_templates(tmp_path, [("a.yml:1", "a.tmpl")])[0]
        if is_circle:
            with pytest.raises(BadInput, match=r"'t0' includes 't1' .* and so on"):
                check_templates(files, {}, {}, "a.yml")
        else:
            check_templates(files, {}, {}, "a.yml")


def test_what_receivers_say_is_held_to_the_same(place: Callable[[str], Path]) -> None:
    """A field of a receiver may define templates for itself, and include those of the files."""
    path = place(
        "templates: [a.tmpl]\n" + CONFIG + '    title: \'{{ define "c" }}{{ end }}{{ template "c" . }}\'\n'
    )
    place_files(path.parent, {"a.tmpl": '{{ define "a" }}{{ end }}'})
    read_config(path)
    for said, why in [
        ('{{ template "b" . }}', "the template 'b' is defined nowhere"),
        ('{{ define "b" }}{{ template "b" . }}{{ end }}', "a template includes itself: 'b' includes 'b'"),
        ("{{ if", "a template's action is not closed"),
    ]:
        place("templates: [a.tmpl]\n" + CONFIG + f"    fields:\n    - value: '{said}'\n")
        with pytest.raises(BadInput) as caught:
            read_config(path)
        assert str(caught.value) == f"{path}:8: {why}"


def test_templates_go_along_under_names_that_keep_their_order(
    place: Callable[[str], Path], target: Target
) -> None:
    """Two files of one name in different folders are both written, and read in the config's order."""
    path = place(CONFIG + "templates: ['z/*', 'a/*']\n")
    place_files(path.parent, {"a/t.tmpl": "A", "z/t.tmpl": "Z"})
    config = read_config(path)
    assert dict(config.templates) == {"000-t.tmpl": "Z", "001-t.tmpl": "A"}
    written = write_config(config, target=target, speed=60)
    first, second = (written.index(f"{target.templates_folder}/{name}") for name in config.templates)
    assert first < second


def test_the_default_templates_are_those_of_both_generations() -> None:
    """The list names every template that either brings along, and what it includes, and no other."""
    found: dict[str, set[str]] = {}
    for generation in Generation:
        for path in list_default_files(find_engines(os.environ, generation=generation)):
            scanned = scan(path.read_text(), path.name, 1)
            for name in scanned.bodies:
                included = {item.name for item in scanned.inclusions if item.inside == name}
                found.setdefault(name, set()).update(included)
    if not found:
        pytest.skip("these Alertmanagers have their default templates inside")
    assert {name: set(includes) for name, includes in DEFAULT_TEMPLATES.items()} == found


def list_default_files(engines: Engines) -> list[Path]:
    """Return the files that Debian's Alertmanager reads its default templates from."""
    folder = engines.alertmanager.parent / "files"
    return [path for path in (folder / "default.tmpl", folder / "email.tmpl") if path.exists()]
