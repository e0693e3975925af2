"""Opens pages in a headless Chromium and tells what they did, over the Chrome DevTools protocol.

https://chromedevtools.github.io/devtools-protocol/; it listens on loopback and has a profile of its own.
One browser shows all pages, for it takes longer to start than a page to load; each has a context of its own,
which shares no cookie, no cache and no store with any other.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from alertdrill.runtime.process import start

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SKIPPED = "Chromium is not installed"
DEADLINE_S = 60.0
LOOK_EVERY_S = 0.05
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)


def demand_chromium(environ: Mapping[str, str]) -> None:
    """Skip a file of tests where there is no Chromium; in CI they fail instead, one by one."""
    if CHROMIUM is None and not environ.get("CI"):
        pytest.skip(SKIPPED, allow_module_level=True)


class BrowserPage:
    """A loaded page: its errors, the addresses it asked for, and what a script in it says."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._socket = socket
        self._session_id: str | None = None
        self._number = 0
        self._loaded = False

    async def open(self, url: str, *, width: int, height: int, dark: bool, script: str) -> None:
        """Load a page in a window of this size, running `script` in it first."""
        context = await self.ask("Target.createBrowserContext", disposeOnDetach=True)
        target = await self.ask(
            "Target.createTarget", url="about:blank", browserContextId=context["browserContextId"]
        )
        attached = await self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session_id = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.ask(f"{domain}.enable")
        await self.resize(width=width, height=height)
        await self.emulate(dark=dark)
        await self.ask("Page.addScriptToEvaluateOnNewDocument", source=script)
        await self.ask("Page.navigate", url=url)
        await self._wait_until_loaded()

    async def reload(self) -> None:
        """Load the page once more: what is asked next, the new one is asked, and not the one that goes."""
        self._loaded = False
        await self.ask("Page.reload")
        await self._wait_until_loaded()

    async def evaluate(self, expression: str) -> Any:
        """Return what an expression, awaited if it is a promise, is in the page."""
        answer = await self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    async def resize(self, *, width: int, height: int) -> None:
        """Give the window another size, in CSS pixels."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def emulate(self, *, dark: bool, media: str = "screen") -> None:
        """Show the page to a reader who prefers dark or light, on screen or in print."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", media=media, features=[scheme])

    async def wait_for(self, condition: str) -> None:
        """Return when an expression is true in a frame of the page."""
        await asyncio.wait_for(
            self.evaluate(
                "new Promise((resolve) => { const look = () => "
                f"({condition}) ? resolve() : requestAnimationFrame(look); look(); }})"
            ),
            DEADLINE_S,
        )

    async def type(self, text: str) -> None:
        """Type a text where the focus is."""
        for character in text:
            await self.press(character)

    async def press(self, key: str) -> None:
        """Press a key by its name: `a`, `/`, `Enter`, `ArrowDown`."""
        code = {"Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, "ArrowLeft": 37, "ArrowRight": 39}
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
        virtual = {"windowsVirtualKeyCode": code[key]} if key in code else {}
        await self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, **text, **virtual)
        await self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, **virtual)

    async def drag(self, x: float, y: float, to_x: float) -> None:
        """Press the pointer at a place of the window, draw it sideways, and let go; a click if it stays."""
        at = {"button": "left", "clickCount": 1, "y": y}
        await self.ask("Input.dispatchMouseEvent", type="mousePressed", x=x, **at)
        if to_x != x:
            await self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=(x + to_x) / 2, y=y, buttons=1)
            await self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=to_x, y=y, buttons=1)
        await self.ask("Input.dispatchMouseEvent", type="mouseReleased", x=to_x, **at)

    async def point(self, x: float, y: float) -> None:
        """Move the pointer to a place of the window."""
        await self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    async def screenshot(self, file: Path) -> None:
        """Write what the window shows as PNG."""
        shot = await self.ask("Page.captureScreenshot", format="png", optimizeForSpeed=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session_id:
            message["sessionId"] = self._session_id
        await self._socket.send_json(message)
        while (answer := await self._receive()).get("id") != number:
            self._note(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return dict(answer["result"])

    async def _wait_until_loaded(self) -> None:
        while not self._loaded:
            self._note(await self._receive())

    async def _receive(self) -> dict[str, Any]:
        return dict(await self._socket.receive_json(timeout=DEADLINE_S))

    def _note(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in {"error", "warning"}:
            self.errors.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"}:
            self.errors.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A running Chromium; `url` is where it is told what to do."""

    url: str

    @asynccontextmanager
    async def show(
        self,
        page: Path | str,
        *,
        width: int = 1200,
        height: int = 900,
        dark: bool = False,
        script: str = "",
    ) -> AsyncIterator[BrowserPage]:
        """Load a file or an address in a context as empty as a new profile, which is closed in the end."""
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self.url, max_msg_size=64 * 1024 * 1024) as socket,
        ):
            shown = BrowserPage(socket)
            address = page.as_uri() if isinstance(page, Path) else page
            await shown.open(address, width=width, height=height, dark=dark, script=script)
            yield shown


@contextmanager
def run_chromium(folder: Path) -> Iterator[Browser]:
    """Start Chromium with an empty profile, and end it when done."""
    assert CHROMIUM is not None, "Chromium is not installed"
    argv = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    process = start("chromium", argv, env=os.environ, log_path=folder / "chromium.log")
    try:
        give_up_at = time.monotonic() + DEADLINE_S
        while not (
            match := re.search(r"DevTools listening on (ws://127\.0\.0\.1:\S+)\s", _read(process.log_path))
        ):
            process.check()
            assert time.monotonic() < give_up_at, "Chromium does not say where it listens"
            time.sleep(LOOK_EVERY_S)
        yield Browser(url=match[1])
    finally:
        process.stop()


def _read(log: Path) -> str:
    return log.read_text(errors="replace")
