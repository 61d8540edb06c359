"""A browser process of our own, and the DevTools protocol spoken over its pipes.

Messages are JSON, each ended by a zero byte (chrome-devtools-protocol, `--remote-debugging-pipe`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

PROGRAM = "/usr/lib/chromium/chromium-headless-shell"

FLAGS = (
    # The host's seccomp profile refuses the namespaces that Chromium's own sandbox is made of; this
    # host holds nothing, and the account has no rights.
    "--no-sandbox",
    "--remote-debugging-pipe",
    "--disable-blink-features=AutomationControlled",  # else a page can ask whether it is looked at
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=IsolateOrigins,site-per-process,Translate,MediaRouter,DnsOverHttps",
    "--disable-gpu",
    "--disable-quic",
    "--disable-site-isolation-trials",  # frames in one process: one place sees all their requests
    "--disable-sync",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--lang=en-GB",
    "--log-level=3",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--no-proxy-server",
    "--noerrdialogs",
    "--password-store=basic",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)

LARGEST_MESSAGE = 64 << 20
CLOSE_SECONDS = 2.0
REMOVALS = 40

Handler = Callable[[str, dict[str, Any], str], None]
"""Gets every event: its method, its parameters, and the session that it is of."""


class Gone(Exception):
    """The browser, or the process that shows the page, has ended."""


class Late(Exception):
    """An answer did not come in time."""


class Refused(Exception):
    """The browser answered with an error."""


class Chromium:
    """One browser with a new, empty profile; use it as a context manager."""

    def __init__(self, *flags: str) -> None:
        self._profile = tempfile.mkdtemp(prefix="browse-")
        self._flags = flags
        self._buffer = bytearray()
        self._answers: dict[int, dict[str, Any]] = {}
        self._last = 0
        self.handler: Handler = lambda *_: None
        self._start()

    def __enter__(self) -> Self:
        """The running browser."""
        return self

    def __exit__(self, *reason: object) -> None:
        """End it, whatever state it is in."""
        os.close(self._to)
        os.close(self._from)
        self.kill()
        self._process.wait(CLOSE_SECONDS)
        for _again in range(REMOVALS):  # a child that is just ending may still write there
            shutil.rmtree(self._profile, ignore_errors=True)
            if not Path(self._profile).exists():
                break
            time.sleep(0.05)

    def kill(self) -> None:
        """End the browser with all its processes at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _start(self) -> None:
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        # Far from 3 and 4, which these become in the browser.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out)]

        def put_in_place() -> None:
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            [PROGRAM, *FLAGS, f"--user-data-dir={self._profile}", *self._flags],
            env={"HOME": self._profile, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(3, 4),
            preexec_fn=put_in_place,  # noqa: PLW1509  # one thread, and the numbers are Chromium's
            process_group=0,
            cwd="/",
        )
        for end in (theirs_in, theirs_out, *ends):
            os.close(end)
        os.set_blocking(self._from, False)

    # ------------------------------------------------------------------ talking

    def post(self, method: str, session: str = "", **parameters: Any) -> int:
        """Send a command without waiting for its answer; returns its number."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = memoryview(json.dumps(message).encode() + b"\0")
        try:
            while data:
                data = data[os.write(self._to, data) :]
        except OSError as error:
            raise Gone("the browser has ended") from error
        return self._last

    def call(self, deadline: float, method: str, session: str = "", **parameters: Any) -> Any:
        """Send a command and wait for its answer; raises `Late`, `Gone`, `Refused`."""
        number = self.post(method, session, **parameters)
        while number not in self._answers:
            self.hear(deadline)
            if number not in self._answers and time.monotonic() >= deadline:
                raise Late(method)
        answer = self._answers.pop(number)
        self._answers = {at: one for at, one in self._answers.items() if at > number}
        if "error" in answer:
            raise Refused(f"{method}: {answer['error'].get('message', '')}")
        return answer["result"]

    def hear(self, until: float) -> None:
        """Take in what the browser says until something came or it is `until`."""
        left = max(0.0, until - time.monotonic())
        if not select.select([self._from], [], [], left)[0]:
            return
        try:
            part = os.read(self._from, 1 << 20)
        except BlockingIOError:
            return
        if not part:
            raise Gone("the browser has ended")
        self._buffer += part
        if len(self._buffer) > LARGEST_MESSAGE:
            raise Gone("the browser says more than can be taken in")
        *messages, rest = self._buffer.split(b"\0")
        self._buffer = bytearray(rest)
        for message in messages:
            self._sort(json.loads(message))

    def _sort(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
        else:
            self.handler(message["method"], message.get("params", {}), message.get("sessionId", ""))


def script(name: str) -> str:
    """The text of one of our own scripts."""
    return (Path(__file__).parent / "scripts" / f"{name}.js").read_text(encoding="utf-8")
