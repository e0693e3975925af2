"""E-mail that fails, at the pager as it is served: as a process, on uvloop."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from running_pager import DEADLINE_S, TOKEN
from test_pager_process import await_health, start_pager, write_arguments

from harness.inbox import Address, derive_key
from harness.model import Failing

MAIL = Address(receiver="team", integration="email")


@dataclass(frozen=True)
class Served:
    """A pager's process: where it is told to fail, and how mail is sent to it."""

    control: str
    smtp_port: int
    trust: ssl.SSLContext

    def fail(self, how: Failing) -> None:
        """Let the inbox fail."""
        requests.put(
            f"{self.control}/control/receivers/{MAIL.receiver}",
            json={"how": how},
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=DEADLINE_S,
        ).raise_for_status()

    def send(self) -> None:
        """Send a mail; raises what smtplib does."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=DEADLINE_S) as client:
            client.starttls(context=self.trust)
            client.login(MAIL.path, derive_key(TOKEN, MAIL))
            client.sendmail("from@example.org", ["to@example.org"], "Subject: hello\r\n\r\nhello\r\n")


@pytest.fixture(name="served")
def serve(tmp_path: Path) -> Iterator[Served]:
    """Run a pager's process."""
    options = write_arguments(tmp_path)
    process = start_pager(options)
    try:
        control = f"http://{options['--listen']}"
        await_health(control)
        yield Served(
            control=control,
            smtp_port=int(options["--smtp"].rpartition(":")[2]),
            trust=ssl.create_default_context(cafile=str(tmp_path / "authority.pem")),
        )
    finally:
        process.terminate()
        process.communicate(timeout=DEADLINE_S)


@pytest.mark.parametrize("how", ["refuse", "tls", "reset"])
def test_a_connection_that_is_broken_off_ends_at_once(served: Served, how: Failing) -> None:
    """Whoever mails is not kept waiting, and gets no answer: the connection is gone."""
    served.fail(how)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)) as error:
        served.send()
    assert "timed out" not in str(error.value)
