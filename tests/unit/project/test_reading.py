"""What a project file states, and what is said about one that states something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.project_files import PROJECT, write_project

from alertdrill.errors import BadInput
from alertdrill.project.placeholders import fill_in
from alertdrill.project.project import Project, Scrape, Secret, StubProvider, Target, Timer
from alertdrill.project.reading import read_project

MINIMAL = '[target]\nurl = "https://gateway.example"\n[[scrape]]\njob = "g"\n'


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(text: str) -> Project:
    """Return the project of a text in the current folder, where all that PROJECT names is there."""
    return read_project(write_project(Path(), text))


def complain(text: str) -> str:
    """Return what is said of a project file."""
    with pytest.raises(BadInput) as caught:
        read(text)
    return str(caught.value)


def test_every_field_is_read(tmp_path: Path) -> None:
    """As the file states it, with paths relative to the file."""
    assert read(PROJECT) == Project(
        path=tmp_path / "alertdrill.toml",
        name="litellm",
        target=Target(
            url="http://127.0.0.1:4000",
            ready="/health/readiness",
            key=Secret(env="MASTER_KEY"),
            headers={"x-team": Secret(file=tmp_path / "team.txt"), "x-plain": "text"},
            ca=tmp_path / "ca.pem",
            command=("litellm", "--port", "4000"),
            env={"API_BASE": "{provider.openai.url}/v1"},
        ),
        scrapes=(
            Scrape(
                job="litellm",
                path="/metrics/",
                interval_s=30,
                key=Secret(env="MASTER_KEY"),
                targets=("127.0.0.1:4000",),
                relabel=({"source_labels": ["a"], "target_label": "b", "replacement": ""},),
            ),
        ),
        providers=(
            StubProvider(
                name="openai",
                dialect="openai",
                port=9101,
                behaviour={
                    "latency": {"kind": "constant", "s": 0.2},
                    "errors": {"class": "timeout", "every": 3},
                },
            ),
        ),
        rules=(tmp_path / "rules.yml",),
        alertmanager=tmp_path / "alertmanager.yml",
        drills=(tmp_path / "drills",),
        out=tmp_path / "reports",
        speed=12,
        timers=(
            Timer(name="cooldown", lasts_s=30, alerts=("DeploymentDown",), drills=("one-deployment-down",)),
        ),
    )


def test_the_port_of_a_provider_knows_its_line() -> None:
    """Where it is taken, that line is what has to be changed."""
    (provider,) = read(PROJECT).providers
    line = next(number for number, one in enumerate(PROJECT.splitlines(), 1) if one.startswith("port = 9101"))
    assert provider.source.endswith(f"alertdrill.toml:{line}")


def test_what_is_not_stated_has_a_default(tmp_path: Path) -> None:
    """Two statements are enough for a gateway that runs."""
    project = read(MINIMAL)
    assert project == Project(
        path=tmp_path / "alertdrill.toml",
        target=Target(url="https://gateway.example"),
        scrapes=(Scrape(job="g", targets=("gateway.example:443",)),),
        out=tmp_path / "alertdrill-out",
    )
    assert project.folder == tmp_path


def test_a_project_without_a_target_is_one() -> None:
    """Its drills are judged on recordings."""
    assert read('rules = ["rules.yml"]\n').target is None


def test_a_mark_at_the_beginning_is_passed_over() -> None:
    """Some editors write one."""
    assert read(f"\ufeff{MINIMAL}") == read(MINIMAL)


def test_an_address_in_brackets_stays_in_them() -> None:
    """As Prometheus wants it."""
    assert read(MINIMAL.replace("https://gateway.example", "http://[::1]:4000")).scrapes[0].targets == (
        "[::1]:4000",
    )


def test_a_pyproject_has_its_project_in_a_table(tmp_path: Path) -> None:
    """With the same fields, and its own lines in messages."""
    path = write_project(
        tmp_path, '[project]\nname = "x"\n[tool.alertdrill]\nname = "own"\n', "pyproject.toml"
    )
    assert read_project(path).name == "own"
    path.write_text('[tool.other]\n\n[tool.alertdrill]\nnam = "own"\n')
    with pytest.raises(BadInput) as caught:
        read_project(path)
    assert str(caught.value) == (
        "pyproject.toml:4: [tool.alertdrill] has a field 'nam', which is unknown; do you mean 'name'?"
    )
    path.write_text("[tool.other]\n")
    with pytest.raises(BadInput, match=r"pyproject.toml:1: the file has no table \[tool.alertdrill\]"):
        read_project(path)


MISTAKES = [
    ("speed = 12", "sped = 12", "6: the project has a field 'sped', which is unknown; do you mean 'speed'?"),
    ("speed = 12", 'speed = "12"', "6: speed of the project is '12', not a number"),
    ("speed = 12", "speed = 0.5", "6: speed of the project is 0.5, not a number from 1 to 300"),
    ("speed = 12", "speed = 500", "6: speed of the project is 500, not a number from 1 to 300"),
    ("speed = 12", "speed = 7", "6: speed of the project: 15 s divided by the speed 7 is not a whole number"),
    ("speed = 12", "speed = nan", "6: speed of the project is nan, not a number"),
    ('name = "litellm"', "name = 5", "1: name of the project is 5, not a text"),
    ('name = "litellm"', 'name = "Lite LLM"', "1: name of the project is 'Lite LLM', which is no name"),
    ('["rules.yml"]', '"rules.yml"', "2: rules is no list"),
    ('["rules.yml"]', "[1]", "2: rules of the project is no list of texts"),
    (
        '["rules.yml"]',
        '["rules.yml",\n"rule.yml"]',
        "3: rules of the project names 'rule.yml', and rule.yml is not there; do you mean 'rules.yml'?",
    ),
    ('["rules.yml"]', '["rules.yml", "./rules.yml"]', "2: rules of the project names './rules.yml' twice"),
    ('["rules.yml"]', '["a\\u0000b"]', "2: rules of the project has a line break or another control"),
    (
        "[target]\n",
        "[targte]\n",
        "8: the project has a field 'targte', which is unknown; do you mean 'target'?",
    ),
    ("[target]\n", "[[target]]\n", "8: [target] is no table"),
    ("[[scrape]]", "[scrape]", "18: scrape of the project is a table, and has to be a list: [[scrape]]"),
    ('url = "http://127.0.0.1:4000/"\n', "", "8: [target] has no url"),
    ('url = "http', 'url = "ftp', "9: url of [target] wants http://HOST[:PORT][/PATH] or https://…"),
    ('"/health/readiness"', '"ready"', "10: ready of [target] is 'ready', not a path such as /"),
    (
        "x-plain = ",
        'AUTHORIZATION = {env = "A"}, x = ',
        "8: [target] has both a key and a header Authorization",
    ),
    ('ca = "ca.pem"', 'ca = "cert.pem"', "13: ca of [target] names 'cert.pem', and cert.pem is not there"),
    ('command = ["litellm", "--port", "4000"]\n', "", "8: [target] has env, which is for its command"),
    ('"--port", "4000"', '"--port", 4000', "14: command of [target] is no list of texts"),
    (
        '"4000"]',
        '"{provider.opnai.url}"]',
        "14: command of [target] has {provider.opnai.url}, and no [[provider]] has that name; "
        "do you mean '{provider.openai.url}'?",
    ),
    (
        "{provider.openai.url}",
        "{provider.opnai.url}",
        "16: API_BASE of env of [target] has {provider.opnai.url}, and no [[provider]] has that name; "
        "do you mean '{provider.openai.url}'?",
    ),
    (
        'interval = "30s"',
        'interval = "30 s"',
        "21: interval of [[scrape]] 'litellm' is '30 s', not a duration",
    ),
    (
        'interval = "30s"',
        "interval = 30",
        "21: interval of [[scrape]] 'litellm' is 30, not a duration such as",
    ),
    (
        'interval = "30s"',
        'interval = "10s"',
        "21: interval of [[scrape]] 'litellm': 10 s divided by the speed 12 is not a whole number of milli",
    ),
    ('interval = "30s"', 'interval = "0s"', "21: interval of [[scrape]] 'litellm' is 0 s, not more than 0"),
    (
        'path = "/metrics/"',
        'targets = ["http://x:1"]',
        "20: targets of [[scrape]] 'litellm' has 'http://x:1', not HOST:PORT such as '127.0.0.1:4000'",
    ),
    ('path = "/metrics/"', 'targets = ["x:70000"]', "20: targets of [[scrape]] 'litellm' has 'x:70000', not"),
    ('source_labels = ["a"]', 'source_label = ["a"]', "23: relabel of [[scrape]] 'litellm' has a field"),
    (
        '"b", replacement',
        '"b", action = "remove", replacement',
        "23: action of relabel of [[scrape]] 'litellm'",
    ),
    (
        'dialect = "openai"',
        'dialect = "opanai"',
        "27: dialect of [[provider]] 'openai' is 'opanai', not one of openai, anthropic, gemini, ollama, "
        "openrouter, vllm; do you mean 'openai'?",
    ),
    ("port = 9101", "port = 70000", "28: port of [[provider]] 'openai' is 70000, and ports end at 65535"),
    ("port = 9101", "port = 0", "28: port of [[provider]] 'openai' is 0, not a whole number from 1 up"),
    ('kind = "constant"', 'kind = "constat"', "29: kind of latency of behaviour of [[provider]] 'openai' is"),
    (
        "every = 3",
        "often = 3",
        "29: errors of behaviour of [[provider]] 'openai' has a field 'often', which is unknown",
    ),
    ('lasts = "30s"', "", "31: [[timer]] 'cooldown' has no lasts"),
    (
        'lasts = "30s"',
        'lasts = "soon"',
        "33: lasts of [[timer]] 'cooldown' is 'soon', not a duration such as",
    ),
    ('[[timer]]\nname = "cooldown"', '[[timer]]\nname = ""', "32: name of [[timer]] is '', not a text"),
    ("[[timer]]\n", '[[timer]]\nname = "cooldown"\nlasts = "1s"\n[[timer]]\n', "34: there are two [[timer]]"),
    ("[[timer]]\n", '[[provider]]\nname = "openai"\n[[timer]]\n', "31: there are two [[provider]] named"),
    ("[[timer]]\n", '[[scrape]]\njob = "litellm"\n[[timer]]\n', "31: there are two [[scrape]] of the job"),
    ("speed = 12", "speed = 12\nspeed = 13", "7: the file is not TOML: a key is stated twice"),
    ("[[timer]]", "[target]\n[[timer]]", "31: the file is not TOML: a table is stated twice"),
]


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_a_mistake_is_said_with_its_line(old: str, new: str, message: str) -> None:
    """What is wrong, of which table, and the nearest name that is known."""
    assert PROJECT.count(old) >= 1
    assert complain(PROJECT.replace(old, new, 1)).startswith(f"alertdrill.toml:{message}")


def test_a_folder_of_nobody_is_not_there() -> None:
    """`~` is the user's own; of a user that there is not, it is a name like any other."""
    said = complain(PROJECT.replace('"rules.yml"', '"~nobody-of-that-name/rules.yml"'))
    assert said.startswith(
        "alertdrill.toml:2: rules of the project names '~nobody-of-that-name/rules.yml', and"
    )


