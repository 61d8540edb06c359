"""The process that has everything imported and forks one of its like for each check of a lab's own.

Started by `_worker`, never imported by the program. Standard input is a socket: each message on it
brings two descriptors, the new process's standard input and output, and is answered with its
number. Importing takes a good part of a second of a processor, a fork some milliseconds. The
process itself never sees what a check is given, so that nothing of one can get into the next.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
from importlib import import_module

from checkers.own import _child


def main() -> None:  # pragma: no cover  # tests run it as a process
    """Fork until the socket is closed."""
    for name in _child.PRELOADED:
        import_module(name)
    _child.warm_up()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them here
    with socket.socket(fileno=os.dup(0)) as control:
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, 1, 2)
            if not message:
                return
            pid = os.fork()
            if pid == 0:
                _become(control, *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            control.sendall(pid.to_bytes(4, "big"))


def _become(control: socket.socket, source: int, target: int) -> None:  # pragma: no cover
    """Be the process of one check; never returns."""
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(source, 0)
        os.dup2(target, 1)
        for descriptor in (source, target):
            os.close(descriptor)
        control.close()
        _child.main()
    finally:
        os._exit(1)
