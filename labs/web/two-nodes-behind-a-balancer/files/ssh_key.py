"""Writes the key by which the balancer's root logs in to the nodes, the same on all machines.

    ssh_key.py SEED private|public

Each candidate's seed is another one. The form is that of OpenSSH's PROTOCOL.key.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import subprocess
import sys


def text(*parts: bytes) -> bytes:
    """Each part behind its length, as SSH writes texts."""
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


seed = hashlib.sha256(sys.argv[1].encode()).digest()
pkcs8 = bytes.fromhex("302e020100300506032b657004220420") + seed
command = ["openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"]
public = subprocess.run(command, input=pkcs8, stdout=subprocess.PIPE, check=True).stdout[-32:]
blob = text(b"ssh-ed25519", public)
if sys.argv[2] == "public":
    sys.stdout.write(f"ssh-ed25519 {base64.b64encode(blob).decode()} root@lb\n")
else:
    check = seed[:4]
    inner = check + check + blob + text(seed + public, b"root@lb")
    inner += bytes(range(1, 1 + -len(inner) % 8))
    key = b"openssh-key-v1\0" + text(b"none", b"none", b"") + struct.pack(">I", 1)
    lines = base64.encodebytes(key + text(blob, inner)).decode()
    begin, end = ("-----" + word + " OPENSSH PRIVATE KEY-----\n" for word in ("BEGIN", "END"))
    sys.stdout.write(begin + lines + end)
