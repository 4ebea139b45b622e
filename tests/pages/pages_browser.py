"""A headless Chromium over its debugging pipe: no driver, no dependency.

Chromium reads commands from file descriptor 3 and writes answers to 4, each JSON ending in a zero byte.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


def chromium() -> str | None:
    """The browser's program, if this machine has one."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Tab:
    """One page. `problems` collects console errors, exceptions, refused loads and policy violations,
    `requests` every address that was asked for, `weights` the bytes of each kind of file on the way."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser = browser
        self.session = session
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.weights: dict[str, int] = {}
        self._kinds: dict[str, str] = {}
        self.loads = 0
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the debugging protocol and its answer."""
        return self.browser.call(method, params, self)

    def hear(self, event: str, params: dict[str, Any]) -> None:
        """Take an event in."""
        if event == "Page.loadEventFired":
            self.loads += 1
        elif event == "Runtime.exceptionThrown":
            self.problems.append(str(params["exceptionDetails"].get("exception", params)))
        elif event == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.problems.append(str(params["args"]))
        elif event == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.problems.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif event == "Audits.issueAdded" and "ContentSecurityPolicy" in params["issue"]["code"]:
            self.problems.append(str(params["issue"]))
        elif event == "Page.javascriptDialogOpening":
            self.problems.append(f"dialog: {params['message']}")
        elif event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
            self._kinds[params["requestId"]] = params.get("type", "Other")
        elif event == "Network.loadingFinished":
            kind = self._kinds.get(params["requestId"], "Other")
            self.weights[kind] = self.weights.get(kind, 0) + int(params["encodedDataLength"])
        elif event == "Network.loadingFailed" and not params.get("canceled"):
            self.problems.append(f"load failed: {params['errorText']}")

    def open(self, address: str) -> None:
        """Go to an address and wait until it has loaded."""
        before = self.loads
        self.call("Page.navigate", url=address)
        self.browser.until(lambda: self.loads > before)
        self.run("document.fonts.ready.then(() => true)")

    def back(self) -> None:
        """The browser's Back, to a page that has to be fetched again."""
        before = self.loads
        self.run("history.back()")
        self.browser.until(lambda: self.loads > before)

    def run(self, script: str) -> Any:
        """The value of an expression; a promise is waited for."""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True}
        try:
            answer = self.call("Runtime.evaluate", **asked)
        except AssertionError as error:
            if "navigated" not in str(error):
                raise
            # The page was left while it was asked: the next one is.
            answer = self.call("Runtime.evaluate", **asked)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until an expression is true, checked each frame; fails after ten seconds."""
        done = self.run(
            "new Promise(ok => { const end = Date.now() + 10000; const look = () =>"
            f" ({condition}) ? ok(true) : Date.now() > end ? ok(false) : requestAnimationFrame(look);"
            " look(); })"
        )
        assert done, f"never true: {condition}"

    def press(self, key: str) -> None:
        """One key, as a keyboard sends it."""
        # Keys with a name of their own write nothing.
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def size(self, width: int, height: int, *, dark: bool = False, scale: float = 1) -> None:
        """Set the window and the system's colour scheme."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )
        value = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def picture(self, path: Path) -> None:
        """A screenshot of the window."""
        answer = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))


class Browser:
    """The program and its pipe. Single-threaded: events are taken in while waiting for an answer."""

    def __init__(self, program: str, profile: str) -> None:
        read_theirs, self._write = os.pipe()
        self._read, write_theirs = os.pipe()

        def place() -> None:
            # Out of the way first: the numbers 3 and 4 may be taken by these very pipes.
            mine, theirs = os.dup(read_theirs), os.dup(write_theirs)
            os.dup2(mine, 3)
            os.dup2(theirs, 4)

        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=place,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_theirs)
        os.close(write_theirs)
        self._buffer = b""
        self._number = 0
        self._tabs: dict[str, Tab] = {}

    def tab(self) -> Tab:
        """A new page with a profile of its own."""
        context = self.call("Target.createBrowserContext", {})["browserContextId"]
        target = self.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
        session = self.call("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})[
            "sessionId"
        ]
        tab = Tab.__new__(Tab)
        self._tabs[session] = tab
        tab.__init__(self, session)  # type: ignore[misc]
        return tab

    def call(self, method: str, params: dict[str, Any], tab: Tab | None = None) -> dict[str, Any]:
        """Send a command, wait for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if tab is not None:
            message["sessionId"] = tab.session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        number = self._number
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']['message']}")
                found: dict[str, Any] = answer["result"]
                return found

    def until(self, reached: Any) -> None:
        """Take events in until a condition holds."""
        while not reached():
            self._next()

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            piece = os.read(self._read, 1 << 20)
            if not piece:
                raise AssertionError("the browser has gone")
            self._buffer += piece
        line, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        if "method" in message and (tab := self._tabs.get(message.get("sessionId", ""))):
            tab.hear(message["method"], message["params"])
        return message

    def close(self) -> None:
        """End the program."""
        os.write(self._write, json.dumps({"id": 0, "method": "Browser.close"}).encode() + b"\0")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        os.close(self._write)


@contextmanager
def browser(program: str) -> Iterator[Browser]:
    """A browser that ends with the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        found = Browser(program, profile)
        try:
            yield found
        finally:
            found.close()
