"""Kernels as QEMU starts them soonest: unpacked.

A distribution's kernel unpacks itself when it is started, which takes seconds where the processor
is emulated. Unpacked beforehand it is an ELF file that QEMU enters directly, by the entry point
that a note in it names (the PVH boot ABI). The packed file's layout is that of the Linux/x86 boot
protocol, Documentation/arch/x86/boot.rst.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Callable
from typing import Any

SECTOR = 512
SETUP_SECTORS_AT = 0x1F1
MAGIC_AT, MAGIC = 0x202, b"HdrS"
VERSION_AT, FIRST_WITH_PAYLOAD = 0x206, 0x0208
PAYLOAD_AT = 0x248
"""Two numbers: where the packed kernel begins after the setup's sectors, and how long it is."""
ELF = b"\x7fELF"
ENTRY_NOTE = struct.pack("<III4s", 4, 8, 18, b"Xen\0")
"""The head of the note XEN_ELFNOTE_PHYS32_ENTRY in a 64-bit kernel."""


UNPACKERS: dict[bytes, Callable[[], Any]] = {
    b"\xfd7zXZ\0": lzma.LZMADecompressor,
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
}
"""By how packed data begin; what follows their end (the kernel's size) is left alone."""


def unpacked(kernel: bytes) -> bytes:
    """The ELF file in a packed kernel; the kernel as it is, where QEMU could not enter that."""
    try:
        found = _unpack(kernel)
    except (struct.error, lzma.LZMAError, zlib.error):
        return kernel
    return found if found.startswith(ELF) and ENTRY_NOTE in found else kernel


def _unpack(kernel: bytes) -> bytes:
    (version,) = struct.unpack_from("<H", kernel, VERSION_AT)
    if not kernel.startswith(MAGIC, MAGIC_AT) or version < FIRST_WITH_PAYLOAD:
        return b""
    offset, length = struct.unpack_from("<II", kernel, PAYLOAD_AT)
    start = (1 + kernel[SETUP_SECTORS_AT]) * SECTOR + offset
    packed = kernel[start : start + length]
    for magic, unpacker in UNPACKERS.items():
        if packed.startswith(magic):
            unpacking = unpacker()
            found: bytes = unpacking.decompress(packed)
            return found if unpacking.eof else b""
    return b""
