"""The other side of the socket: use-cases done by a server, for whoever may not do them here."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from labctl.errors import StoreError
from labctl.served import UseCase
from labctl.server import calls, frames
from labctl.server.reading import DistantStore
from labctl.server.serving import SLOWEST, address_of, socket_of
from labctl.sessions.controller import Controller
from labctl.store import Store


class ServerLink:
    """A way to the server of one state directory: a connection for each call."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def ask(self, use_case: UseCase, arguments: Mapping[str, Any], controller: Controller) -> Any:
        """Have a use-case done; its narration goes to the controller's `tell`.

        Raises what the use-case raised, and `StoreError` where no server answers.
        """
        with connect(self._home) as line:
            with suppress(frames.PeerGone):  # it may have answered without reading all of it
                frames.send(line, calls.call_to_json(use_case, arguments), SLOWEST)
            while True:
                told = frames.receive(line, None)
                if told is None:
                    raise frames.PeerGone(
                        "The server has ended in the middle of this.",
                        "It goes on when it is back: `labctl show` tells what has become of it.",
                    )
                if "tell" in told:
                    controller.tell(*told["tell"])
                elif "error" in told:
                    raise calls.error_from_json(told["error"])
                else:
                    return calls.value_from_json(use_case, told.get("value"))


def connect(home: Path) -> socket.socket:
    """A connection to the server of a home; raises `StoreError` if none answers."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(SLOWEST)
    try:
        with address_of(home) as address:
            line.connect(address)
    except OSError as error:
        line.close()
        raise StoreError(
            f"No server answers at `{socket_of(home)}`: {error.strerror}.",
            "`labctl serve` starts it, as the account that the state directory belongs to.",
        ) from error
    return line


def answers(home: Path) -> bool:
    """Whether a server of this home takes connections."""
    try:
        connect(home).close()
    except StoreError:
        return False
    return True


def use_server(controller: Controller) -> None:
    """Have a controller's use-cases done by the server; raises `StoreError` if none answers."""
    connect(controller.home).close()  # one clear error before anything is begun
    controller.link = ServerLink(controller.home)
    controller.__dict__["store"] = cast("Store", DistantStore(controller))
