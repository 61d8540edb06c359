"""One TCP connection attempt or datagram from a host, and how exactly it ended."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from .jobs import Job
from .programs import in_network

UNREACHABLE = {
    errno.ENETUNREACH: "no route to that network",
    errno.EHOSTUNREACH: "no route to that host",
    errno.ENETDOWN: "the network is down",
    errno.EACCES: "administratively prohibited",
    errno.EPERM: "not permitted by a rule on the way out",
    errno.EADDRNOTAVAIL: "no address to send from",
    errno.ENOPROTOOPT: "protocol unreachable",
    errno.EINVAL: "the address cannot be used from there",
}
SLACK = 2.0
# ip(7), ipv6(7), which `socket` does not name: have every ICMP error told, and not the fatal alone.
ERRORS: dict[int, tuple[int, int]] = {
    socket.AF_INET: (socket.IPPROTO_IP, 11),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),
}


def job(network: int, probe: dict[str, Any]) -> Job:
    """The job that answers a `connect` probe, as JSON on its standard output."""
    return Job(_body(network, probe), 2 * float(probe["wait"]) + SLACK, limit=8 << 20)


def _body(network: int, probe: dict[str, Any]) -> Callable[[], None]:
    def body() -> None:
        in_network(network, ())
        answer = attempt(probe)
        os.write(1, json.dumps(answer).encode())

    return body


def attempt(probe: dict[str, Any]) -> dict[str, Any]:
    """Connect, send, read what comes first; raises OSError for what is not the network's doing."""
    family = socket.AF_INET6 if ":" in probe["to"] else socket.AF_INET
    if probe.get("protocol") == "udp":
        return _datagram(family, probe)
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(float(probe["wait"]))
        try:
            connection.connect((probe["to"], int(probe["port"])))
        except TimeoutError:
            return {"outcome": "filtered", "detail": "no answer"}
        except ConnectionRefusedError:
            return {"outcome": "closed", "detail": "refused", "source": _source(connection)}
        except ConnectionResetError:  # taken, and dropped before we could look
            return {"outcome": "open", "detail": "reset at once", "source": _source(connection)}
        except OSError as error:
            if error.errno == errno.ETIMEDOUT:
                return {"outcome": "filtered", "detail": "no answer"}
            if error.errno not in UNREACHABLE:
                raise
            return {"outcome": "unreachable", "detail": UNREACHABLE[error.errno]}
        answer = {"outcome": "open", "source": _source(connection)}
        answer["received"] = urlsafe_b64encode(_exchange(connection, probe)).decode()
        return answer


def _datagram(family: int, probe: dict[str, Any]) -> dict[str, Any]:
    content = urlsafe_b64decode(probe["send"]).replace(b"{nonce}", os.urandom(16))
    with socket.socket(family, socket.SOCK_DGRAM) as end:
        end.settimeout(float(probe["wait"]))
        end.setsockopt(*ERRORS[family], 1)
        try:
            end.connect((probe["to"], int(probe["port"])))
            end.send(content)
            received = end.recv(max(1, int(probe["read"])))
        except TimeoutError:
            return {"outcome": "filtered", "detail": "no answer", "source": _source(end)}
        except ConnectionRefusedError:
            return {"outcome": "closed", "detail": "refused", "source": _source(end)}
        except OSError as error:
            if error.errno not in UNREACHABLE:
                raise
            return {"outcome": "unreachable", "detail": UNREACHABLE[error.errno]}
        encoded = urlsafe_b64encode(received).decode()
        return {"outcome": "open", "source": _source(end), "received": encoded}


def _source(connection: socket.socket) -> str:
    name = connection.getsockname()
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"


def _exchange(connection: socket.socket, probe: dict[str, Any]) -> bytes:
    """What came within the time; silence, a hang-up and a drip without end are no errors."""
    wanted = int(probe["read"])
    until = time.monotonic() + float(probe["wait"])
    received = b""
    with contextlib.suppress(OSError):
        connection.sendall(urlsafe_b64decode(probe["send"]))
        while len(received) < wanted and (left := until - time.monotonic()) > 0:
            connection.settimeout(left)
            part = connection.recv(wanted - len(received))
            if not part:
                break
            received += part
    return received
