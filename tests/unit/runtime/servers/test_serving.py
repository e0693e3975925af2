"""How pager and guard begin, and how the pager's mail ends."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.running_pager import run_pager
from support.served import WAIT_S, read_to_the_end

from alertdrill.errors import BadInput
from alertdrill.pager.certificates import make_certificate
from alertdrill.runtime.http_server import Limits
from alertdrill.runtime.serving import naming_address

ROOT = Path(__file__).parents[4]
FREE = "127.0.0.1:0"


@pytest.mark.parametrize("taken", ["--listen", "--deliveries", "--smtp", "guard"])
def test_an_address_that_cannot_be_had_is_said_in_a_sentence(tmp_path: Path, taken: str) -> None:
    """Exit code 2, and no traceback: it is the user's to choose another."""
    (tmp_path / "server.pem").write_bytes(make_certificate(["127.0.0.1"])[1])
    with socket.create_server(("127.0.0.1", 0)) as holder:
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        if taken == "guard":
            arguments = [
                "alertdrill.stacks.guard",
                "--listen",
                address,
                "--socket",
                str(tmp_path / "engine.sock"),
            ]
        else:
            arguments = ["alertdrill.pager", "--certificate", str(tmp_path / "server.pem")]
            for option in ("--listen", "--deliveries", "--smtp"):
                arguments += [option, address if option == taken else FREE]
        secrets = {"ALERTDRILL_PAGER_TOKEN": "sesame", "COMPOSE_PROJECT_NAME": "drills"}
        ended = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=os.environ | secrets,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr == f"cannot listen on {address}: Address already in use\n"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (PermissionError(errno.EACCES, "error while attempting to bind on address: …"), "Permission denied"),
        (OSError(errno.EADDRNOTAVAIL, "…"), "Cannot assign requested address"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
    ],
    ids=["privileged", "not ours", "unknown"],
)
def test_why_an_address_cannot_be_had_is_what_the_system_says(error: OSError, why: str) -> None:
    """Whether it is privileged, another machine's, or has a name that nobody knows."""
    with pytest.raises(BadInput) as caught, naming_address("pager.example", 80):
        raise error
    assert str(caught.value) == f"cannot listen on pager.example:80: {why}"


async def test_a_mail_that_does_not_go_on_is_not_waited_for(tmp_path: Path) -> None:
    """Whether nothing was said, or a command was begun."""
    async with run_pager(tmp_path, limits=Limits(idle_s=WAIT_S)) as pager:
        for said in (b"", b"EHLO", b"EHLO x\r\nMAIL FR"):
            reader, writer = await asyncio.open_connection("127.0.0.1", pager.smtp_port)
            writer.write(said)
            await read_to_the_end(reader)
            writer.close()
