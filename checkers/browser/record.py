"""What a page asks for and complains about, noted from the browser's events while it loads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MOST_REQUESTS = 300
MOST_ERRORS = 50
LONGEST = 400
UNNOTED = ("data:", "blob:", "about:", "chrome:", "chrome-error:", "devtools:")
"""Addresses that lead nowhere outside the page."""


@dataclass
class Record:
    """Requests by number, errors of the console, and what the page opened; of one load."""

    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: list[dict[str, Any]] = field(default_factory=list)
    cut: bool = False
    errors: list[str] = field(default_factory=list)
    dialogs: int = 0
    popups: int = 0

    def __post_init__(self) -> None:
        """The events that count, and what takes note of each."""
        self._takes: dict[str, Callable[[dict[str, Any]], None]] = {
            "Network.requestWillBeSent": self._requested,
            "Network.webSocketCreated": self._socket,
            "Network.webTransportCreated": self._transport,
            "Network.responseReceived": self._answered,
            "Network.dataReceived": self._received,
            "Network.loadingFinished": self._finished,
            "Network.loadingFailed": self._broke_off,
            "Runtime.consoleAPICalled": self._console,
            "Runtime.exceptionThrown": self._thrown,
            "Log.entryAdded": self._logged,
            "Page.javascriptDialogOpening": self._dialog,
        }

    def note(self, method: str, event: dict[str, Any]) -> None:
        """Take note of an event, if it is one of those that count."""
        take = self._takes.get(method)
        if take is not None:
            take(event)

    @property
    def waiting(self) -> bool:
        """Whether something that was asked for has not come yet."""
        return any(not one["ended"] for one in self.requests.values())

    def as_json(self) -> list[dict[str, Any]]:
        """The requests in the order in which they were made."""
        every = sorted([*self.done, *self.requests.values()], key=lambda one: one["at"])
        return [
            {name: one[name] for name in ("url", "kind", "status", "bytes", "trouble")}
            for one in every
        ]

    def status_of(self, loader: str) -> int:
        """The HTTP status of the document that a load brought."""
        return int(self.requests.get(loader, {}).get("status", 0))

    # ------------------------------------------------------------------ requests

    def _begin(self, key: str, url: str, kind: str) -> None:
        if url.lower().startswith(UNNOTED):
            return
        if len(self.requests) + len(self.done) >= MOST_REQUESTS:
            self.cut = True
            return
        at = len(self.requests) + len(self.done)
        self.requests[key] = {
            "url": url[:LONGEST], "kind": kind, "status": 0, "bytes": 0, "trouble": "",
            "at": at, "ended": False,
        }  # fmt: skip

    def _requested(self, event: dict[str, Any]) -> None:
        key = event["requestId"]
        led_on = event.get("redirectResponse")
        if led_on and key in self.requests:
            before = self.requests.pop(key)
            before |= {"status": led_on["status"], "ended": True}
            before["bytes"] += int(led_on.get("encodedDataLength", 0))
            self.done.append(before)
        self._begin(key, event["request"]["url"], event.get("type", "Other"))

    def _socket(self, event: dict[str, Any]) -> None:
        self._begin(event["requestId"], event["url"], "WebSocket")
        self._end(event, "")

    def _transport(self, event: dict[str, Any]) -> None:
        self._begin(event["transportId"], event["url"], "WebTransport")
        self._end({"requestId": event["transportId"]}, "")

    def _answered(self, event: dict[str, Any]) -> None:
        one = self.requests.get(event["requestId"])
        if one:
            one["status"] = event["response"]["status"]

    def _received(self, event: dict[str, Any]) -> None:
        one = self.requests.get(event["requestId"])
        if one:
            one["bytes"] += int(event.get("encodedDataLength", 0))

    def _finished(self, event: dict[str, Any]) -> None:
        one = self.requests.get(event["requestId"])
        if one:
            one["bytes"] = max(one["bytes"], int(event.get("encodedDataLength", 0)))
        self._end(event, "")

    def _broke_off(self, event: dict[str, Any]) -> None:
        self._end(event, event.get("blockedReason") or event.get("errorText") or "failed")

    def _end(self, event: dict[str, Any], trouble: str) -> None:
        one = self.requests.get(event["requestId"])
        if one:
            one |= {"ended": True, "trouble": trouble}

    # ------------------------------------------------------------------ complaints

    def _complain(self, text: str) -> None:
        said = " ".join(text.split())[:LONGEST]
        if said not in self.errors and len(self.errors) < MOST_ERRORS:
            self.errors.append(said or "an error without words")

    def _console(self, event: dict[str, Any]) -> None:
        if event["type"] in ("error", "assert"):
            said = [str(one.get("value", one.get("description", ""))) for one in event["args"]]
            self._complain(" ".join(said))

    def _thrown(self, event: dict[str, Any]) -> None:
        details = event["exceptionDetails"]
        value = details.get("exception", {})
        said = value.get("description") or value.get("value") or details.get("text", "")
        self._complain(str(said).partition("\n")[0])

    def _logged(self, event: dict[str, Any]) -> None:
        entry = event["entry"]
        if entry["level"] == "error":
            where = f" ({entry['url']})" if entry.get("url") else ""
            self._complain(f"{entry['text']}{where}")

    def _dialog(self, event: dict[str, Any]) -> None:
        self.dialogs += event.get("type") != "beforeunload"
