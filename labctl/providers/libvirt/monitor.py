"""QEMU's own monitor, for what libvirt has no words for (QEMU, "QMP Reference Manual").

Requests go through libvirt, which holds the monitor's only connection.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

from labctl.errors import ProviderError
from labctl.providers.libvirt.hypervisor import talking


class Monitor:
    """The monitor of one running machine."""

    def __init__(self, domain: Any) -> None:
        self._domain = domain
        self._library = importlib.import_module("libvirt_qemu")

    def ask(self, command: str, **arguments: Any) -> Any:
        """The answer to one command; raises `ProviderError` where QEMU refuses it."""
        request = json.dumps({"execute": command, "arguments": arguments})
        with talking(f"QEMU's {command}"):
            answer = json.loads(self._library.qemuMonitorCommand(self._domain, request, 0))
        if "error" in answer:
            told = answer["error"].get("desc", "no reason given")
            raise ProviderError(f"QEMU refused {command}: {told}")
        return answer.get("return")
