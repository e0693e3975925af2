"""Where metrics are sent: what a user says about it, checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertdrill.cli.options.push import AUTHORIZATION, make_push
from alertdrill.errors import BadInput


@pytest.mark.parametrize(
    ("given", "protocol", "url"),
    [
        ("http://h:9091", "Pushgateway", "http://h:9091/metrics/job/alertdrill"),
        ("https://h/gateway/", "Pushgateway", "https://h/gateway/metrics/job/alertdrill"),
        ("http://h/metrics/job/a/instance/b", "Pushgateway", "http://h/metrics/job/a/instance/b"),
        ("http://h/metrics/job/write", "Pushgateway", "http://h/metrics/job/write"),
        ("http://h/metrics/job@base64/YQ", "Pushgateway", "http://h/metrics/job@base64/YQ"),
        ("http://h:9090/api/v1/write", "remote write", "http://h:9090/api/v1/write"),
        ("https://mimir/api/v1/push", "remote write", "https://mimir/api/v1/push"),
        ("http://thanos/api/v1/receive", "remote write", "http://thanos/api/v1/receive"),
        ("remote-write+http://h/ingest", "remote write", "http://h/ingest"),
        ("pushgateway+http://h/push", "Pushgateway", "http://h/push/metrics/job/alertdrill"),
    ],
)
def test_the_protocol_is_known_by_the_address(given: str, protocol: str, url: str) -> None:
    """By the end of its path, or by a scheme that says it."""
    target = make_push(given, (), {})
    assert target is not None
    assert (target.protocol, target.url, dict(target.headers)) == (protocol, url, {})


def test_nothing_is_sent_unasked() -> None:
    """A header in the environment asks for nothing."""
    assert make_push(None, (), {AUTHORIZATION: "Bearer t"}) is None


@pytest.mark.parametrize("url", [None, "http://h"])
def test_no_part_inherits_the_secret(url: str | None) -> None:
    """It is read once, and is in no environment then; all else is."""
    environ = {AUTHORIZATION: "Bearer t", "PATH": "/bin"}
    make_push(url, (), environ)
    assert environ == {"PATH": "/bin"}


def test_credentials_come_from_files_and_from_the_environment(tmp_path: Path) -> None:
    """A file's line, and a variable for the one that most servers want."""
    (tmp_path / "tenant").write_text("blue\n")
    target = make_push("http://h", (f"X-Scope-OrgID=@{tmp_path / 'tenant'}",), {AUTHORIZATION: "Bearer t"})
    assert target is not None
    assert target.headers == {"X-Scope-OrgID": "blue", "Authorization": "Bearer t"}
    assert "Bearer" not in repr(target)


@pytest.mark.parametrize(
    ("url", "headers", "environ", "said"),
    [
        ("h:9091", (), {}, "--push wants http://HOST"),
        ("ftp://h", (), {}, "--push wants http://HOST"),
        (
            "http://u:sesame@h",
            (),
            {},
            "credentials stand in a file: --push-header Authorization=@FILE",
        ),
        ("http://h?token=sesame", (), {}, "--push wants an address without ? and #"),
        ("http://h", ("Authorization=sesame",), {}, "--push-header wants NAME=@FILE"),
        ("http://h", ("X-Key=@absent",), {}, "absent: No such file"),
        ("http://h", ("sesame",), {}, "--push-header wants NAME=@FILE"),
        ("http://h", (), {AUTHORIZATION: "sesame\nsesame"}, f"{AUTHORIZATION} must be one line"),
        (
            "http://h",
            ("authorization=@key",),
            {AUTHORIZATION: "b"},
            f"is given by {AUTHORIZATION}",
        ),
        (None, ("X-Key=@key",), {}, "--push-header says how to use the server that --push names"),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    url: str | None,
    headers: tuple[str, ...],
    environ: dict[str, str],
    said: str,
) -> None:
    """With a sentence that shows no value."""
    monkeypatch.chdir(tmp_path)
    Path("key").write_text("sesame")
    with pytest.raises(BadInput) as refused:
        make_push(url, headers, environ)
    assert said in str(refused.value)
    assert "sesame" not in str(refused.value)
