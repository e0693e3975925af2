"""The pager as a process of its own."""

from __future__ import annotations

import os
import signal
import smtplib
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from support.patience import PATIENCE_S
from support.running_pager import DEADLINE_S, TOKEN

from alertdrill.alertmanager.addresses import Address, derive_key
from alertdrill.pager.__main__ import main
from alertdrill.pager.certificates import make_certificate
from alertdrill.runtime.free_ports import find_free_ports

SLACK = Address(receiver="ticket", integration="slack")
MAIL = Address(receiver="ticket", integration="email")


def write_arguments(folder: Path) -> dict[str, str]:
    """Return the options of a pager on free ports, with a certificate."""
    authority, server = make_certificate(["127.0.0.1"])
    (folder / "authority.pem").write_bytes(authority)
    (folder / "server.pem").write_bytes(server)
    control, deliveries, smtp = (f"127.0.0.1:{port}" for port in find_free_ports(3))
    return {
        "--listen": control,
        "--deliveries": deliveries,
        "--smtp": smtp,
        "--certificate": str(folder / "server.pem"),
        "--speed": "60",
    }


def start_pager(options: dict[str, str], token: str | None = TOKEN) -> subprocess.Popen[str]:
    """Start a pager with these options."""
    environ = {name: value for name, value in os.environ.items() if name != "ALERTDRILL_PAGER_TOKEN"}
    if token is not None:
        environ["ALERTDRILL_PAGER_TOKEN"] = token
    words = [word for pair in options.items() for word in pair]
    return subprocess.Popen(
        [sys.executable, "-m", "alertdrill.pager", *words],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def begin_mail(client: smtplib.SMTP) -> None:
    """Log in and name a sender."""
    client.login(MAIL.path, derive_key(TOKEN, MAIL))
    client.mail("alerts@example.org")


def await_health(url: str) -> None:
    """Wait until the pager answers."""
    give_up_at = time.monotonic() + DEADLINE_S
    while True:
        try:
            assert requests.get(f"{url}/healthz", timeout=1).status_code == 200
        except requests.ConnectionError:
            assert time.monotonic() < give_up_at, "the pager does not answer"
            time.sleep(0.02)
        else:
            return


def test_the_process_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    """SIGTERM ends it with 0, also while somebody is kept waiting; its log has none of its secrets."""
    options = write_arguments(tmp_path)
    process = start_pager(options)
    try:
        control = f"http://{options['--listen']}"
        await_health(control)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        inbox = f"https://{options['--deliveries']}/{SLACK.path}"
        trust = str(tmp_path / "authority.pem")
        answer = requests.post(
            inbox, json={"text": "hello"}, headers=headers, verify=trust, timeout=PATIENCE_S
        )
        assert (answer.status_code, answer.text) == (200, "ok")
        requests.put(
            f"{control}/control/receivers/ticket", json={"how": "timeout"}, headers=headers, timeout=5
        )
        with pytest.raises(requests.Timeout):
            requests.post(inbox, json={"text": "hello"}, headers=headers, verify=trust, timeout=0.3)
        journal = requests.get(f"{control}/notices", headers=headers, timeout=PATIENCE_S).json()
        answers = [one["answer"] for one in journal["notices"]]
        assert answers == ["200", "timeout"]
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=DEADLINE_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert TOKEN not in said
    assert derive_key(TOKEN, SLACK) not in said


@pytest.mark.parametrize("how", ["refuse", "tls", "reset"])
def test_a_mail_connection_that_fails_is_gone_at_once(tmp_path: Path, how: str) -> None:
    """In the process as it is started (on uvloop), nobody is left waiting for an answer that never comes."""
    options = write_arguments(tmp_path)
    process = start_pager(options)
    try:
        await_health(f"http://{options['--listen']}")
        requests.put(
            f"http://{options['--listen']}/control/receivers/ticket",
            json={"how": how},
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=5,
        )
        host, _, port = options["--smtp"].partition(":")
        with smtplib.SMTP(host, int(port), timeout=DEADLINE_S) as client:
            client.starttls(context=ssl.create_default_context(cafile=str(tmp_path / "authority.pem")))
            with pytest.raises(smtplib.SMTPServerDisconnected, match="unexpectedly closed") as raised:
                begin_mail(client)
        # How a connection ends is worded by Python's version; a client that has given up waiting says so.
        assert not isinstance(raised.value.__context__, TimeoutError)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("changes", "token", "said"),
    [
        ({}, None, "ALERTDRILL_PAGER_TOKEN must be set"),
        (
            {"--certificate": "/nowhere.pem"},
            TOKEN,
            "/nowhere.pem: no key with its certificate chain can be read",
        ),
        ({"--deliveries": "127.0.0.1"}, TOKEN, "HOST:PORT is wanted, not '127.0.0.1'"),
        ({"--smtp": "127.0.0.1:70000"}, TOKEN, "HOST:PORT is wanted, not '127.0.0.1:70000'"),
        ({"--speed": "0"}, TOKEN, "'--speed'"),
    ],
)
def test_what_cannot_be_used_is_said(
    tmp_path: Path, changes: dict[str, str], token: str | None, said: str
) -> None:
    """The exit code is 2, and the sentence says what is wrong."""
    words = [word for pair in (write_arguments(tmp_path) | changes).items() for word in pair]
    done = CliRunner().invoke(main, words, env={"ALERTDRILL_PAGER_TOKEN": token})
    assert done.exit_code == 2
    assert said in done.output
    assert "Traceback" not in done.output


def test_a_refusal_ends_the_process(tmp_path: Path) -> None:
    """It ends with 2 and a sentence, not with a traceback."""
    process = start_pager(write_arguments(tmp_path), None)
    heard, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 2
    assert "ALERTDRILL_PAGER_TOKEN must be set" in heard
    assert "Traceback" not in heard
