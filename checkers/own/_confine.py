"""Shuts a process in for good: no files, no network, no other processes, little of everything.

A filter of system calls (seccomp(2)) lets through what an interpreter needs to compute and to read
and write descriptors that are open already; all else is refused with EPERM. It needs no privilege,
and without it the process refuses to go on. What is to be imported must be imported before.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import struct

MEMORY = 1 << 30
CPU_SECONDS = 10
NOBODY = 65534

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 4, 38, 22
_SECCOMP_MODE_FILTER = 2
_LOAD, _EQUALS, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000

# Numbers from asm/unistd_64.h and asm-generic/unistd.h, in the same order of names:
# read write close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn
# mremap madvise getpid gettid exit exit_group futex clock_gettime clock_nanosleep gettimeofday
# getrandom sigaltstack restart_syscall
_ALLOWED = {
    "x86_64": (
        0xC000003E,
        (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 25, 28, 39, 186, 60, 231, 202, 228, 230, 96,
         318, 131, 219),
    ),
    "aarch64": (
        0xC00000B7,
        (63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 216, 233, 172, 178, 93, 94, 98,
         113, 115, 169, 278, 132, 128),
    ),
}  # fmt: skip


class CannotConfine(Exception):
    """The process could not be shut in."""


def _filter(machine: str) -> bytes:
    """The program of the filter (linux/filter.h): 8 bytes an instruction."""
    if machine not in _ALLOWED:
        raise CannotConfine(f"there is no filter of system calls for {machine}")
    architecture, allowed = _ALLOWED[machine]
    rows = [
        (_LOAD, 0, 0, 4),
        (_EQUALS, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
    ]
    left = len(allowed)
    for number in allowed:
        rows.append((_EQUALS, left, 0, number))
        left -= 1
    rows += [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("<HBBI", *row) for row in rows)


def _limits() -> None:  # pragma: no cover  # for good; tests see it in a process of its own
    for what, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        _, most = resource.getrlimit(what)
        least = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(what, (least, least))


def confine() -> None:  # pragma: no cover  # as above
    """Shut this process in; raises `CannotConfine` where that is not possible."""
    libc = ctypes.CDLL(None, use_errno=True)
    program = _filter(platform.machine())
    # The kernel takes a count and a pointer (struct sock_fprog).
    held = ctypes.create_string_buffer(program, len(program))
    prog = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
    pointer = ctypes.create_string_buffer(prog, len(prog))
    _limits()
    with contextlib.suppress(PermissionError):
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    for option, value, argument in (
        (_PR_SET_DUMPABLE, 0, 0),
        (_PR_SET_NO_NEW_PRIVS, 1, 0),
        (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(pointer)),
    ):
        padded = [ctypes.c_ulong(number) for number in (value, argument, 0, 0)]
        if libc.prctl(option, *padded) != 0:
            raise CannotConfine(f"prctl {option}: {os.strerror(ctypes.get_errno())}")
