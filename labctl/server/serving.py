"""The server's socket: a thread for each call, who may call, and how it begins and ends.

    home/run/serve.sock   mode 0660, of the group `labctl` where this machine has one

One call a connection. Whoever closes it before the answer is there has interrupted the call, as
Ctrl-C does: what can be undone is undone, and what cannot is gone on with by the warden.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from labctl.centre.account import Account, group_number
from labctl.errors import LabctlError, StoreError
from labctl.server import calls, frames
from labctl.server.peers import demand_welcome, peer_of
from labctl.sessions.controller import Controller, Interrupted

FOLDER = "run"
SOCKET = "serve.sock"
SLOWEST = 10.0
"""Seconds that a peer may take to send its call, or to take an answer."""
POLL_SECONDS = 0.1
MOST = 48
"""Calls at a time; one more is told to come back."""

Peer = Callable[[socket.socket], Account]


class Crowded(LabctlError):
    """There are too many calls at a time."""

    exit_code = 5


def socket_of(home: Path) -> Path:
    """Where the server of a state directory listens."""
    return home / FOLDER / SOCKET


@contextmanager
def address_of(home: Path) -> Iterator[str]:
    """A name of the socket that is short enough for the kernel, however long the path is."""
    handle = os.open(home / FOLDER, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET}"
    finally:
        os.close(handle)


def listen(home: Path) -> socket.socket:
    """A socket that listens, in place of one that a killed server left.

    The caller holds the warden's lock, so no other server of this home is alive. Raises
    `StoreError` where the socket cannot be made.
    """
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _make_folder(home)
        with suppress(FileNotFoundError):
            socket_of(home).unlink()
        before = os.umask(0o177)  # nobody else gets in before it is known who may
        try:
            with address_of(home) as address:
                line.bind(address)
        finally:
            os.umask(before)
        _let_group_in(home)
        line.listen(MOST)
    except OSError as error:
        line.close()
        raise StoreError(
            f"The server cannot listen at `{socket_of(home)}`: {error.strerror}.",
            "Run it as the account that the state directory belongs to.",
        ) from error
    return line


def _make_folder(home: Path) -> None:
    (home / FOLDER).mkdir(mode=0o700, exist_ok=True)


def _let_group_in(home: Path) -> None:
    """Let the group come as far as the socket; what else is in the home stays closed to it."""
    group = group_number()
    if group is not None:
        for path, more in ((home, 0o010), (home / FOLDER, 0o050)):
            os.chown(path, -1, group)
            path.chmod(path.stat().st_mode & 0o7777 | more)
        os.chown(socket_of(home), -1, group)
    socket_of(home).chmod(0o660)


class Server:
    """Answers calls until it is closed."""

    def __init__(self, controller: Controller, peer: Peer = peer_of) -> None:
        self._controller = controller
        self._peer = peer
        self._line = listen(controller.home)
        self._places = threading.BoundedSemaphore(MOST)
        self._at_work: dict[int, Controller] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._listener = threading.Thread(target=self._listen, name="serve", daemon=True)
        calls.use_cases()
        self._listener.start()

    def close(self, seconds: float) -> None:
        """Take no more calls, ask those under way to stop, and wait for them at most so long."""
        self._closed.set()
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()
        self._listener.join()
        with suppress(OSError):
            socket_of(self._controller.home).unlink()
        with self._lock:
            for acting in self._at_work.values():
                acting.interrupt()
        until = time.monotonic() + seconds
        for _ in range(MOST):
            if not self._places.acquire(timeout=max(0.0, until - time.monotonic())):
                return

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                line, _ = self._line.accept()
            except OSError:  # closed, or too many files are open: then there may be room soon
                self._closed.wait(POLL_SECONDS)
                continue
            if self._places.acquire(blocking=False):
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()
                continue
            with line, suppress(LabctlError):
                told = Crowded(f"The server has {MOST} calls to answer.", "Try again in a moment.")
                frames.send(line, {"error": calls.error_to_json(told)}, 0.1)

    def _serve(self, line: socket.socket) -> None:
        """One connection, from its first byte to its last; nothing that it does ends the server."""
        try:
            with line:
                answer = self._answer(line)
                frames.send(line, answer, SLOWEST)
                frames.let_go(line)
        except (LabctlError, OSError):
            pass  # it is gone, and knows so
        finally:
            self._places.release()

    def _answer(self, line: socket.socket) -> dict[str, Any]:
        try:
            return {"value": self._call(line)}
        except Interrupted:
            told = LabctlError("The call was interrupted.", "Look what has become of it.")
            return {"error": calls.error_to_json(told)}
        except frames.PeerGone as error:
            return {"error": calls.error_to_json(error)}
        except LabctlError as error:
            return {"error": calls.error_to_json(error)}
        except Exception as error:  # noqa: BLE001  # a fault of ours: said, and the server lives on
            whole = f"{type(error).__name__}: {error}"
            self._controller.tell("", f"A fault of labctl's own ended a call ({whole}).")
            fault = calls.ServerFault(
                f"A fault of labctl's own ended this in the server ({whole}).",
                "What the server says of it is where `labctl serve` writes.",
            )
            return {"error": calls.error_to_json(fault)}

    def _call(self, line: socket.socket) -> Any:
        account = self._peer(line)
        talking = threading.Lock()

        def tell(session: str, told: str) -> None:
            with talking, suppress(LabctlError):
                frames.send(line, {"tell": [session, told]}, SLOWEST)

        acting = self._controller.on_behalf(account, tell)
        message = frames.receive(line, SLOWEST)
        demand_welcome(acting)
        use_case, arguments = calls.call_from_json(message)
        with self._under_way(acting), _interrupted_by_its_end(line, acting):
            found = use_case(acting, **arguments)
        with talking:  # whatever is still told is told before the answer
            return calls.value_to_json(use_case, found)

    @contextmanager
    def _under_way(self, acting: Controller) -> Iterator[None]:
        with self._lock:
            self._at_work[id(acting)] = acting
        try:
            yield
        finally:
            with self._lock:
                del self._at_work[id(acting)]


@contextmanager
def _interrupted_by_its_end(line: socket.socket, acting: Controller) -> Iterator[None]:
    """Interrupt a call if its peer goes away, or sends what nobody asked for."""
    done, waker = socket.socketpair()

    def watch() -> None:
        either = select.poll()
        either.register(line, select.POLLIN)
        either.register(done, select.POLLIN)
        if done.fileno() not in dict(either.poll()):
            acting.interrupt()

    watcher = threading.Thread(target=watch, name="serve-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        waker.close()
        watcher.join()
        done.close()
