"""Tests of what a user says about a store: the forms that are taken, and one sentence for the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from alertdrill.cli.options.store import make_store
from alertdrill.errors import BadInput

URL = "https://mimir.example/prometheus"


def make(
    *headers: str, url: str | None = URL, tenant: str | None = None, remote_write: str | None = None
) -> tuple[object, object]:
    """Make a store from options."""
    return make_store(url, headers, tenant, remote_write)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("http://127.0.0.1:8428", "http://127.0.0.1:8428"),
        ("http://[::1]:8428/", "http://[::1]:8428"),
        ("https://mimir.example/prometheus/", "https://mimir.example/prometheus"),
        ("https://vm.example/select/0:1/prometheus", "https://vm.example/select/0:1/prometheus"),
    ],
)
def test_the_base_path_is_kept(url: str, read: str) -> None:
    """Stores have their API below a path, VictoriaMetrics's cluster the tenant in it."""
    store, target = make_store(url, (), None, None)
    assert store is not None
    assert store.url == read
    assert target is None


def test_without_a_store_there_is_none() -> None:
    """The stack's own Prometheus is read."""
    assert make_store(None, (), None, None) == (None, None)


def test_the_tenant_and_the_headers_go_to_both_and_are_not_shown(tmp_path: Path) -> None:
    """Reading and writing want the same; the values are in no `repr`."""
    secret = tmp_path / "token"
    secret.write_text("Bearer s3cret\n")
    headers = ("X-Team=a=b", f"Authorization=@{secret}")
    store, target = make_store(URL, headers, "acme", "http://127.0.0.1:9/api/v1/push")
    assert store is not None
    assert target is not None
    assert store.headers == target.headers
    assert store.headers == {"X-Scope-OrgID": "acme", "X-Team": "a=b", "Authorization": "Bearer s3cret"}
    assert target.url == "http://127.0.0.1:9/api/v1/push"
    assert "s3cret" not in repr((store, target))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mimir.example",
        "ftp://mimir.example",
        "http://",
        "http://host:port",
        "http://host:0",
        "http://ho st",
        "http://host\n",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """Only http and https, with a host."""
    with pytest.raises(BadInput, match=r"^--prometheus wants http://HOST"):
        make(url=url)
    with pytest.raises(BadInput, match=r"^--remote-write wants http://HOST"):
        make(remote_write=f"{url}\x00")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://ops:hunter2@mimir.example", "credentials stand in a file"),
        ("https://mimir.example/?a=hunter2", "without [?] and #"),
        ("https://mimir.example/#hunter2", "without [?] and #"),
    ],
)
def test_an_address_holds_no_secret(url: str, says: str) -> None:
    """Addresses are printed, so what may be a secret is refused, and not repeated."""
    with pytest.raises(BadInput, match=says) as caught:
        make(url=url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        (("X-Key",), "wants NAME=VALUE or NAME=@FILE"),
        (("=hunter2",), "wants NAME=VALUE or NAME=@FILE"),
        (("X Key=hunter2",), "wants NAME=VALUE or NAME=@FILE"),
        (("X-Key=",), "X-Key: its value must be one line"),
        (("X-Key=hunter2\r\nX-Other: 1",), "X-Key: its value must be one line"),
        (("X-Key=" + "x" * 8193,), "8192 bytes at most"),
        (("X-Key=@absent",), "X-Key: absent: No such file"),
        (("X-Key=@{two}",), "X-Key: what .*two has must be one line"),
        (("X-Key=@{empty}",), "X-Key: .*empty is empty, and should have the header's value"),
        (("X-Key=@{long}",), "8192 bytes at most"),
        (("X-Key=1", "x-key=2"), "x-key is given twice"),
        (("X-Scope-OrgID=hunter2",), "X-Scope-OrgID is given twice"),
    ],
)
def test_what_is_no_header_is_refused(tmp_path: Path, headers: Sequence[str], says: str) -> None:
    """One sentence, and no value in it."""
    two, long, empty = tmp_path / "two", tmp_path / "long", tmp_path / "empty"
    empty.write_text("\n")
    two.write_text("hunter2\nhunter2")
    long.write_text("x" * 10_000)
    given = [header.format(two=two, long=long, empty=empty) for header in headers]
    with pytest.raises(BadInput, match=says) as caught:
        make(*given, tenant="acme")
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("tenant", ["", "a\nb", "ä", "x" * 151])
def test_what_is_no_tenant_is_refused(tenant: str) -> None:
    """A tenant is visible ASCII; several, as Mimir has them, are one value."""
    assert make(tenant="a|b")
    with pytest.raises(BadInput, match="--tenant wants"):
        make(tenant=tenant)


@pytest.mark.parametrize(
    "options", [{"headers": ("X-Key=1",)}, {"tenant": "acme"}, {"remote_write": "http://127.0.0.1:9"}]
)
def test_what_is_about_a_store_wants_one(options: dict[str, object]) -> None:
    """Headers for nobody are a mistake."""
    given = {"headers": (), "tenant": None, "remote_write": None, **options}
    with pytest.raises(BadInput, match="says how to use the store that --prometheus names"):
        make_store(None, **given)  # type: ignore[arg-type]


def test_a_secret_that_prometheus_would_show_is_refused(tmp_path: Path) -> None:
    """Prometheus shows its configuration, with every header but Authorization."""
    secret = tmp_path / "key"
    secret.write_text("s3cret")
    assert make(f"X-Key=@{secret}")
    with pytest.raises(BadInput, match="Prometheus shows X-Key to whoever asks"):
        make(f"X-Key=@{secret}", remote_write="http://127.0.0.1:9")


@pytest.mark.parametrize("value", ["s3cret", "Basic s3cret"])
def test_an_authorization_that_prometheus_cannot_send_is_refused(value: str) -> None:
    """It is known before anything is started."""
    with pytest.raises(BadInput, match="header Authorization"):
        make(f"Authorization={value}", remote_write="http://127.0.0.1:9")
