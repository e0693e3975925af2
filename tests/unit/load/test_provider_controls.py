"""What the control APIs are told."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from alertdrill.load.errors import BadPlan
from alertdrill.load.plan import BehaviourChange
from alertdrill.load.provider_controls import Controls

ENVIRON = {"CUSTOMER_KEY": "sk-customer"}


@pytest.fixture
def told() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Yield the address of a control API, and what it was told: method with path, and body."""
    said: list[tuple[str, bytes]] = []

    class Control(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said.append((self.path, body))
            self.send_response(404 if b"null" in body else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Control) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", said
        server.shutdown()
        thread.join()


def change_key(**behaviour: object) -> BehaviourChange:
    """Return a change of the calls with a key."""
    return BehaviourChange(at_s=0, provider="p", model=None, behaviour=behaviour, key_env="CUSTOMER_KEY")


def test_a_change_of_a_key_is_told_with_the_key(told: tuple[str, list[tuple[str, bytes]]]) -> None:
    """The plan has the name of its variable only; an empty behaviour takes it back, if there was one."""
    url, said = told
    controls = Controls({"p": url}, token="t", environ=ENVIRON)
    controls.change(change_key(lookups=True))
    controls.change(change_key())
    assert said == [
        ("/control/keys", b'{"key": "sk-customer", "behaviour": {"lookups": true}}'),
        ("/control/keys", b'{"key": "sk-customer", "behaviour": null}'),
    ]


def test_a_key_that_is_not_there_is_a_bad_plan() -> None:
    """Before anything is sent."""
    controls = Controls({"p": "http://127.0.0.1:9"}, token="t", environ={})
    with pytest.raises(BadPlan, match=r"^Set CUSTOMER_KEY to the key that the provider p is told of$"):
        controls.check([change_key()])
    Controls({}, token="t", environ=ENVIRON).check([change_key()])
