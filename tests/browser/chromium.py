"""A browser at one's fingertips: headless chromium over the pipe of its DevTools protocol, without any library.

with browsing(folder) as browser:
    browser.open("http://127.0.0.1:9100/ui/")
    browser.value("document.title")
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-dev-shm-usage", "--disable-extensions", "--window-size=1300,1000", "--remote-debugging-pipe",
)  # fmt: skip
_PATIENCE_SECONDS = 60.0
_LAUNCH = """
import fcntl, os, sys
reads, writes = (fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3])
os.dup2(reads, 3)
os.dup2(writes, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
"""The browser reads commands from descriptor 3 and writes to 4: a program between puts the pipes there."""


class Browser:
    """One page of a running browser."""

    def __init__(self, sends: int, hears: int) -> None:
        self._sends, self._hears = sends, hears
        self._number = 0
        self._heard = b""
        self._events: list[dict[str, Any]] = []
        self._session = ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Go to an address and wait until its page is there."""
        self._events.clear()
        self._ask("Page.navigate", url=url)
        self._await_load()

    def submit(self, expression: str) -> None:
        """Do something that leads to another page, and wait until that is there."""
        self._events.clear()
        self.value(expression)
        self._await_load()

    def value(self, expression: str) -> Any:
        """Return the value of an expression of the page."""
        found = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, expression: str, seconds: float = 15.0) -> None:
        """Wait until an expression of the page is true."""
        until = time.monotonic() + seconds
        while not self.value(expression):
            assert time.monotonic() < until, f"never became true: {expression}"
            time.sleep(0.1)

    def press(self, key: str) -> None:
        """Press a key."""
        code = {"Tab": 9, "Enter": 13}.get(key, 0)
        text = {"Tab": "", "Enter": "\r"}.get(key, key)
        down = {"type": "keyDown", "key": key, "text": text, "windowsVirtualKeyCode": code}
        self._ask("Input.dispatchKeyEvent", **down)
        self._ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def prefer(self, scheme: str) -> None:
        """Let the person prefer `light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._ask("Emulation.setEmulatedMedia", features=features)

    def resize(self, width: int, height: int = 900) -> None:
        """Give the window another size, as that of a telephone."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def photograph(self, file: Path) -> None:
        """Write what is shown as a picture."""
        file.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"]))

    def complaints(self) -> list[str]:
        """Return what the browser complains about: broken policies, failed programs, failed requests."""
        found = []
        for event in self._events:
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(event["params"]["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(str(event["params"]["entry"]["text"]))
        return found

    def asked(self) -> set[str]:
        """Return the addresses that the page has asked for."""
        sent = [event for event in self._events if event["method"] == "Network.requestWillBeSent"]
        return {event["params"]["request"]["url"] for event in sent}

    def _await_load(self) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            assert time.monotonic() < until, "the page did not come"
            self._hear(until)

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._sends, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            heard = self._hear(until)
            if heard is not None and heard.get("id") == number:
                assert "error" not in heard, f"{method}: {heard['error']}"
                result: dict[str, Any] = heard["result"]
                return result

    def _hear(self, until: float) -> dict[str, Any] | None:
        """Return the next answer, or None for an event, which is kept."""
        while b"\0" not in self._heard:
            ready, _, _ = select.select([self._hears], [], [], max(0.0, until - time.monotonic()))
            assert ready, "the browser does not answer"
            part = os.read(self._hears, 1 << 20)
            assert part, "the browser is gone"
            self._heard += part
        whole, _, self._heard = self._heard.partition(b"\0")
        message: dict[str, Any] = json.loads(whole)
        if "method" in message:
            self._events.append(message)
            return None
        return message


@contextmanager
def browsing(folder: Path) -> Iterator[Browser]:
    """Run a browser with its profile in a folder until the block ends; skip the test when there is none."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("NOTHING WAS PROVED: chromium is not installed, so no page was opened in a browser")
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    command = [
        sys.executable, "-c", _LAUNCH, str(to_read), str(from_write), program, *_FLAGS,
        f"--user-data-dir={folder}", "about:blank",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, pass_fds=(to_read, from_write), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(to_read)
    os.close(from_write)
    try:
        yield Browser(to_write, from_read)
    finally:
        os.close(to_write)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        if process.poll() is None:
            process.kill()
            process.wait(10)
        os.close(from_read)
