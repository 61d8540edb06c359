"""The connection to libvirtd, and its errors in our words."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from labctl.errors import ProviderError, ProviderUnavailable

URI = "qemu:///system"
RETURN_SECONDS = 5.0
"""How long a libvirtd that has just gone away may take to come back: it may be restarting."""
POLL = 0.1
_LABEL = re.compile(r"\+?(\d+):\+?(\d+)")
_START = (
    "Start it with `systemctl start libvirtd`, or with `virtlogd -d && libvirtd -d` where there is "
    "no init."
)


class Missing(ProviderError):
    """A machine that was there is not there any more."""


def library() -> ModuleType:
    """libvirt-python; raises `ProviderUnavailable` where it is not installed.

    It is an extra, since it is built from source against the server's own libvirt.
    """
    try:
        import libvirt  # noqa: PLC0415  # an extra: only where virtual machines are used
    except ImportError as error:
        raise ProviderUnavailable(
            "Virtual machines need libvirt-python, which is not installed.",
            "Install `libvirt-dev` and `pkg-config`, then `pip install 'labctl-assess[vm]'`.",
        ) from error
    # Errors are raised; without a handler each is printed as well.
    libvirt.registerErrorHandler(lambda *_: None, None)
    return libvirt  # type: ignore[no-any-return]  # the library has no types


def _open(seconds: float = 0.0) -> Any:
    """A new connection; one that does not come about is tried again for so many seconds."""
    libvirt = library()
    until = time.monotonic() + seconds
    while True:
        try:
            return libvirt.open(URI)
        except libvirt.libvirtError as error:
            if time.monotonic() > until:
                told = f"libvirtd does not answer: {error}"
                raise ProviderUnavailable(told, _START) from error
        time.sleep(POLL)


def _answers(connection: Any) -> bool:
    """Whether libvirtd is still at the other end: only a question shows that it is not."""
    try:
        connection.getLibVersion()
    except library().libvirtError:
        return False
    return True


class Hypervisor:
    """libvirtd of this server, connected to when it is first used; safe to share by threads."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._lock = threading.Lock()

    @property
    def connection(self) -> Any:
        """The open connection; raises `ProviderUnavailable` with the cause and the cure."""
        with self._lock:
            if self._connection is None:
                self._connection = _open()
            elif not _answers(self._connection):
                self._connection = _open(RETURN_SECONDS)
            return self._connection

    def find(self, name: str) -> Any:
        """The domain called `name`, or None."""
        try:
            with talking(f"to look up {name}"):
                return self.connection.lookupByName(name)
        except Missing:
            return None

    def get(self, name: str) -> Any:
        """The domain called `name`; raises `Missing`."""
        found = self.find(name)
        if found is None:
            raise Missing(f"There is no virtual machine {name}.", "`labctl gc` shows what is left.")
        return found

    def account(self) -> tuple[int, int]:
        """The user and the group that QEMU runs as."""
        with talking("to ask what libvirt can do"):
            known = ET.fromstring(self.connection.getCapabilities())  # noqa: S314  # libvirtd's own
        for model in known.iterfind("host/secmodel"):
            label = model.findtext("baselabel[@type='qemu']", "")
            if model.findtext("model") == "dac" and (numbers := _LABEL.fullmatch(label)):
                return int(numbers[1]), int(numbers[2])
        return os.getuid(), os.getgid()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._connection is not None:
                with contextlib.suppress(library().libvirtError):  # libvirtd has gone away
                    self._connection.close()
            self._connection = None


@contextlib.contextmanager
def talking(what: str) -> Iterator[None]:
    """Turn libvirt's errors into ours; `what` says what was being done."""
    libvirt = library()
    try:
        yield
    except libvirt.libvirtError as error:
        code = error.get_error_code()
        if code == libvirt.VIR_ERR_NO_DOMAIN:
            raise Missing(f"{what}: {error}", "`labctl gc` shows what is left.") from error
        if error.get_error_domain() == libvirt.VIR_FROM_RPC:
            told = f"libvirtd went away when it was asked {what}: {error}"
            raise ProviderUnavailable(told, _START) from error
        raise ProviderError(f"libvirt refused {what}: {error}") from error
