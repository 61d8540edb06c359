"""The peer that sends one SSH exec to each host: a script with every command of the checks.

As good as it gets without an agent: a connection of its own to each host, all hosts at once, no
delay on small packets, the modern key types, one exec, one answer.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import paramiko

from benchmarks.facts import FILES
from benchmarks.peers import SshHosts

SECONDS = 30.0


def commands() -> str:
    """What pytest-testinfra runs for the three properties of each file, as one script."""
    return "".join(
        f"test -e {path} && stat -c %a {path} && stat -c %U {path}\n" for path, _, _ in FILES
    )


def one_command() -> str:
    """The same facts from a single run of `stat`: what no tool asks for check by check."""
    return f"stat -c '%a\n%U' {' '.join(path for path, _, _ in FILES)}"


def look(hosts: SshHosts, script: Callable[[], str]) -> None:
    """Ask every host; raises `RuntimeError` if one does not answer as expected."""
    key = paramiko.Ed25519Key.from_private_key_file(str(hosts.identity))
    known = paramiko.HostKeys(str(hosts.known_hosts))
    expected = "".join(f"{mode:o}\n{owner}\n" for _, mode, owner in FILES)

    def one(address: str) -> None:
        found = _ask(address, key, known, script())
        if found != expected:
            raise RuntimeError(f"{address} answered {found!r}")

    with ThreadPoolExecutor(len(hosts.addresses)) as pool:
        list(pool.map(one, hosts.addresses))


def _ask(address: str, key: paramiko.PKey, known: paramiko.HostKeys, script: str) -> str:
    connection = socket.create_connection((address, 22), timeout=SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = paramiko.Transport(connection)
    try:
        transport.start_client(timeout=SECONDS)
        if not known.check(address, transport.get_remote_server_key()):
            raise RuntimeError(f"{address} shows another host key")
        transport.auth_publickey("root", key)
        channel = transport.open_session(timeout=SECONDS)
        channel.settimeout(SECONDS)
        channel.exec_command(script)
        return b"".join(iter(lambda: channel.recv(1 << 16), b"")).decode()
    finally:
        transport.close()
