"""System calls that Python 3.11 lacks: setns, openat2, capset, prctl (see their manual pages)."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWNET = 0x40000000

CAP_DAC_READ_SEARCH = 2
CAP_NET_ADMIN = 12
CAP_NET_RAW = 13
CAP_SYS_PTRACE = 19

RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_IN_ROOT = 0x10

NOBODY = 65534

_SYS_OPENAT2 = 437  # the same on every architecture (asm-generic/unistd.h)
_CAPABILITY_VERSION_3 = 0x20080522
_PR_SET_KEEPCAPS = 8
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_PDEATHSIG = 1
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2

_libc = ctypes.CDLL(None, use_errno=True)


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def setns(descriptor: int, kind: int) -> None:
    """Enter the namespace that `descriptor` stands for (setns(2))."""
    _checked(_libc.setns(descriptor, kind))


def openat2(directory: int, path: bytes, flags: int) -> int:
    """Open `path` as if `directory` were the root, and through no magic link (openat2(2))."""
    if b"\0" in path:  # the kernel would read on as far as there and open something else
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    how = _OpenHow(flags | os.O_CLOEXEC, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
    return _checked(
        _libc.syscall(
            _SYS_OPENAT2,
            ctypes.c_int(directory),
            ctypes.c_char_p(path),
            ctypes.byref(how),
            ctypes.c_size_t(ctypes.sizeof(how)),
        )
    )


def _capset(capabilities: Iterable[int]) -> None:
    mask = sum(1 << number for number in capabilities)
    header = _CapHeader(_CAPABILITY_VERSION_3, 0)
    data = (_CapData * 2)()
    data[0] = _CapData(mask, mask, mask)
    _checked(_libc.capset(ctypes.byref(header), ctypes.byref(data)))


def _prctl(option: int, *values: int) -> None:
    padded = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    _checked(_libc.prctl(option, *padded))


def keep_only(capabilities: Iterable[int]) -> None:
    """Give up every capability but these; nothing that is run later can gain any."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _capset(capabilities)


def become_nobody(capabilities: Iterable[int]) -> None:
    """Become an account without rights that keeps these capabilities through `execve`."""
    wanted = tuple(capabilities)
    _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    _capset(wanted)
    for number in wanted:
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, number)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with_parent() -> None:
    """Have the kernel end this process when the one that made it ends."""
    _prctl(_PR_SET_PDEATHSIG, 9)
