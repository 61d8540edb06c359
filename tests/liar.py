"""A shared library that makes every program that loads it say one thing and end well.

Written out by hand, so that no compiler is needed: an ELF object (elf(5), x86-64) whose one piece
of code is its initialisation, which writes a text to standard output and exits with 0.
"""

from __future__ import annotations

import struct

_HEADERS = 64 + 2 * 56
_LOAD, _DYNAMIC = 1, 2
_DT_STRTAB, _DT_SYMTAB, _DT_STRSZ, _DT_SYMENT, _DT_INIT = 5, 6, 10, 11, 12


def library(text: bytes) -> bytes:
    """The bytes of the library."""
    code_at = _HEADERS
    code_size = 4 * 5 + 7 + 2 * 2 + 2
    text_at = code_at + code_size
    code = b"".join(
        (
            b"\xb8" + struct.pack("<I", 1),  # mov eax, write
            b"\xbf" + struct.pack("<I", 1),  # mov edi, 1
            # lea rsi, [rip + distance to the text]
            b"\x48\x8d\x35" + struct.pack("<i", text_at - (code_at + 17)),
            b"\xba" + struct.pack("<I", len(text)),  # mov edx, length
            b"\x0f\x05",  # syscall
            b"\xb8" + struct.pack("<I", 231),  # mov eax, exit_group
            b"\x31\xff",  # xor edi, edi
            b"\x0f\x05",  # syscall
        )
    )
    assert len(code) == code_size
    symbols_at = -(-(text_at + len(text)) // 8) * 8
    strings_at = symbols_at + 24
    dynamic_at = strings_at + 8
    entries = [
        (_DT_INIT, code_at),
        (_DT_STRTAB, strings_at),
        (_DT_SYMTAB, symbols_at),
        (_DT_STRSZ, 1),
        (_DT_SYMENT, 24),
        (0, 0),
    ]
    dynamic = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    size = dynamic_at + len(dynamic)
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    segments = struct.pack("<IIQQQQQQ", _LOAD, 7, 0, 0, 0, size, size, 4096)
    span = len(dynamic)
    segments += struct.pack("<IIQQQQQQ", _DYNAMIC, 6, *[dynamic_at] * 3, span, span, 8)
    body = header + segments + code + text
    return body.ljust(dynamic_at, b"\0") + dynamic
