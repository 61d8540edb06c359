"""Kernels are unpacked where QEMU can enter what was packed, and left alone where it cannot."""

from __future__ import annotations

import gzip
import lzma
import struct
import zlib
from collections.abc import Callable

import pytest

from labctl.images.kernel import unpacked

NOTE = struct.pack("<III4sQ", 4, 8, 18, b"Xen\0", 0x1000000)
ELF = b"\x7fELF" + bytes(60) + NOTE + bytes(range(256)) * 8
SETUP_SECTORS, GAP = 3, 40

Pack = Callable[[bytes], bytes]


def xz(content: bytes) -> bytes:
    return lzma.compress(content, check=lzma.CHECK_CRC32)


def packed(content: bytes, version: int = 0x20F) -> bytes:
    """A kernel in the layout of the boot protocol, with packed content followed by its size."""
    payload = content + struct.pack("<I", len(content))
    head = bytearray((1 + SETUP_SECTORS) * 512)
    head[0x1F1] = SETUP_SECTORS
    head[0x202:0x208] = b"HdrS" + struct.pack("<H", version)
    head[0x248:0x250] = struct.pack("<II", GAP, len(payload))
    return bytes(head) + bytes(GAP) + payload + b"what follows"


@pytest.mark.parametrize("pack", [xz, gzip.compress])
def test_the_kernel_in_a_packed_one(pack: Pack) -> None:
    assert unpacked(packed(pack(ELF))) == ELF


OTHERS = {
    "empty": b"",
    "short": b"short",
    "unpacked": ELF,
    "too old": packed(xz(ELF), version=0x207),
    "of another kind": packed(b"\x28\xb5\x2f\xfd and so on"),
    "no program": packed(xz(b"not a program" + NOTE)),
    "without the entry": packed(xz(ELF.replace(NOTE, bytes(len(NOTE))))),
    "cut off": packed(xz(ELF)[:60]),
    "damaged xz": packed(b"\xfd7zXZ\0" + bytes(100)),
    "damaged gzip": packed(b"\x1f\x8b" + bytes(100)),
    "zlib alone": packed(zlib.compress(ELF)),
}


@pytest.mark.parametrize("kernel", OTHERS.values(), ids=OTHERS)
def test_any_other_is_left_as_it_is(kernel: bytes) -> None:
    assert unpacked(kernel) == kernel