def test_a_scrape_without_any_address_is_refused() -> None:
    """There is no target whose address it could be."""
    assert complain('[[scrape]]\njob = "g"\n').startswith("alertdrill.toml:1: [[scrape]] 'g' has no targets")


def test_lists_are_bounded() -> None:
    """A file cannot ask for thousands of parts."""
    tables = "".join(f'[[provider]]\nname = "p{number}"\ndialect = "openai"\n' for number in range(101))
    assert complain(tables) == "alertdrill.toml:301: provider of the project has more than 100 items"


SECRET = "sk-topsecret"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('key = {env = "MASTER_KEY"}', f'key = "{SECRET}"'),
        ('key = {env = "MASTER_KEY"}', f'key = ["{SECRET}"]'),
        ('key = {env = "MASTER_KEY"}', f'key = {{env = "{SECRET}"}}'),
        ('key = {env = "MASTER_KEY"}', f'key = {{env = "A", value = "{SECRET}"}}'),
        ('key = {env = "MASTER_KEY"}', f'key = {{env = "A", file = "{SECRET}"}}'),
        ('x-plain = "text"', f'Authorization = "Bearer {SECRET}"'),
        ('x-plain = "text"', f'x-api-key = "{SECRET}"'),
        ('x-plain = "text"', f'x-plain = "{SECRET}\\n"'),
        ('x-plain = "text"', f'"x plain" = "{SECRET}"'),
        ('x-plain = "text"', f'X-Team = "{SECRET}"'),
        ('url = "http://', f'url = "http://user:{SECRET}@'),
        ('url = "http://127', f'url = "{SECRET} http://127'),
        ('"{provider.openai.url}/v1"', f'["{SECRET}"]'),
        ('"{provider.openai.url}/v1"', f'"{SECRET} {{provider.other.url}}"'),
        ("API_BASE", f'KEY = "{SECRET}"\n"API BASE"'),
    ],
)
def test_a_secret_stands_in_no_message(old: str, new: str) -> None:
    """A literal one is refused, with the line and without the value."""
    said = complain(PROJECT.replace(old, new, 1))
    assert SECRET not in said
    assert said.startswith("alertdrill.toml:")


def test_a_secret_that_stands_there_is_said_how_to_keep() -> None:
    """In the environment, or in a file."""
    assert complain(MINIMAL.replace("[[", f'key = "{SECRET}"\n[[')) == (
        "alertdrill.toml:3: key of [target] is a secret, which does not stand here: "
        'write {env = "NAME"} or {file = "PATH"}'
    )
    assert complain(MINIMAL.replace("[[", 'key = {evn = "A"}\n[[')) == (
        "alertdrill.toml:3: key of [target] has a field 'evn', which is unknown; do you mean 'env'?"
    )


def test_values_of_headers_and_of_the_environment_are_not_shown() -> None:
    """Nor is a project when it is printed."""
    assert "x-plain" not in repr(read(PROJECT))
    assert "API_BASE" not in repr(read(PROJECT))


@pytest.mark.parametrize("reach", ["missing", "folder", "large", "latin-1", "pipe"])
def test_a_file_that_cannot_be_read_is_said(
    tmp_path: Path, reach: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is, it comes to an end."""
    monkeypatch.setattr("alertdrill.runtime.reading.SILENT_WITHIN_S", 0.1)
    path, writer = tmp_path / "alertdrill.toml", None
    said = " the file cannot be read: "
    match reach:
        case "folder":
            path.mkdir()
        case "large":
            with path.open("wb") as stream:
                stream.truncate(100 * 1024 * 1024)
            said = " the file is larger than 262144 bytes"
        case "latin-1":
            path.write_bytes(b"name = 'x'\n# gr\xfc\n")
            said = "2: the file is not UTF-8"
        case "pipe":
            os.mkfifo(path)
            writer = os.open(path, os.O_RDWR)
    with pytest.raises(BadInput) as caught:
        read_project(path)
    if writer is not None:
        os.close(writer)
    assert str(caught.value).startswith(f"alertdrill.toml:{said}")


def test_placeholders_are_filled_in() -> None:
    """And other braces stay."""
    text = '{provider.a.url}/v1 {"b": 1} {provider.a.url}'
    assert fill_in(text, {"a": "http://x:1"}) == 'http://x:1/v1 {"b": 1} http://x:1'


def test_a_provider_behaves_otherwise_for_models_and_keys() -> None:
    """In the words of people, or those of its control API; a drill's healthy model is the project's."""
    told = """[[provider]]
name = "openai"
dialect = "openai"
behaviour = {latency = "100ms", limits = {requests = 60, per = "1m"}}
[provider.models]
"gpt-4.1" = {latency = {p50 = "1s", p99 = "9s"}}
[[provider.keys]]
key = {env = "CUSTOMER_KEY"}
behaviour = {errors = {class = "rate_limit", share = "10%"}}
"""
    project = read(f"{MINIMAL}{told}")
    (provider,) = project.providers
    of_all = {"latency": {"kind": "constant", "s": 0.1}, "limits": {"requests": 60, "per_s": 60}}
    of_model = {"latency": {"kind": "percentiles", "at": {"50": 1, "99": 9}}}
    of_key = {"errors": {"class": "rate_limit", "share": 0.1}}
    assert (provider.behaviour, provider.models) == (of_all, {"gpt-4.1": of_model})
    assert provider.keys == ((Secret(env="CUSTOMER_KEY"), of_key),)
    assert provider.behaviours == (of_all, of_model, of_key)
    assert project.behaviours == {"openai": of_all, "openai:gpt-4.1": of_model}


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ('models = {"*" = {}}', "models of [[provider]] 'openai' has '*', which is no name of a model"),
        ('models = {m = {latencies = "1s"}}', "m of models of [[provider]] 'openai' has a field 'latencies'"),
        (
            'models = {m = {latency = "1"}}',
            "latency of m of models of [[provider]] 'openai' is '1', not a duration",
        ),
        ("keys = [{behaviour = {}}]", "keys of [[provider]] 'openai' has no key"),
        ('keys = [{key = "sk-1", behaviour = {}}]', "key of keys of [[provider]] 'openai'"),
        ('keys = [{key = {env = "A"}}]', "keys of [[provider]] 'openai' has no behaviour"),
        (
            'behaviour = {mood = "bad"}',
            "behaviour of [[provider]] 'openai' has a field 'mood', which is unknown",
        ),
    ],
)
def test_a_behaviour_that_is_none_is_said_with_its_line(stated: str, said: str) -> None:
    """Of whatever it is."""
    told = f'{MINIMAL}[[provider]]\nname = "openai"\ndialect = "openai"\n{stated}\n'
    message = complain(told)
    assert message.startswith("alertdrill.toml:8: ")
    assert said in message
    assert "sk-1" not in message
